"""A scanner on loopback that speaks clamd's INSTREAM: it knows EICAR's test file, and can be switched off."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of the European Institute for Computer Antivirus Research: harmless, known to every scanner."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        owner: Any = self.server
        command = b""
        while not command.endswith(b"\0"):
            piece = self.rfile.read(1)
            if not piece:
                return
            command += piece
        if command != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        held = bytearray()
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            if len(held) + size > owner.most:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            held += self.rfile.read(size)
        owner.seen.append(bytes(held))
        if owner.answer is not None:
            self.wfile.write(owner.answer)
        elif EICAR in held:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0")
        else:
            self.wfile.write(b"stream: OK\0")


class Scanner(socketserver.ThreadingTCPServer):
    """What was seen, and how it answers: `answer` in place of the truth, `most` bytes at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.seen: list[bytes] = []
        self.answer: bytes | None = None
        self.most = 64 * 1024 * 1024

    @property
    def url(self) -> str:
        """The address of the setting."""
        return f"tcp://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_facts: Any) -> None:
        """A peer that leaves in the middle is no failure of the test."""


@contextmanager
def scanner(port: int = 0) -> Iterator[Scanner]:
    """A scanner that answers, inside the block."""
    server = Scanner(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            server.shutdown()
            server.server_close()
        thread.join()
