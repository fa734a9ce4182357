"""Commands of documents."""

from pathlib import Path

import click

from espace.errors import BusyError
from espace.import_report import UnreadableError, progress, show

from .services.arriving.importing import import_paths
from .services.arriving.takeover import take_over
from .services.care_history import import_care_history as take_care_in


@click.command("documents")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--silent", is_flag=True, help="Write to nobody: for documents that are no news.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_documents(paths: tuple[Path, ...], silent: bool, as_json: bool) -> None:  # noqa: FBT001 - flags of a command
    """File CDA documents and XDM archives found at PATHS (files and folders) by exact identity; set the rest aside.

    A document of a person known here, under the same INS, birth date, birth name and sex, enters that person's
    record. Any other health document waits in quarantine, sealed, with its reason. Other files are refused. Each
    document of an archive is judged by itself; an archive that contradicts itself waits as a whole. People are told
    once that something came. The same files again change nothing. Links inside a folder are named, not followed.
    """
    with progress() as shown:
        report = import_paths(paths, shown, silent=silent)
    show(report, as_json=as_json)


@click.command("former-records")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_former_records(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Take over records opened before 2022 from the archives at PATHS (ZIP files and folders, in UTF-8).

    An archive holds record.json and the documents beside it; docs/former-records.md describes it. The person must be
    known here under the same INS, birth date, birth name and sex, and their record be open. Documents, access list,
    hidden states and trail come along; running the same archive again changes nothing.
    """
    with progress(every=1) as shown:
        report = take_over(paths, shown)
    show(report, as_json=as_json)


@click.command("care-history")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_care_history(file: Path, as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Bring care histories up to date from the insurer's lines.

    FILE is UTF-8 CSV; docs/care-history.md describes its columns. A line enters the record of exactly the person of
    its number and birth date, once per reference; a line marked as secret care is refused and never kept. A line that
    is wrong is reported and left out; running the same file again changes nothing.
    """
    try:
        with progress() as count:
            report = take_care_in(file, count)
    except (BusyError, UnreadableError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    show(report, as_json=as_json)
