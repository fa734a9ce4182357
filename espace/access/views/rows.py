"""Who sees a record, as rows of one list: each kind of right told in the same words, with what one press does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from espace import clock
from espace.access import services as access
from espace.access.services import (
    Answer,
    ConsentLine,
    ConsentState,
    Did,
    SeerAct,
    SeerKind,
    SeerLine,
    SeerState,
)
from espace.access.services.emergencies.emergency import recent_lines
from espace.access.services.matrix import Matrix, active_matrix
from espace.web.forms import translated
from espace.web.i18n import full_day, instant
from espace.web.shell import initials
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

from . import decided
from .relatives import relatives
from .words import seen_in_words, unseen_in_words

SOON_DAYS = 14
PROLONGED_DAYS = 90
"""What one press prolongs an access to, where the house offers it."""
UNDO_DAYS = 30
"""As long a consent that somebody collected is offered to be undone, in these words."""

HEADINGS = {
    SeerKind.PROFESSIONAL: _l("Professionals"),
    SeerKind.TEAM: _l("Teams"),
    SeerKind.CARER: _l("Carers"),
    SeerKind.PARENT: _l("Parents"),
    SeerKind.GUARDIAN: _l("Legal representatives"),
    SeerKind.CODE: _l("Counter codes"),
    SeerKind.LINK: _l("Share links"),
    SeerKind.EMERGENCY: _l("Emergencies"),
}
"""The kinds of the list, in its order."""

_STATES: dict[SeerState, tuple[Message, str, str]] = {
    SeerState.OPEN: (N_("Access open"), "ok", "check"),
    SeerState.WAITING: (N_("Waiting"), "warn", "clock"),
    SeerState.LIMITED: (N_("Limited access"), "warn", "eye-off"),
    SeerState.ENDED: (N_("Over"), "", "clock"),
    SeerState.REFUSED: (N_("Refused"), "", "eye-off"),
    SeerState.BLOCKED: (N_("Is blocked"), "bad", "ban"),
}
_OF_CONSENT = {
    ConsentState.VALID: SeerState.OPEN,
    ConsentState.BLOCKED: SeerState.BLOCKED,
    ConsentState.REFUSED: SeerState.REFUSED,
    ConsentState.REVOKED: SeerState.ENDED,
    ConsentState.EXPIRED: SeerState.ENDED,
}
_KINDS = {True: SeerKind.TEAM, False: SeerKind.PROFESSIONAL}
_ROUND = frozenset({SeerKind.CARER, SeerKind.PARENT, SeerKind.GUARDIAN})
_COME = frozenset({SeerState.OPEN, SeerState.LIMITED})
_SIGNS = {SeerKind.CODE: "qr", SeerKind.LINK: "send", SeerKind.EMERGENCY: "sos"}


@dataclass(frozen=True, slots=True)
class Press:
    """One POST: where, with what, what the button says and what follows from it."""

    label: str
    place: str
    consequence: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, in words. `sign` is an icon where nobody's initials stand; `days_left` when few are."""

    key: str
    name: str
    initials: str
    is_round: bool
    sign: str
    badge: tuple[str, str, str]
    about: str
    sees: str
    unseen: str
    sentences: tuple[str, ...]
    dates: str
    visit: str
    days_left: int | None
    place: str
    place_label: str
    see_as: str
    profession: str
    presses: tuple[Press, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one kind under their heading."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Everybody:
    """The page: who may see now by kind, who is blocked, what is past or was refused.

    Without who looks: `relatives` who come in now; `passing`, what a code, a link or an emergency holds open now.
    """

    groups: tuple[Group, ...]
    blocked: tuple[Row, ...]
    past: tuple[Row, ...]
    professionals: int
    teams: int
    relatives: int
    passing: int


def everybody(here: Viewpoint, consents: Iterable[ConsentLine]) -> Everybody:
    """Everything that opens this record to anybody but its holder, as rows."""
    table = active_matrix()
    told = [line for line in consents if line.state in _OF_CONSENT]
    kept = decided.kept_at_blocked(here, told)
    rows = [
        (_KINDS[line.is_team], _OF_CONSENT[line.state], of_consent(here, line, table, kept.get(line.grantee_id, ())))
        for line in told
    ]
    seers = [*relatives(here), *access.passing_lines(here.standing), *recent_lines(here.standing)]
    rows += [(line.kind, line.state, _of_seer(here, line, table)) for line in seers]
    come = [line.kind for line in seers if line.state in _COME and not line.is_oneself]
    now = [(kind, row) for kind, state, row in rows if not state.is_past and state is not SeerState.BLOCKED]
    groups = [(heading, tuple(row for kind, row in now if kind is one)) for one, heading in HEADINGS.items()]
    return Everybody(
        groups=tuple(Group(str(heading), found) for heading, found in groups if found),
        blocked=tuple(row for _, state, row in rows if state is SeerState.BLOCKED),
        past=tuple(row for _, state, row in rows if state.is_past),
        professionals=sum(1 for kind, _ in now if kind is SeerKind.PROFESSIONAL),
        teams=sum(1 for kind, _ in now if kind is SeerKind.TEAM),
        relatives=sum(1 for kind in come if kind in _ROUND),
        passing=sum(1 for kind in come if kind in _SIGNS),
    )


def of_consent(
    here: Viewpoint, line: ConsentLine, table: Matrix | None = None, kept: Sequence[ConsentLine] = ()
) -> Row:
    """One professional or team, as a row; `kept` are whose own access goes on at a blocked place."""
    left = (line.valid_until - clock.now()).days if line.valid_until and line.state is ConsentState.VALID else None
    place = f"{here.base}/acces/{line.id}"
    reads = line.state is ConsentState.VALID
    return Row(
        key=str(line.id),
        name=line.name,
        initials=initials(line.name),
        is_round=False,
        sign="people" if line.is_team else "",
        badge=_badge(_OF_CONSENT.get(line.state, SeerState.WAITING)),
        about=_about(line),
        sees=seen_in_words(line.profession_code, table) if reads and not line.is_team else "",
        unseen=unseen_in_words(line.profession_code, table) if reads and not line.is_team else "",
        sentences=decided.sentences(line, kept),
        dates=decided.dates(line),
        visit=_visit(line.last_visit_at) if reads else "",
        days_left=left if left is not None and left <= SOON_DAYS else None,
        place=place,
        place_label=gettext("Change or end") if reads else gettext("Change this access"),
        see_as=f"{here.base}/voir-comme/{line.grantee_id}" if reads and not line.is_team else "",
        profession="" if line.is_team else line.profession_code.partition("/")[0],
        presses=_presses(line, place),
    )


def _about(line: ConsentLine) -> str:
    if line.is_team:
        return gettext("Everyone who practises there, in %(town)s", town=line.structure) if line.structure else ""
    return ", ".join(part for part in (line.profession[:1].upper() + line.profession[1:], line.structure) if part)


def _visit(at: datetime | None) -> str:
    return str(gettext("Last visit %(when)s.", when=instant(at)) if at else gettext("No visit yet."))


def _presses(line: ConsentLine, place: str) -> tuple[Press, ...]:
    """What one press does from the list: end, undo, unblock."""
    version = ("version", str(line.version))
    if line.state is ConsentState.VALID:
        step = line.decided
        is_fresh = step is not None and step.did is Did.COLLECTED and (clock.now() - step.at).days < UNDO_DAYS
        label = gettext("Undo this agreement") if is_fresh else gettext("End the access")
        said = gettext("Nothing is seen any more, as of now. You can give access again later.")
        end = Press(label, place, said, (version, ("decision", Answer.REVOKE.value)))
        return (*_prolonging(line, place, version), end)
    if line.state is ConsentState.BLOCKED:
        said = gettext("Nothing is shown yet, but they may ask for access again.")
        return (Press(gettext("Unblock"), place, said, (version, ("decision", Answer.UNBLOCK.value))),)
    return ()


def _prolonging(line: ConsentLine, place: str, version: tuple[str, str]) -> tuple[Press, ...]:
    """One press more for an access that ends soon; a code may be asked for first, as it opens further."""
    is_soon = line.valid_until is not None and (line.valid_until - clock.now()).days <= SOON_DAYS
    if not is_soon or PROLONGED_DAYS not in access.longer(line):
        return ()
    until = full_day(clock.now() + timedelta(days=PROLONGED_DAYS))
    said = gettext("Until %(day)s. Nothing else changes.", day=until)
    values = (version, ("decision", Answer.GRANT.value), ("days", str(PROLONGED_DAYS)))
    return (Press(gettext("Prolong the access"), place, said, values),)


def _badge(state: SeerState) -> tuple[str, str, str]:
    word, kind, sign = _STATES[state]
    return (translated(word), kind, sign)


def _of_seer(here: Viewpoint, line: SeerLine, table: Matrix) -> Row:
    is_person = line.kind in _ROUND
    reads = bool(line.profession_code) and not line.state.is_past
    return Row(
        key=str(line.id),
        name=line.name or gettext("Code not used yet"),
        initials=initials(here.actor.name if line.is_oneself else line.name) if is_person else "",
        is_round=is_person,
        sign=_SIGNS.get(line.kind, ""),
        badge=_badge(line.state),
        about=line.about[:1].upper() + line.about[1:],
        sees=seen_in_words(line.profession_code, table) if reads else "",
        unseen=unseen_in_words(line.profession_code, table) if reads else "",
        sentences=(*_reason(line), *(translated(one) for one in line.detail)),
        dates=_span(line),
        visit=_visit(line.last_visit) if line.last_visit or (is_person and line.place and line.state in _COME) else "",
        days_left=None,
        place=f"{here.base}{line.place}" if line.place else "",
        place_label=gettext("See more") if line.state.is_past else gettext("See or change"),
        see_as="",
        profession=line.profession_code.partition("/")[0],
        presses=tuple(_press(here, act) for act in line.acts),
    )


def _reason(line: SeerLine) -> tuple[str, ...]:
    if line.reason is None:
        return ()
    why = translated(line.reason)
    return (str(gettext("Reason: %(why)s.", why=why[:1].lower() + why[1:])),)


def _span(line: SeerLine) -> str:
    """From when until when: with its time for what lasts minutes or days, by days for who acts or helps."""
    if line.since is None:
        return ""
    if line.kind in _ROUND:
        since = full_day(line.since)
        if line.until is None:
            return str(gettext("Since %(day)s.", day=since))
        return str(gettext("Since %(since)s, until %(until)s.", since=since, until=full_day(line.until)))
    if line.until is None:
        return str(gettext("Began %(since)s.", since=instant(line.since)))
    if line.state is SeerState.WAITING:
        return str(gettext("To be used before this moment: %(until)s.", until=instant(line.until)))
    return str(gettext("Began %(since)s. Ends %(until)s.", since=instant(line.since), until=instant(line.until)))


def _press(here: Viewpoint, act: SeerAct) -> Press:
    said = translated(act.consequence) if act.consequence else ""
    return Press(translated(act.label), f"{here.base}{act.place}", said, act.values)
