"""The scanner of incoming files, spoken to as clamd is: INSTREAM over a local socket or TCP (security.md R38)."""

import socket
import struct
from urllib.parse import unquote, urlsplit

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 30.0
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096


class ScannerDownError(Exception):
    """The scanner cannot be reached, does not answer in time, or not in words it is known for."""


class InfectedError(Exception):
    """The scanner knows this content as harmful; `name` is what it calls it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def scan(url: str, content: bytes, answer_seconds: float = ANSWER_SECONDS) -> None:
    """Have the scanner at `url` (`tcp://host:port` or `unix:/path`) look at `content`; a clean one raises nothing.

    Raises:
        InfectedError: when it is known as harmful.
        ScannerDownError: when that cannot be known now.
    """
    try:
        with _connected(url) as peer:
            peer.settimeout(answer_seconds)
            refusal = _send(peer, content)
            answer = refusal or _answer(peer)
    except (OSError, ValueError) as error:
        raise ScannerDownError(type(error).__name__) from None
    _judge(answer)


def _place(url: str) -> str | tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path:
        return unquote(parts.path)
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return parts.hostname, parts.port
    raise ValueError(parts.scheme)


def _connected(url: str) -> socket.socket:
    place = _place(url)
    if isinstance(place, tuple):
        return socket.create_connection(place, timeout=CONNECT_SECONDS)
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        peer.settimeout(CONNECT_SECONDS)
        peer.connect(place)
    except BaseException:
        peer.close()
        raise
    return peer


def _send(peer: socket.socket, content: bytes) -> bytes:
    """Send the content in pieces; gives the answer of a scanner that stopped listening before the end, else nothing."""
    try:
        peer.sendall(b"zINSTREAM\0")
        view = memoryview(content)
        for at in range(0, len(content), _CHUNK):
            piece = view[at : at + _CHUNK]
            peer.sendall(struct.pack(">I", len(piece)))
            peer.sendall(piece)
        peer.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return _answer(peer)  # too large for it: it says so and leaves
    return b""


def _answer(peer: socket.socket) -> bytes:
    held = bytearray()
    while len(held) < _LONGEST_ANSWER and not held.endswith(b"\0"):
        piece = peer.recv(_LONGEST_ANSWER)
        if not piece:
            break
        held += piece
    return bytes(held)


def _judge(answer: bytes) -> None:
    """Only a whole answer counts: one that was cut is none."""
    said = answer.decode("utf-8", "replace")
    if said == "stream: OK\0":
        return
    if said.startswith("stream: ") and said.endswith(" FOUND\0"):
        raise InfectedError(said.removeprefix("stream: ").removesuffix(" FOUND\0"))
    raise ScannerDownError("answer")
