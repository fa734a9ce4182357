"""Where an archive is written that leaves as it is made: nothing of it lies on a disk, one piece is held at a time."""

import io


class Pipe(io.RawIOBase):
    """What an archive is written to: bytes wait here until they are sent. It cannot go back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Hold some bytes."""
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = bytes(self._held)
        self._held.clear()
        return found
