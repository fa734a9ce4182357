"""Ports of the loopback for the servers that tests start.

They lie below those that the system gives to outgoing connections, so that no connection takes one between the moment
it is found free and the moment its server listens; each of the parallel workers has a range of its own, and two runs
side by side begin at other places of it.
"""

import os
import socket
from itertools import cycle

_EACH = 1000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
_FIRST = 12000 + _WORKER * _EACH
_NEXT = cycle((_FIRST + (os.getpid() + step) % _EACH) for step in range(_EACH))


def free_port() -> int:
    """A port nobody listens on, not given before by this worker as long as there are others."""
    for _ in range(_EACH):
        port = next(_NEXT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port of the loopback is free")
