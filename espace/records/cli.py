"""`espace erasure verify` and `espace erasure replay`. The program binds the machines before it calls them."""

from pathlib import Path

import click

from espace.clock import HOME_ZONE
from espace.errors import TamperedError

from .services import replay as destroy_again
from .services.erasure import is_destroyed
from .services.papers import read_proof


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Check a proof of erasure: its signature, the ledger, and that no key is left. Exits 1 when one fails."""
    try:
        found = read_proof(file.read_bytes())
    except TamperedError:
        raise click.ClickException("This house did not sign this file, or it was changed since.") from None
    erased_at = found.erased_at.astimezone(HOME_ZONE)
    click.echo(f"Signed by this house. Record {found.record_id}, erased on {erased_at:%Y-%m-%d at %H:%M} (Paris time).")
    if not is_destroyed(found.record_id):
        raise click.ClickException("Yet its key is still here, or the ledger does not name it: run `erasure replay`.")
    click.echo("The ledger names it, and no key of it is left: nobody can read it.")


@click.command()
def replay() -> None:
    """Destroy again the keys that a restored copy brought back. Web and worker do it when they start."""
    count = destroy_again()
    click.echo(f"Keys destroyed again: {count}.")
