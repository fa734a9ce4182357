"""Commands of documents."""

from pathlib import Path

import click

from espace.import_report import progress, show

from .services.importing import import_paths


@click.command("documents")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_documents(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """File CDA documents found at PATHS (files and folders) by exact identity; set the rest aside.

    A document of a person known here, under the same INS, birth date, birth name and sex, enters that person's
    record. Any other health document waits in quarantine, sealed, with its reason. Other files are refused.
    """
    with progress() as shown:
        report = import_paths(paths, shown)
    show(report, as_json=as_json)
