"""The pulse of an open page: it asks now and then whether its reader may still see it (security.md R16).

A page of a record asks about that record; any other page of somebody who is signed in asks about the session alone.
Asking reads: it leaves no row of the trail and does not keep a session awake that is idle (R7).
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flask import Flask, Response, current_app, g, request

from espace import clock, settings
from espace.crypto import blind, token_hash
from espace.permissions import SESSION_PERMISSIONS, Actor, ActorKind, Permission, Standing

from .guards import cookie_name, current_actor, declared, form_place, public, quiet, requires
from .rooms import PATIENT_MOUNT, PROFESSIONAL_MOUNT
from .viewpoint import Veiled, veiled

PLACE = "/pouls"
NARROWED, LOST = 409, 410
"""What is answered where less is seen than before, and where the page itself is closed but not all of the record."""
MOST, WITHIN = 20, timedelta(seconds=10)
"""So many times one session may ask: several windows come back at once, a runaway script does not."""
_SESSIONS = 4096
_RIGHTS = tuple(one for one in Permission if one.on_record)
_HOMES = {ActorKind.PROFESSIONAL: "/pro/", ActorKind.OPERATOR: "/admin/"}
_ENDPOINTS = frozenset({"pulse_person", "pulse_professional", "pulse_session"})


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a page needs to ask: where, how often (seconds), and where its reader goes when it left the screen.

    `again` is the same page; `anew` too, but for the page of one thing, which may be what they lost. `rest` is what
    stays of its record (the session's home where there is no record), `home` where somebody like them (`kind`) begins.
    """

    place: str
    every: int
    again: str
    anew: str
    rest: str
    home: str
    kind: ActorKind


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


def reach_of(actor: Actor) -> str:
    """The same for a session: what it carries, and a digest of whose it is, so that another's sign-in is noticed."""
    held = [actor.carries(one) for one in SESSION_PERMISSIONS] + [not actor.is_veiled]
    bits = sum(1 << place for place, one in enumerate(held) if one)
    return f"{bits:x}.{blind('pulse', f'{actor.kind}:{actor.id}').hex()[:8]}"


def of_page() -> Pulse | None:
    """The pulse of the page being written; None for a page of nobody."""
    standing: Standing | None = g.get("judged")
    if standing is None or "viewpoint" not in g:
        return _of_session()
    professional = standing.actor.kind is ActorKind.PROFESSIONAL
    base = f"/pro/patients/{standing.record_id}" if professional else f"/dossiers/{standing.record_id}"
    return _pulse(standing.actor, f"{base}{PLACE}?v={reach(standing)}&p={_asked_for()}", f"{base}/")


def _of_session() -> Pulse | None:
    actor = current_actor()
    return _pulse(actor, f"{PLACE}?v={reach_of(actor)}", "") if actor is not None else None


def _pulse(actor: Actor, place: str, rest: str) -> Pulse:
    home = _HOMES.get(actor.kind, "/dossiers/")
    rest = rest or home
    again = form_place() or rest
    anew = rest if request.view_args else again
    return Pulse(place, settings.current().pulse_seconds, again, anew, rest, home, actor.kind)


def _asked_for() -> int:
    """Which right the page of this request asks for: its place among those of a record."""
    if g.viewpoint.own is not None:  # through another's eyes: only who decides about the accesses looks so
        return _RIGHTS.index(Permission.ACCESS_MANAGE)
    return _RIGHTS.index(Permission(declared(current_app.view_functions[request.endpoint or ""]) or ""))


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


@public
@quiet
def of_session() -> Response:
    """Whether somebody is still signed in as whom a page of no record was written for."""
    actor = current_actor()
    if actor is None:
        return Response(status=401, mimetype="text/plain")
    return _said(request.args.get("v", ""), reach_of(actor))


def _answer() -> Response:
    standing: Standing = g.judged
    asked_for = request.args.get("p", -1, int)
    if 0 <= asked_for < len(_RIGHTS) and not standing.may(_RIGHTS[asked_for]):
        return Response(status=LOST, mimetype="text/plain")
    return _said(request.args.get("v", ""), reach(standing))


def _said(before: str, now: str) -> Response:
    return Response(status=NARROWED if has_narrowed(before, now) else 204, mimetype="text/plain")


def install(app: Flask) -> None:
    """Let every page of `app` ask; before the guard, as who asks too often is not even looked at."""
    pace = _Pace()
    app.add_url_rule(PATIENT_MOUNT + PLACE, "pulse_person", of_person)
    app.add_url_rule(PROFESSIONAL_MOUNT + PLACE, "pulse_professional", of_professional)
    app.add_url_rule(PLACE, "pulse_session", of_session)

    @app.before_request
    def _bound() -> Response | None:
        if request.endpoint not in _ENDPOINTS:
            return None
        token = request.cookies.get(cookie_name(current_app), "")
        if not token or pace.admits(token_hash(token)):
            return None
        wait = {"Retry-After": str(int(WITHIN.total_seconds()))}
        return Response(status=429, headers=wait, mimetype="text/plain")
