"""`espace import matrix`: another table of entitlements, on the command line."""

from pathlib import Path

import click

from espace.errors import InvalidError
from espace.import_report import Report, show

from .services import load_matrix


@click.command("matrix")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_matrix(file: Path, as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Make FILE the matrix of professions and document types, from the next request on.

    FILE is CSV in UTF-8 with the columns profession_code, document_type_code, read (yes, no), deposit (yes, no,
    unknown) and confidence (official, reported, inferred). It replaces the whole matrix; versions before it are
    kept. A wrong line refuses the whole file.
    """
    try:
        cells, changed = load_matrix(file)
    except InvalidError as error:
        raise click.ClickException(f"{file}: {error.problems['file']}") from None
    show(Report(read=cells, done=cells if changed else 0, unchanged=0 if changed else cells), as_json=as_json)
