"""`espace import beneficiaries`: the insurer's list, on the command line."""

from contextlib import nullcontext
from pathlib import Path

import click

from espace.errors import BusyError
from espace.import_report import UnreadableError, progress, show

from .services.arriving.beneficiaries import import_beneficiaries as run
from .services.arriving.letter_files import letter_files
from .services.growing.majority import letters_due


@click.command("beneficiaries")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--letters",
    type=click.Path(path_type=Path),
    help="Write activation letters for paper, readable by you only: NAME.pdf is one document with a page for each "
    "person, NAME.csv a sheet of names and codes, any other name a folder with one PDF for each person. "
    "Without it, the announcement and its code go by e-mail.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_beneficiaries(file: Path, letters: Path | None, as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Announce and open spaces from the insurer's list.

    FILE is UTF-8 CSV with the columns ins, birth_name, first_names, use_name, sex, birth_date, birth_place, email,
    phone, vitale_serial, attending_doctor_rpps, parent_ins. A column postal_address (lines separated by |) may be
    there too: it is printed on the letter and kept nowhere. A line that is wrong is reported and left out; running
    the same list again changes nothing.
    """
    try:
        paper = letter_files(letters) if letters else nullcontext()
    except UnreadableError as error:
        raise click.ClickException(str(error)) from None
    try:
        with progress() as count, paper as taker:
            report = run(file, letters=taker.add if taker else None, progress=count)
    except (BusyError, UnreadableError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    show(report, as_json=as_json)


@click.command("coming-of-age")
@click.argument("path", type=click.Path(path_type=Path))
def coming_of_age(path: Path) -> None:
    """Print the letters of those who came of age lately and have no space of their own yet.

    PATH is NAME.pdf for one document, NAME.csv for a sheet of names and codes, or a folder with one PDF for each
    person. Each letter carries a new code; one printed before stops working.
    """
    count = 0
    try:
        with letter_files(path) as paper:
            for letter in letters_due():
                paper.add(letter)
                count += 1
    except UnreadableError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{count} letters")
