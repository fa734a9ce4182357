"""The mail role: the gateway until it is told to stop."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

from espace.settings import Settings

from .server import Gateway


def main(given: Settings, bind: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the messages at hand.

    Raises:
        SettingsError: when a certificate, its key, the authorities, the patients' domain or the port is missing.
    """
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    gateway = Gateway(given, bind)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    gateway.start()
    stop.wait()
    gateway.stop()
