"""What who decides about a mailbox chooses: name, time of an answer, absence, red list; and what others see of it."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from espace import clock, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError
from espace.messaging.services.boxes import MailboxFacts, mailbox_at
from espace.people import services as people
from espace.people.services import directory
from espace.permissions import Actor
from espace.words import N_, Message, one_line, some_lines

from . import listed, mailboxes
from .mailboxes import led, told, wrong_name

LONGEST_ABSENCE, LONGEST_REPLY = 1000, 60


@dataclass(frozen=True, slots=True)
class Choices:
    """What may change of a mailbox. `reply_days` is 0 for not said; no day of absence: there is none."""

    name: str
    reply_days: int = 0
    absence: str = ""
    absent_from: date | None = None
    absent_until: date | None = None
    listed: bool = True
    receipts: bool = False


@dataclass(frozen=True, slots=True)
class Outward:
    """What who writes to a mailbox is told of it. `absence` is "" unless it runs today; then `until` is its last day.

    `responsible` is who answers for the mailbox of a team, "" for a personal one.
    """

    reply_days: int
    absence: str
    until: date | None
    responsible: str


def change(actor: Actor, mailbox_id: UUID, choices: Choices, *, version: int) -> None:
    """Change what may change of a mailbox; its address and kind never do (MS-8).

    Raises:
        ConflictError: when somebody else changed it meanwhile.
        InvalidError: for a name, a time or an absence that cannot be.
        NotFoundError: for who does not decide about it.
    """
    facts = led(actor, mailbox_id)
    changed = _changed(facts, choices)
    with db.write() as tx:
        mailboxes.write(tx, changed, version)
        place = directory.structure(facts.structure_id) if facts.structure_id else None
        listed.post(tx, changed, place)
        audit.record(actor, facts.id, Action.MAILBOX_CHANGED, objects=[told(changed)])


def _changed(facts: MailboxFacts, choices: Choices) -> MailboxFacts:
    name, absence = one_line(choices.name), some_lines(choices.absence)
    problems: dict[str, Message] = {}
    if problem := wrong_name(name):
        problems["name"] = problem
    if not 0 <= choices.reply_days <= LONGEST_REPLY:
        problems["reply_days"] = N_("Write a number of days between 1 and %(most)d, or nothing.", most=LONGEST_REPLY)
    problems |= _wrong_absence(choices, absence)
    if problems:
        raise InvalidError(problems)
    return replace(
        facts,
        name=name,
        reply_days=choices.reply_days,
        absence=absence,
        absent_from=choices.absent_from.isoformat() if choices.absent_from else "",
        absent_until=choices.absent_until.isoformat() if choices.absent_until else "",
        listed=choices.listed,
        receipts=choices.receipts,
    )


def _wrong_absence(choices: Choices, absence: str) -> dict[str, Message]:
    """An absence has a first day, a last day and a sentence, or none of the days."""
    problems: dict[str, Message] = {}
    first, last = choices.absent_from, choices.absent_until
    if last is not None and first is None:
        problems["absent_from"] = N_("Write the first day of the absence.")
    if first is not None and last is None:
        problems["absent_until"] = N_("Write the last day of the absence.")
    if first is not None and last is not None and last < first:
        problems["absent_until"] = N_("The last day comes before the first.")
    if (first or last) and not absence:
        problems["absence"] = N_("Write what people who write to you will read meanwhile.")
    if len(absence) > LONGEST_ABSENCE:
        problems["absence"] = N_("This text is too long: %(most)d letters at most.", most=LONGEST_ABSENCE)
    return problems


def outward(address: str) -> Outward | None:
    """What who writes to an address is told of the mailbox there; None for none of this house that is open."""
    found = mailbox_at(address)
    if found is None or found.closed_at is not None:
        return None
    away = is_away(found)
    answers = people.professionals([found.responsible_id]) if found.responsible_id else {}
    return Outward(
        reply_days=found.reply_days,
        absence=found.absence if away else "",
        until=date.fromisoformat(found.absent_until) if away else None,
        responsible=next((one.display_name for one in answers.values()), ""),
    )


def is_away(facts: MailboxFacts) -> bool:
    """Whether the absence of a mailbox runs today."""
    if not (facts.absence and facts.absent_from and facts.absent_until):
        return False
    return facts.absent_from <= clock.today().isoformat() <= facts.absent_until
