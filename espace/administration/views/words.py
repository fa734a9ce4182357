"""Acts of operators and states of records, in sentences."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext
from markupsafe import Markup

from espace.audit.services import Action, Entry
from espace.permissions import ActorKind
from espace.records import services as records
from espace.records.services import StateFacts
from espace.web.i18n import at_moment, day, instant, near_day
from espace.words import N_, Message

ON_ACCOUNTS = frozenset(
    {
        Action.OPERATOR_INVITED,
        Action.OPERATOR_PROPOSED,
        Action.OPERATOR_CONFIRMED,
        Action.OPERATOR_WITHDRAWN,
        Action.OPERATOR_JOINED,
        Action.OPERATOR_DISABLED,
        Action.OPERATOR_ENABLED,
        Action.OPERATOR_ROLE_CHANGED,
    }
)
"""What is done to operators' accounts, which administrators read on their pages."""

_SENTENCES: Mapping[Action, Message] = {
    Action.OPERATOR_SEARCHED: N_("%(who)s searched and found nobody."),
    Action.OPERATOR_FOUND: N_("%(who)s found this person by number and birth date."),
    Action.OPERATOR_PAGE_OPENED: N_("%(who)s looked at this person's page."),
    Action.IDENTITY_CHECKED: N_("%(who)s checked an identity at the counter."),
    Action.CODE_PRINTED: N_("%(who)s printed a provisional code."),
    Action.CODE_LIMIT_REACHED: N_("%(who)s printed the last code the day allows."),
    Action.MANDATE_ENTERED: N_("%(who)s entered a signed paper that names a carer."),
    Action.MANDATE_LIMIT_REACHED: N_("%(who)s entered the last signed paper the day allows."),
    Action.CARER_ENDED: N_("%(who)s ended a carer's help, as asked at the counter."),
    Action.OPERATOR_INVITED: N_("%(who)s invited %(operator)s."),
    Action.OPERATOR_PROPOSED: N_("%(who)s proposed %(operator)s as administrator."),
    Action.OPERATOR_CONFIRMED: N_("%(who)s confirmed %(operator)s as administrator."),
    Action.OPERATOR_WITHDRAWN: N_("%(who)s withdrew what awaited %(operator)s."),
    Action.OPERATOR_JOINED: N_("%(who)s signed in for the first time."),
    Action.OPERATOR_DISABLED: N_("%(who)s disabled %(operator)s."),
    Action.OPERATOR_ENABLED: N_("%(who)s enabled %(operator)s again."),
    Action.OPERATOR_ROLE_CHANGED: N_("%(who)s gave %(operator)s another role."),
    Action.OPERATORS_READ: N_("%(who)s looked at the list of operators."),
    Action.ACTIVITY_READ: N_("%(who)s read this activity."),
    Action.QUARANTINE_OPENED: N_("%(who)s looked at a document set aside."),
    Action.QUARANTINE_PROPOSED: N_("%(who)s proposed what becomes of a document set aside."),
    Action.QUARANTINE_WITHDRAWN: N_("%(who)s withdrew what was proposed for a document set aside."),
    Action.QUARANTINE_ASSIGNED: N_("%(who)s confirmed: a document set aside is filed in this record."),
    Action.QUARANTINE_DISCARDED: N_("%(who)s confirmed: a document set aside is discarded."),
    Action.MAIL_LIST_PROPOSED: N_("%(who)s proposed a list for the exchange of mail."),
    Action.MAIL_LIST_CONFIRMED: N_("%(who)s confirmed a list for the exchange of mail."),
    Action.MAIL_LIST_REFUSED: N_("%(who)s refused a list for the exchange of mail."),
    Action.EMERGENCIES_READ: N_("%(who)s looked at the list of emergencies."),
    Action.EMERGENCY_LOOKED_AT: N_("%(who)s looked at an opening in an emergency."),
    Action.EMERGENCY_DECIDED: N_("%(who)s decided about an opening in an emergency."),
    Action.ALERTS_READ: N_("%(who)s looked at the list of alerts."),
    Action.ALERT_LOOKED_AT: N_("%(who)s looked at an alert about a professional."),
    Action.ALERT_DECIDED: N_("%(who)s decided about an alert on a professional."),
    Action.PROFESSIONAL_STOPPED: N_("%(who)s stopped a professional's access."),
    Action.PROFESSIONAL_RESTORED: N_("%(who)s restored a professional's access."),
    Action.RECORD_WATCHED: N_("%(who)s has readings of this record looked at more closely."),
    Action.RECORD_UNWATCHED: N_("%(who)s has readings of this record looked at like any other."),
    Action.CONTEST_OPENED: N_("%(who)s read the facts of a contested visit."),
    Action.CONTEST_FORWARDED: N_("%(who)s asked who came, about a contested visit."),
    Action.CONTEST_DECIDED: N_("%(who)s answered about a contested visit."),
    Action.FAMILY_REQUEST_OPENED: N_("%(who)s looked at a request to act for this person."),
    Action.FAMILY_REQUEST_PROPOSED: N_("%(who)s proposed to grant a request to act for this person."),
    Action.FAMILY_REQUEST_REOPENED: N_("%(who)s took back what was proposed for a request to act for this person."),
    Action.FAMILY_REQUEST_CONFIRMED: N_("%(who)s granted a request to act for this person."),
    Action.FAMILY_REQUEST_REFUSED: N_("%(who)s refused a request to act for this person."),
    Action.RESTRICTION_OPENED: N_("%(who)s looked at a decision of a court about this person."),
    Action.RESTRICTION_ENTERED: N_("%(who)s entered a decision of a court about this person."),
    Action.RESTRICTION_CONFIRMED: N_("%(who)s confirmed a decision of a court about this person."),
    Action.RESTRICTION_LIFTING: N_("%(who)s proposed to lift a decision of a court about this person."),
    Action.RESTRICTION_LIFTED: N_("%(who)s lifted a decision of a court about this person."),
    Action.RESTRICTION_DROPPED: N_("%(who)s took back a decision of a court about this person, or its lifting."),
    Action.RECORD_SUSPENDED: N_("%(who)s suspended this record."),
    Action.SUSPENSION_LIFTED: N_("%(who)s lifted the suspension of this record."),
    Action.RECORD_CLOSED: N_("%(who)s closed this suspended record."),
    Action.DEATH_DECLARED: N_("%(who)s declared the death of this person."),
    Action.DEATH_WITHDRAWN: N_("%(who)s withdrew a death declared by mistake."),
    Action.HEIR_ASKED: N_("%(who)s wrote down an heir's request."),
    Action.HEIR_GRANTED: N_("%(who)s let an heir read this record."),
    Action.HEIR_REFUSED: N_("%(who)s refused an heir's request."),
}
_ALIKE = frozenset(
    {
        Action.QUARANTINE_OPENED,
        Action.EMERGENCIES_READ,
        Action.EMERGENCY_LOOKED_AT,
        Action.ALERTS_READ,
        Action.ALERT_LOOKED_AT,
        Action.FAMILY_REQUEST_OPENED,
        Action.RESTRICTION_OPENED,
        Action.OPERATOR_PAGE_OPENED,
        Action.OPERATORS_READ,
        Action.ACTIVITY_READ,
        Action.OPERATOR_SEARCHED,
    }
)


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act, or several alike of one operator in one day: `times` says how often, the newest counts."""

    day: str
    when: str
    at: str
    who: str
    sentence: Markup
    mark: str
    times: int
    papers: tuple[str, ...]


def act_lines(entries: Sequence[Entry]) -> list[ActLine]:
    """Operators' acts as they are listed, in the order given."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        alike = (entry.actor_id, entry.action, near_day(entry.at), _mark(entry))
        groups.setdefault(alike if entry.action in _ALIKE else (id(entry),), []).append(entry)
    return [_line(group[0], len(group)) for group in groups.values()]


