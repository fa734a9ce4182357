"""The lists of mail, proposed from the host's command line, and the mailboxes of everybody, opened at once."""

from pathlib import Path

import click

from espace import settings
from espace.errors import InvalidError
from espace.permissions import SYSTEM

from .services.operators import trust_desk
from .services.operators.trust_files import ListKind
from .services.practice import mailboxes


@click.command("mail-operators")
@click.argument("file", type=click.Path(path_type=Path))
def import_operators(file: Path) -> None:
    """Propose FILE as the white list of the operators whose mail is taken.

    FILE is CSV in UTF-8 with the columns operator, domain, certificate: one line for each domain and each certificate
    that may send for it. Lines that begin with # are passed over; a wrong line refuses the whole file. Nothing changes
    until an operator of the house confirms the list.
    """
    _propose(ListKind.OPERATORS, file)


@click.command("mail-rewrites")
@click.argument("file", type=click.Path(path_type=Path))
def import_rewrites(file: Path) -> None:
    """Propose FILE as the correspondence of addresses that are reached under another one.

    FILE is CSV in UTF-8 with the columns from, to: a domain, a domain and all below it (with a dot before), or an
    address, and the domain or address it is written as. It takes the place of the list before, the one that comes with
    the programs included. Nothing changes until an operator of the house confirms it.
    """
    _propose(ListKind.REWRITES, file)


@click.command("open")
def open_mailboxes() -> None:
    """Open the mailbox of every professional of the directory whose address is at one of ESPACE_MAILBOX_DOMAINS.

    Mail to them is taken from then on; without this, from their first sign-in. Again, it opens only those that are new.
    """
    if not settings.current().mailbox_domain_list:
        raise click.ClickException("ESPACE_MAILBOX_DOMAINS names no domain: no mailbox is kept here")
    click.echo(f"{mailboxes.open_everybody()} mailboxes opened.")


def _propose(kind: ListKind, file: Path) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file}: the file cannot be read: {error.strerror}") from None
    try:
        found = trust_desk.propose(SYSTEM, kind, content, file.name)
    except InvalidError as error:
        raise click.ClickException(f"{file}: {error.problems['file']}") from None
    if not found.changed:
        click.echo("This list counts already, or waits for its confirmation. Nothing changed.")
        return
    place = f"{settings.current().base_url.rstrip('/')}/admin/messageries/{found.id}"
    click.echo(f"Proposed: {found.added} lines come, {found.removed} go. It counts once it is confirmed at {place}")
