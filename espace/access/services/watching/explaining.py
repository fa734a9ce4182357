"""Asking somebody why they came to a record, and telling whom it concerns: never about whom, nor what (R52).

Owners and deadlines: who came has `visit_answer_days` to say why; then, or when a visit is contested, the privacy
officer has `contest_days`. Nothing waits for nobody.
"""

from datetime import timedelta
from uuid import UUID

from espace import clock, db, settings
from espace.access.services.standing import standing
from espace.accounts import services as accounts
from espace.accounts.services import operator_rows
from espace.audit import services as audit
from espace.audit.services import Action, answers
from espace.audit.services.answers import AnswerState, Place, Step, VisitFacts
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.notifications import services as notifications
from espace.notifications.services import Event, PracticeNews, tell_professional
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, ActorKind, Permission, Relation, Role, Standing
from espace.words import N_, one_line

MOST_WORDS = 600
REMINDED = timedelta(days=1)
"""How long after a reminder the next one comes."""
SIDE = "side"
"""In the detail of a row: for whom a visit was answered; of a holder's own their parents are told nothing (R13)."""


def explain_by() -> dict[str, object]:
    """Until when somebody who is asked now says why."""
    return {"explain_by": clock.now() + timedelta(days=settings.current().visit_answer_days)}


def decide_by() -> dict[str, object]:
    """Until when the privacy officer who is asked now answers."""
    return {"decide_by": clock.now() + timedelta(days=settings.current().contest_days)}


def step(by: str, part: str, what: str, words: str = "") -> Step:
    """One move, now. `part`: asker, visitor, officer, house."""
    return Step(clock.now().isoformat(), by, part, what, words)


def checked_words(words: str, *, needed: bool) -> str:
    """What somebody wrote, in one line.

    Raises:
        InvalidError: for `words` when there are too many, or none where some are needed.
    """
    said = one_line(words)
    if needed and not said:
        raise InvalidError({"words": N_("Write your answer: the person reads it.")})
    if len(said) > MOST_WORDS:
        raise InvalidError({"words": N_("Write at most %(limit)d characters.", limit=MOST_WORDS)})
    return said


def asked(actor: Actor, after: Place | None = None) -> list[VisitFacts]:
    """What the actor is asked to explain, by deadline: about their own visits only.

    A relative who does not reach the record any more is shown nothing of it, not even that somebody asks (R15).
    """
    found = answers.asked_of(actor.id, after)
    if actor.kind is ActorKind.PROFESSIONAL:
        return found
    reached = {record_id: standing(actor, record_id) is not None for record_id in {one.record_id for one in found}}
    return [one for one in found if reached[one.record_id]]


def asked_one(actor: Actor, answer_id: UUID) -> VisitFacts:
    """One of `asked`.

    Raises:
        NotFoundError: when the actor is not asked that.
    """
    found = answers.asked_one(actor.id, answer_id)
    if actor.kind is not ActorKind.PROFESSIONAL and standing(actor, found.record_id) is None:
        raise NotFoundError
    return found


def was_asked(actor: Actor, answer_id: UUID) -> bool:
    """Whether this question was put to the actor once, and may still be known to them: it is answered, or over."""
    record_id = answers.record_of_asked(actor.id, answer_id)
    if record_id is None:
        return False
    return actor.kind is ActorKind.PROFESSIONAL or standing(actor, record_id) is not None


def explain(actor: Actor, answer_id: UUID, words: str, *, version: int) -> None:
    """Say why one came; who asked is told that there is an answer.

    Raises:
        NotFoundError: when the actor is not asked that, or not any more.
        InvalidError: without words, or with too many.
        ConflictError: when it was answered from another window meanwhile.
    """
    said = checked_words(words, needed=True)
    with db.write():
        found = asked_one(actor, answer_id)
        if found.version != version:
            raise ConflictError
        state = AnswerState.EXPLAINED if found.state is AnswerState.ASKED else found.state
        answers.change_answer(
            found,
            state=state,
            explain_by=None,
            steps=(*found.steps, step(actor.name, "visitor", "explained", said)),
        )
        audit.record(
            actor,
            found.record_id,
            Action.EXPLANATION_GIVEN,
            relation=Relation.PROFESSIONAL if actor.kind is ActorKind.PROFESSIONAL else None,
            detail={SIDE: found.side},
        )
        tell_asker(found)
        if found.decide_by is not None:
            tell_officers()


def tell_visitor(facts: VisitFacts) -> None:
    """Tell who came that somebody asks why; not a relative who does not reach the record any more (see `asked`)."""
    if facts.visitor_kind == ActorKind.PROFESSIONAL:
        tell_professional(people.professional(facts.visitor_id).mssante, PracticeNews.EXPLANATION)
    elif _standing(facts.visitor_id, facts.record_id) is not None:
        reach = accounts.reach_of(facts.visitor_id)
        if reach is not None:
            notifications.notify(reach, Event.VISIT_QUESTION)


def tell_asker(facts: VisitFacts) -> None:
    """Tell who asked that there is an answer, as long as they may read it.

    Not a parent whom a decision stopped meanwhile, nor who may not know of the visit any more (security.md R13, R15).
    """
    found = _standing(facts.asker_id, facts.record_id)
    if found is None or not found.may(Permission.HISTORY_READ) or not _knows(found, facts):
        return
    reach = accounts.reach_of(facts.asker_id)
    if reach is not None:
        notifications.notify(reach, Event.VISIT_ANSWER)


def _standing(account_id: UUID, record_id: UUID) -> Standing | None:
    """How the person of an account stands to a record now."""
    actor = accounts.actor_behind(account_id)
    return None if actor is None else standing(actor, record_id)


def _knows(reader: Standing, facts: VisitFacts) -> bool:
    """Whether the history tells a reader anything of a visit now."""
    for act in audit.acts_told(reader, facts.visitor_id):
        if act.sequence <= facts.last_sequence:
            return act.sequence >= facts.first_sequence
    return False


def tell_officers() -> None:
    """Tell the privacy officers that something waits for them."""
    for each in operator_rows.at_work(Role.PRIVACY_OFFICER):
        notifications.send_mail(each.email, each.locale, "contest-waits")


def tick() -> int:
    """Hand what nobody explained in time to the privacy officer, remind of contests that are late; gives how many."""
    now, moved = clock.now(), 0
    for late in answers.overdue_explanations(now):
        try:
            _hand_over(late)
        except ConflictError:
            continue  # an answer came at the same instant
        moved += 1
    reminded = answers.overdue_contests(now, now - REMINDED)
    if reminded:
        with db.write():
            for one in reminded:
                answers.note_reminded(one)
            tell_officers()
    return moved + len(reminded)


def _hand_over(late: VisitFacts) -> None:
    said = (*late.steps, step("", "house", "overdue"))
    with db.write():
        if late.state is not AnswerState.ASKED:  # the privacy officer had asked, and knows now
            answers.change_answer(late, explain_by=None, steps=said)
            return
        answers.change_answer(late, state=AnswerState.CONTESTED, explain_by=None, steps=said, **decide_by())
        audit.record(SYSTEM, late.record_id, Action.EXPLANATION_OVERDUE, detail={SIDE: late.side})
        tell_asker(late)
        tell_officers()
