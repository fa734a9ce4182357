"""`espace import beneficiaries`: the insurer's list, on the command line."""

import csv
import os
from pathlib import Path
from typing import Self, TextIO

import click

from espace.errors import BusyError
from espace.import_report import UnreadableError, progress, show

from .services.beneficiaries import Letter
from .services.beneficiaries import import_beneficiaries as run


class Letters:
    """The file of activation letters: made for its owner's eyes only, never over an existing one."""

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise click.ClickException(f"{path}: the letters cannot be written: {error.strerror}") from None
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(["line", "name", "code"])

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the file."""
        self._file.close()

    def add(self, letter: Letter) -> None:
        """Write one letter through to the disk: the code is known nowhere else.

        Neither INS nor birth date: whoever finds the file alone cannot use it (rules.md SE-7).
        """
        self._rows.writerow([letter.line, letter.name, letter.code])
        self._file.flush()
        os.fsync(self._file.fileno())


@click.command("beneficiaries")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--letters",
    type=click.Path(path_type=Path),
    help="Write the activation codes for paper letters to this new file, readable by you only. "
    "Without it, a code goes to the person's e-mail.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_beneficiaries(file: Path, letters: Path | None, as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Announce and open spaces from the insurer's list.

    FILE is UTF-8 CSV with the columns ins, birth_name, first_names, use_name, sex, birth_date, birth_place, email,
    phone, vitale_serial, attending_doctor_rpps, parent_ins. A line that is wrong is reported and left out; running
    the same list again changes nothing.
    """
    try:
        with progress() as count:
            if letters:
                with Letters(letters) as sheet:
                    report = run(file, letters=sheet.add, progress=count)
            else:
                report = run(file, progress=count)
    except (BusyError, UnreadableError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    show(report, as_json=as_json)
