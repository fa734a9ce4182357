"""The `espace` program: thin, one group per task, everything heavy imported inside its command."""

import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import SettingsError

if TYPE_CHECKING:
    from .machines import Machines


def _settings_or_exit() -> Any:
    from .settings import Settings

    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _open_machines() -> "Machines":
    """The machines the environment describes, bound for the rest of the command."""
    from .machines import Machines

    try:
        machines = Machines.open(_settings_or_exit())
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    machines.bind()
    return machines


class _Lazy(click.Group):
    """A group whose commands live in their rooms and are imported when they are called.

    `places` maps a command's name to `module:attribute` and the short help shown in the list.
    """

    def __init__(self, *args: Any, places: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self._places]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._places:
            return super().get_command(ctx, name)
        from importlib import import_module

        module, attribute = self._places[name][0].split(":")
        command: click.Command = getattr(import_module(f"espace.{module}"), attribute)
        return _with_machines(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        rows = [(name, places[1]) for name, places in self._places.items()]
        rows += [(name, command.get_short_help_str(90)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _with_machines(command: click.Command) -> click.Command:
    """The command, run with the machines open."""
    callback = command.callback
    if callback is None or getattr(callback, "__espace_bound__", False):
        return command

    @wraps(callback)
    def bound(*args: Any, **kwargs: Any) -> Any:
        machines = _open_machines()
        try:
            return callback(*args, **kwargs)
        finally:
            machines.close()

    bound.__espace_bound__ = True  # type: ignore[attr-defined]
    command.callback = bound
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """espace: an open health space. Settings are read from ESPACE_* variables; the README lists them."""


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the web pages, on 127.0.0.1.")
@click.option("--smtp-port", default=2525, show_default=True, help="Port of the mail gateway, on 127.0.0.1.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True, help="Folder.")
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and build it anew.")
def demo(port: int, smtp_port: int, data: Path, fresh: bool) -> None:  # noqa: FBT001 - a command's flag
    """Build the demo's people and documents on first start, then run web, mail and worker until Ctrl-C."""
    from .demo.run import run

    run(port=port, smtp_port=smtp_port, folder=data, fresh=fresh)


@main.command()
@click.option("--admin-email", default="", help="E-mail address of the first administrator.")
@click.option("--admin-name", default="", help="Their first name and family name.")
def init(admin_email: str, admin_name: str) -> None:
    """Make the key file, an empty database and the first administrator, whose one-time code is printed once."""
    from .administration.cli import make_first
    from .setup import init_house

    machines = init_house(_settings_or_exit(), say=click.echo)
    try:
        make_first(admin_email, admin_name)
    finally:
        machines.close()


@main.command()
def migrate() -> None:
    """Bring the database's schema to the newest revision."""
    from .setup import migrate_house

    migrate_house(_open_machines(), say=click.echo)


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--processes", default=2, show_default=True, help="Worker processes.")
@click.option("--threads", default=4, show_default=True, help="Threads in each process.")
def web(bind: str, processes: int, threads: int) -> None:
    """Serve the web pages (put a TLS proxy in front)."""
    from .serving import serve

    serve(_settings_or_exit(), bind=bind, processes=processes, threads=threads)


@main.command()
def worker() -> None:
    """Send what waits, open spaces that are due, write checkpoints; until stopped."""
    from .worker import main as work

    work(_open_machines())


@main.command()
def mail() -> None:
    """Receive secure mail for people and mailboxes of this house, until stopped."""
    from .assembly import open_house
    from .messaging.gateway.role import main as serve
    from .web import logs

    logs.configure()
    machines = _open_machines()
    try:
        open_house(machines)
        serve(machines.settings, machines.bind)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    finally:
        machines.close()


_IMPORTS = {
    "beneficiaries": ("family.cli:import_beneficiaries", "Announce and open spaces from the insurer's list (CSV)."),
    "professionals": ("people.cli:import_professionals", "The public RPPS extraction (pipe-separated)."),
    "documents": ("documents.cli:import_documents", "File CDA documents and XDM archives by exact identity."),
    "former-records": (
        "documents.cli:import_former_records",
        "Records opened before 2022: documents, accesses, hidden states, trail.",
    ),
    "care-history": ("documents.cli:import_care_history", "The insurer's lines of care (CSV)."),
    "matrix": ("access.cli:import_matrix", "A new version of the profession x document-type matrix (CSV)."),
    "mail-operators": ("messaging.cli:import_operators", "Propose the white list of mail operators (CSV)."),
    "mail-rewrites": ("messaging.cli:import_rewrites", "Propose the addresses that are written otherwise (CSV)."),
}
_OPERATORS = {
    "add": ("administration.cli:add", "Make an operator; their one-time code is printed once."),
    "list": ("administration.cli:list_operators", "Who the operators are, and in which state."),
}
_AUDIT = {
    "verify": ("audit.cli:verify", "Check every chain of the trail against its checkpoints."),
    "report": ("audit.cli:report", "Who was reached by an actor, or in a period."),
}

main.add_command(_Lazy("import", places=_IMPORTS, help="Bring data in from files."))
_ERASURE = {
    "verify": ("records.cli:verify", "Check a proof of erasure."),
    "replay": ("records.cli:replay", "Destroy again the keys that a restored copy brought back."),
}

_LETTERS = {
    "coming-of-age": ("family.cli:coming_of_age", "Letters with a code for who came of age and has no account."),
}

_MAILBOXES = {
    "open": ("messaging.cli:open_mailboxes", "Open the mailbox of every professional whose address is kept here."),
}

main.add_command(_Lazy("mailboxes", places=_MAILBOXES, help="Mailboxes of professionals."))
main.add_command(_Lazy("letters", places=_LETTERS, help="Letters on paper."))
main.add_command(_Lazy("erasure", places=_ERASURE, help="Records erased for good."))
main.add_command(_Lazy("operators", places=_OPERATORS, help="Operators of the house, made from the host itself."))
main.add_command(_Lazy("audit", places=_AUDIT, help="The trail of who did what."))


@main.command()
@click.argument("only", required=False, default="", type=click.Choice(["", "smtp"]))
@click.option("--json", "as_json", is_flag=True, help="Print figures as JSON.")
@click.option("--rounds", default=200, show_default=True, help="How often each request is measured.")
def bench(only: str, as_json: bool, rounds: int) -> None:  # noqa: FBT001 - a command's flag
    """Measure pages against the parts they are made of, in the same run; "smtp" for secure mail alone."""
    from .bench.run import run

    run(rounds=rounds, as_json=as_json, only=only)


if __name__ == "__main__":
    sys.exit(main())
