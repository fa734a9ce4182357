"""Operators from the command line of the host: the first administrator, and the way back in when all are shut out."""

import sys

import click

from espace import settings
from espace.accounts.services import operator_rows, operators
from espace.accounts.services.invitations import LIFE, grouped
from espace.accounts.services.operators import NewOperator
from espace.errors import InvalidError
from espace.permissions import SYSTEM, Role


def make_first(email: str, name: str) -> None:
    """Make the first administrator where there is none; asks on a terminal for what is missing.

    Raises:
        click.ClickException: when the name or the address is wrong.
    """
    if operators.has_administrator():
        click.echo("An administrator is known already.")
        return
    if not email and not sys.stdin.isatty():
        click.echo("No administrator yet: run `espace init --admin-email ADDRESS --admin-name NAME`.")
        return
    email = email or click.prompt("E-mail address of the first administrator")
    name = name or (click.prompt("Their first name and family name") if sys.stdin.isatty() else email.partition("@")[0])
    _make(NewOperator(name, email, Role.ADMINISTRATOR))


@click.command()
@click.option("--email", required=True, help="Their e-mail address, which they sign in with.")
@click.option("--name", required=True, help="First name and family name, as others will read it.")
@click.option(
    "--role", required=True, type=click.Choice([role.value for role in Role]), help="What they are there for."
)
def add(email: str, name: str, role: str) -> None:
    """Make an operator; the one-time code of their first sign-in is printed here, once, and sent nowhere.

    Whoever can run this on the host can do so without a second administrator: it is the way back in when all of
    them are shut out. Privacy officers are told by e-mail, and the trail says that the host did it.
    """
    _make(NewOperator(name, email, Role(role)))


@click.command("list")
def list_operators() -> None:
    """One line for each operator: role, state, name, address."""
    for one in operator_rows.operators():
        click.echo(f"{one.role.value:16} {one.state.value:9} {one.name} <{one.email}>")


def _make(new: NewOperator) -> None:
    try:
        code = operators.make_from_host(SYSTEM, new)
    except InvalidError as error:
        raise click.ClickException(" ".join(str(problem) for problem in error.problems.values())) from None
    address = f"{settings.current().base_url.rstrip('/')}/invitation"
    click.echo(
        f"{new.name} is invited as {new.role.value}. At {address}, they give their e-mail address and this code:"
    )
    click.echo(f"\n    {grouped(code)}\n")
    click.echo(f"It works once, for {LIFE.days} days, and is not shown again.")