def by_day(lines: Iterable[ActLine]) -> list[tuple[str, list[ActLine]]]:
    """The lines under the title of their day."""
    return [(title, list(found)) for title, found in groupby(lines, key=lambda line: line.day)]


def state_words(state: StateFacts) -> tuple[str, str, str]:
    """A record's state in a word, its kind (ok, tip, warn, bad), and a sentence with its dates."""
    word, kind = _STATES[state.state]
    return gettext(word.msgid), kind, _SAID[state.state](state, day(state.state_since))


def _announced(state: StateFacts, _since: str) -> str:
    return str(gettext("It opens on %(day)s, unless the person objects.", day=day(state.opens_at)))


def _deceased(state: StateFacts, since: str) -> str:
    said = str(gettext("The death was declared on %(day)s.", day=since))
    if state.end is None:
        return said
    kept = gettext("The record is kept until %(day)s, and read by granted heirs only.", day=day(state.end))
    return f"{said} {kept}"


def _closed(state: StateFacts, since: str) -> str:
    said = (
        gettext("A suspension closed it on %(day)s.", day=since)
        if state.by_house
        else gettext("The person closed it on %(day)s.", day=since)
    )
    if state.end is None:
        return str(said)
    # Not within an f-string: the catalogue's extraction does not look there.
    then = gettext("Everything in it is erased on %(day)s.", day=day(state.end))
    return f"{said} {then}"


