"""The log of the house under test, where pytest reads it."""

import io
import sys
from typing import TextIO, cast

from espace.web import logs


class _Here(io.TextIOBase):
    """Standard error as it is at each line: pytest puts another in its place for each test that reads it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure() -> None:
    """Send the log to the test that runs, not to the one during which an application was made."""
    logs.configure(cast(TextIO, _Here()))
