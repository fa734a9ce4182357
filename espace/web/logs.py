"""Technical logs: one JSON line per event, with nothing about anybody's health, name or number (security.md R28).

An exception is told by its type and the places it went through, never by its text or its local values: both may
carry what a person wrote. An address is told by its pattern: addresses carry record ids.
"""

import os
import sys
import time
import traceback
from typing import Any, TextIO

import orjson
import structlog
from flask import Flask, Response, g, request

_log = structlog.get_logger()
_QUIET = frozenset({"/static/<path:name>", "/healthz", "/readyz"})
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read aloud without mistakes


def configure(stream: TextIO | None = None) -> None:
    """Write events to `stream` (standard error by default), one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def _line(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def install(app: Flask) -> None:
    """Give each request of `app` its mark, and a line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def mark() -> str:
    """This request's mark: eight characters a person can read to the help desk; it says nothing about them."""
    if "mark" not in g:
        number = int.from_bytes(os.urandom(5))
        g.mark = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    found: str = g.mark
    return found


def failure(error: BaseException, event: str = "failed") -> None:
    """Log an exception by its type and its path through the code."""
    _log.error(
        event,
        mark=mark(),
        error=[type(each).__qualname__ for each in _chain(error)],
        path=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)],
    )


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    here: BaseException | None = error
    while here is not None and len(found) < 8:
        found.append(here)
        here = here.__cause__ or here.__context__
    return found


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else ""
    if rule in _QUIET and response.status_code < 500:
        return response
    began = g.get("began")
    taken = round((time.perf_counter() - began) * 1000, 1) if began is not None else None
    _log.info("request", mark=mark(), method=request.method, rule=rule, status=response.status_code, ms=taken)
    return response
