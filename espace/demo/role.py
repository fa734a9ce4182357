"""One process of the demo: `python -m espace.demo.role NAME`, started by `espace demo` only.

Its standard input is a pipe that the demo holds open: when the demo ends, however it ends, the pipe closes and the
process stops.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import click

from espace.errors import EspaceError
from espace.settings import Settings

_GRACE = 8.0


def leaving(role: str) -> signal.Signals:
    """The signal that stops a role at once: gunicorn takes SIGTERM as "when the last connection is closed"."""
    return signal.SIGINT if role == "web" else signal.SIGTERM


def main() -> None:
    """Play the role named on the command line."""
    threading.Thread(target=_live_with_the_demo, daemon=True).start()
    try:
        _ROLES[sys.argv[1]](Settings.from_environment(os.environ))
    except EspaceError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _live_with_the_demo() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), leaving(sys.argv[1]))
    threading.Event().wait(_GRACE)
    os._exit(1)


def _build(settings: Settings) -> None:
    from .build import build

    assert settings.demo_dir is not None  # noqa: S101 - the demo sets it
    build(settings, settings.demo_dir)


def _outside(settings: Settings) -> None:
    from .mailbox import listener

    assert settings.demo_dir is not None  # noqa: S101 - the demo sets it
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    server = listener(settings.demo_dir, settings.smtp_port)
    server.start()
    stop.wait()
    server.stop()


def _web(settings: Settings) -> None:
    from urllib.parse import urlsplit

    from espace.serving import serve

    # One process: half the memory and start-up of two, and plenty for one visitor and the sign-in that calls us back.
    serve(settings, bind=f"127.0.0.1:{urlsplit(settings.base_url).port}", processes=1, threads=8)


def _worker(settings: Settings) -> None:
    """The worker and the mail gateway: one process, as both need every room, and a laptop has few cores."""
    from espace.assembly import open_house
    from espace.machines import Machines
    from espace.messaging.gateway.server import Gateway
    from espace.worker import main as work

    machines = Machines.open(settings)
    open_house(machines)
    gateway = Gateway(settings, machines.bind)
    gateway.start()
    work(machines)
    gateway.stop()


_ROLES: dict[str, Callable[[Settings], None]] = {
    "build": _build,
    "outside": _outside,
    "web": _web,
    "worker": _worker,
}

if __name__ == "__main__":
    main()
