"""Every file that comes in is shown to the scanner, where there is one; what it cannot clear is set aside (R38)."""

import structlog

from espace import settings
from espace.interop import scanner
from espace.interop.scanner import InfectedError, ScannerDownError

VIRUS = "virus"
DOWN = "scanner-down"
_log = structlog.get_logger()


class ScanError(Exception):
    """Why a file must be set aside; `kind` is `VIRUS` or `DOWN`, and the reason it is quarantined under."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def scan(content: bytes) -> None:
    """Have a file looked at. Nothing happens when it is clean, or when this house has no scanner.

    Raises:
        ScanError: `VIRUS` when it is known as harmful, `DOWN` when nobody can say now.
    """
    url = settings.current().scanner_url
    if not url:
        return
    try:
        scanner.scan(url, content)
    except InfectedError as error:
        _log.warning("scanner_hit", signature=error.name[:80])
        raise ScanError(VIRUS) from None
    except ScannerDownError:
        _log.error("scanner_down")
        raise ScanError(DOWN) from None
