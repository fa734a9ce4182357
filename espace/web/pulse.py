"""The pulse of an open page: a record's page asks now and then whether its reader may still see it (security.md R16).

Asking reads: it leaves no row of the trail and does not keep a session awake that is idle (R7).
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flask import Flask, Response, current_app, g, request

from espace import clock, settings
from espace.crypto import blind, token_hash
from espace.permissions import ActorKind, Permission, Standing

from .guards import cookie_name, form_place, quiet, requires
from .rooms import PATIENT_MOUNT, PROFESSIONAL_MOUNT
from .viewpoint import Veiled, veiled

PLACE = "/pouls"
NARROWED = 409
MOST, WITHIN = 20, timedelta(seconds=10)
"""So many times one session may ask: several windows come back at once, a runaway script does not."""
_SESSIONS = 4096
_RIGHTS = tuple(one for one in Permission if one.on_record)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a page needs to ask: where, how often (seconds), and where the same page is opened again."""

    place: str
    every: int
    again: str
    home: str


def reach(standing: Standing) -> str:
    """What a standing may do and see, as a word that says nothing: `<bits held>.<digest of what is read>`.

    The digest is keyed: from a plain one a carer could find, by trying, which subjects are withheld from them (R13).
    """
    held = [standing.may(one) for one in _RIGHTS] + [standing.sees_hidden, not standing.actor.is_veiled]
    bits = sum(1 << place for place, one in enumerate(held) if one)
    if not standing.may(Permission.DOCUMENTS_READ):
        return f"{bits:x}."
    limits = (sorted(standing.readable_types), sorted(standing.withheld_types), standing.arrived_before)
    return f"{bits:x}.{blind('pulse', f'{standing.record_id}:{standing.actor.id}:{limits!r}').hex()[:8]}"


def has_narrowed(before: str, now: str) -> bool:
    """Whether something was held at `before` that is not any more; what is no such word says nothing."""
    try:
        (old_bits, _, old), (bits, _, new) = before.partition("."), now.partition(".")
        return bool(int(old_bits, 16) & ~int(bits, 16)) or old not in ("", new)
    except ValueError:
        return False


def of_page() -> Pulse | None:
    """The pulse of the page being written; None for a page of no record."""
    standing: Standing | None = g.get("judged")
    if standing is None or "viewpoint" not in g:
        return None
    professional = standing.actor.kind is ActorKind.PROFESSIONAL
    base = f"/pro/patients/{standing.record_id}" if professional else f"/dossiers/{standing.record_id}"
    return Pulse(
        place=f"{base}{PLACE}?v={reach(standing)}",
        every=settings.current().pulse_seconds,
        again=form_place() or f"{base}/",
        home="/pro/" if professional else "/dossiers/",
    )


class _Pace:
    """How often each session asked lately, in this process."""

    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def admits(self, session: bytes) -> bool:
        """Whether this session may ask now."""
        now = clock.now()
        with self._lock:
            asked = self._asked.setdefault(session, deque(maxlen=MOST))
            self._asked.move_to_end(session)
            while len(self._asked) > _SESSIONS:
                self._asked.popitem(last=False)
            if len(asked) == MOST and timedelta(0) <= now - asked[0] < WITHIN:
                return False
            asked.append(now)
            return True


@requires(Permission.RECORD_HOME)
@veiled(Veiled.HARMLESS)
@quiet
def of_person() -> Response:
    """Whether the holder, a relative or an heir may still see what they opened."""
    return _answer()


@requires(Permission.PATIENT_PAGE)
@veiled(Veiled.HARMLESS)
@quiet
def of_professional() -> Response:
    """Whether a professional may still see what they opened."""
    return _answer()


def _answer() -> Response:
    standing: Standing = g.judged
    narrowed = has_narrowed(request.args.get("v", ""), reach(standing))
    return Response(status=NARROWED if narrowed else 204, mimetype="text/plain")


def install(app: Flask) -> None:
    """Let every page of a record of `app` ask; before the guard, as who asks too often is not even looked at."""
    pace = _Pace()
    app.add_url_rule(PATIENT_MOUNT + PLACE, "pulse_person", of_person)
    app.add_url_rule(PROFESSIONAL_MOUNT + PLACE, "pulse_professional", of_professional)

    @app.before_request
    def _bound() -> Response | None:
        if request.endpoint not in ("pulse_person", "pulse_professional"):
            return None
        token = request.cookies.get(cookie_name(current_app), "")
        if not token or pace.admits(token_hash(token)):
            return None
        wait = {"Retry-After": str(int(WITHIN.total_seconds()))}
        return Response(status=429, headers=wait, mimetype="text/plain")