def _suspended(state: StateFacts, since: str) -> str:
    said = gettext("Suspended on %(day)s.", day=since)
    if state.ends_at is None:
        then = gettext("The person objected: somebody must decide.")
    else:
        then = gettext("Without an objection, it closes on %(day)s.", day=day(state.ends_at))
    return f"{said} {then}"


_STATES: Mapping[str, tuple[Message, str]] = {
    records.ANNOUNCED: (N_("Announced"), "tip"),
    records.OPEN: (N_("Open"), "ok"),
    records.ACTIVE: (N_("Active"), "ok"),
    records.OPPOSED: (N_("Opposed"), "warn"),
    records.CLOSED: (N_("Closed"), "warn"),
    records.SUSPENDED: (N_("Suspended"), "bad"),
    records.DECEASED: (N_("Death declared"), "warn"),
    records.ERASED: (N_("Erased"), "warn"),
}
_SAID: Mapping[str, Callable[[StateFacts, str], str]] = {
    records.ANNOUNCED: _announced,
    records.OPEN: lambda _, since: gettext("Open since %(day)s. The person has not come in yet.", day=since),
    records.ACTIVE: lambda _, since: gettext("The person came in on %(day)s.", day=since),
    records.OPPOSED: lambda _, since: gettext("The person objected on %(day)s.", day=since),
    records.CLOSED: _closed,
    records.SUSPENDED: _suspended,
    records.DECEASED: _deceased,
    records.ERASED: lambda _, since: gettext("Erased on %(day)s.", day=since),
}


def _line(entry: Entry, times: int) -> ActLine:
    who = gettext("The house") if entry.actor_kind == ActorKind.SYSTEM else entry.actor_name
    message = _SENTENCES.get(entry.action, N_("%(who)s acted."))
    values = {"who": Markup("<b>%s</b>") % who, "operator": Markup("<b>%s</b>") % entry.detail.get("operator", "")}
    return ActLine(
        day=near_day(entry.at),
        when=at_moment(entry.at),
        at=instant(entry.at),
        who=who,
        # Without values `gettext` formats nothing: they are put in after, escaped.
        sentence=Markup(gettext(message.msgid)) % values,  # noqa: S704 - ours
        mark=_mark(entry),
        times=times,
        papers=tuple(thing["title"] for thing in entry.objects if thing.get("kind") == "paper"),
    )


def _mark(entry: Entry) -> str:
    """By what a record is told from another in a list that names nobody."""
    return next((thing["id"][-8:].upper() for thing in entry.objects if thing.get("kind") == "record"), "")
