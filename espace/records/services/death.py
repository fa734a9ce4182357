"""A holder's death, declared by the house: the record is kept and read by nobody but granted heirs (rules.md AC-11)."""

from datetime import date
from uuid import UUID

from espace import clock, db, settings
from espace.errors import InvalidError
from espace.people import services as people
from espace.permissions import Actor, demand_fresh_proof
from espace.words import N_

from .facts import DECEASED, StateFacts, state_of
from .heirs import end_all
from .suspension import checked_reason
from .transitions import Act, Part, as_office, check, enter, go_back, locked, trace, years_after

EVIDENCE = {
    "certificate": N_("Death certificate of the town hall"),
    "register": N_("Notice of the national register of persons"),
    "insurer": N_("Notice of the health insurer"),
    "care-place": N_("Declaration of a care place"),
}
"""What may prove a death, and its words."""


def declare_death(actor: Actor, record_id: UUID, died_on: date, evidence: str) -> StateFacts:
    """Declare the holder dead: the record is kept `settings.archive_years`, then erased.

    An erasure the holder had asked for is still carried out on its day: it was their will.

    Raises:
        ConflictError: when the holder was declared dead already, or the record is erased.
        InvalidError: when the day lies in the future or before the birth, or the evidence is none of `EVIDENCE`.
        NotFoundError: for an operator who is no privacy officer, or when there is no such record.
    """
    as_office(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        _check(people.person(held.state.person_id).birth_date, died_on, evidence)
        rule = check(held, Act.DECLARE_DEATH, Part.PRIVACY_OFFICER)
        enter(
            tx,
            held,
            DECEASED,
            details={"died_on": died_on.isoformat(), "evidence": evidence},
            ends_at=years_after(clock.now(), settings.current().archive_years),
            erase_at=held.state.erase_at,
        )
        trace(actor, record_id, rule.action, {"died_on": died_on.isoformat(), "evidence": evidence})
        return state_of(record_id)


def withdraw_death(actor: Actor, record_id: UUID, reason: str) -> StateFacts:
    """Correct an error: the holder lives. The state before returns; what heirs were granted ends.

    Raises:
        ConflictError: when nobody was declared dead.
        InvalidError: without a reason, or with one too long.
        NotFoundError: for an operator who is no privacy officer, or when there is no such record.
        StepUpError: without a fresh proof (widening, R9).
    """
    as_office(actor)
    demand_fresh_proof(actor)
    reason = checked_reason(reason)
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.WITHDRAW_DEATH, Part.PRIVACY_OFFICER)
        end_all(record_id)
        go_back(tx, held)
        trace(actor, record_id, rule.action, {"reason": reason})
        return state_of(record_id)


def _check(birth: date, died_on: date, evidence: str) -> None:
    problems: dict[str, str] = {}
    if died_on > clock.today():
        problems["died_on"] = N_("This day is in the future.")
    elif died_on < birth:
        problems["died_on"] = N_("This day comes before the birth.")
    if evidence not in EVIDENCE:
        problems["evidence"] = N_("Choose what proves the death.")
    if problems:
        raise InvalidError(problems)
