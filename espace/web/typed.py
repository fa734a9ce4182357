"""What was typed into a form whose sending had to wait for a fresh proof (security.md R9): given back when it reopens.

It lies sealed for who typed it in the browser's own form cookie, for one return; the house keeps nothing of it.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import flash, request, session
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from espace import clock, crypto, db
from espace.crypto.owners import SIGN_IN
from espace.errors import StepUpError, TamperedError

from .guards import TYPED, current_actor

LIFE = timedelta(minutes=10)
"""Longer than a proof takes, far shorter than a session."""
_MOST = 2600
"""Bytes, sealed and written as text: a cookie holds some 4000, and carries more than this."""
_TABLE = "typed_forms"
_LEFT_OUT = frozenset({"csrf_token", "geste", "seen"})
"""What a press adds: it is pressed again."""


@contextmanager
def keeping() -> Iterator[None]:
    """Keep what was sent when the act inside asks for a fresh proof first."""
    try:
        yield
    except StepUpError:
        _keep()
        raise


def typed_before() -> MultiDict[str, str] | None:
    """What the reader typed here before they proved who they are, once; None for anything else."""
    actor, held = current_actor(), session.pop(TYPED, "")
    if actor is None or not held:
        return None
    try:
        with db.read() as tx:
            facts = crypto.unseal(tx, SIGN_IN, _TABLE, actor.id, b64decode(held))
    except (TamperedError, ValueError):
        return None
    kept_at = datetime.fromisoformat(facts["at"])
    if facts["place"] != request.path or not kept_at <= clock.now() < kept_at + LIFE:
        return None
    flash(gettext("What you typed is still here. Read it once more, then send it."), "tip")
    return MultiDict(tuple(pair) for pair in facts["typed"])


def _keep() -> None:
    actor = current_actor()
    if actor is None:
        return
    typed = [pair for pair in request.form.items(multi=True) if pair[0] not in _LEFT_OUT]
    facts = {"place": request.path, "at": clock.now().isoformat(), "typed": typed}
    with db.read() as tx:
        held = b64encode(crypto.seal(tx, SIGN_IN, _TABLE, actor.id, facts)).decode()
    if len(held) <= _MOST:
        session[TYPED] = held
