"""`espace import professionals`: the register's public extraction, on the command line."""

from pathlib import Path

import click

from espace.errors import BusyError, ConflictError
from espace.import_report import UnreadableError, progress, show

from .services import import_professionals as run


@click.command("professionals")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_professionals(file: Path, as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Bring the directory of professionals up to date.

    FILE is the public RPPS extraction PS_LibreAcces_Personne_activite (UTF-8, columns separated by "|"). A line that
    is wrong is reported and left out; running the same file again changes nothing.
    """
    try:
        with progress(every=1000) as count:
            report = run(file, count)
    except (BusyError, UnreadableError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    except ConflictError:
        raise click.ClickException("another import is writing the directory: run this one again after it") from None
    show(report, as_json=as_json)
