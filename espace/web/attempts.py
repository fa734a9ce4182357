"""Service errors, said on the form they concern."""

import math
from typing import Any

from flask import Response, redirect
from flask_babel import ngettext

from espace.errors import InvalidError, ThrottledError

from .forms import Form
from .rendering import render

_COUNTED_IN_SECONDS = 120
"""Nobody reads a longer wait in seconds."""


class attempt:  # noqa: N801 - read as a word: `with attempt(form):`
    """Run a service call; what it refuses is said on the form, and nothing typed is lost."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Say a refusal on the form; anything else goes on."""
        if isinstance(error, InvalidError):
            self._form.refuse(error.problems)
            return True
        if isinstance(error, ThrottledError):
            self._form.wait = max(1, math.ceil(error.wait))
            self._form.refuse({"": _wait_sentence(self._form.wait)})
            return True
        return False


def page(template: str, form: Form, **data: Any) -> Response:
    """The form's page: 422 once something is to be corrected, 429 with Retry-After when a try came too early."""
    response = render(template, form=form, status=429 if form.wait else form.status, **data)
    if form.wait:
        response.headers["Retry-After"] = str(form.wait)
    return response


def to(place: str) -> Response:
    """Lead on to another page of ours after a POST."""
    answer = redirect(place, 303)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


def _wait_sentence(seconds: int) -> str:
    if seconds > _COUNTED_IN_SECONDS:
        return str(
            ngettext(
                "Too many tries in a row. Wait %(num)d minute, then try again.",
                "Too many tries in a row. Wait %(num)d minutes, then try again.",
                math.ceil(seconds / 60),
            )
        )
    return str(
        ngettext(
            "Too many tries in a row. Wait %(num)d second, then try again.",
            "Too many tries in a row. Wait %(num)d seconds, then try again.",
            seconds,
        )
    )
