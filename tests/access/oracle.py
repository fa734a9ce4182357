"""Who may read what, by the rules: read from the published table and `rules.md` apart from the code of the policy."""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType, ModuleType
from typing import Any
from uuid import UUID

from espace.permissions import Actor, ActorKind, Permission, Relation, Standing, Task


class Consent(StrEnum):
    """What may have been decided about a professional or a team: rules.md AR-1 to AR-6."""

    NONE = "none"
    ASKED = "asked"
    VALID = "valid"
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    BLOCKED = "blocked"


DOCTOR, PLACE, OTHER, CARER, RECORD = (UUID(int=number) for number in range(11, 16))
LIMIT = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 5, 31, tzinfo=UTC), LIMIT

with (files("espace.access") / "data" / "habilitations.csv").open(encoding="utf-8") as _file:
    TABLE = {(row["profession_code"], row["document_type_code"]): row["read"] == "yes" for row in csv.DictReader(_file)}
PROFESSIONS = sorted({profession for profession, _ in TABLE})
TYPES = sorted({type_code for _, type_code in TABLE})
READABLE = {p: frozenset(t for t in TYPES if TABLE[p, t]) for p in PROFESSIONS}

MARKS: dict[str, dict[str, Any]] = {
    "": {},
    "hidden": {"hidden": True},
    "announcement": {"patient_invisible": True},
    "secret": {"representatives_invisible": True},
    "held": {"held": True},
    "own": {"professional_id": DOCTOR},
    "another's": {"professional_id": OTHER},
    "kept from the doctor": {"kept_from": frozenset({DOCTOR})},
    "kept from the place": {"kept_from": frozenset({OTHER, PLACE})},
    "kept from the carer": {"kept_from": frozenset({CARER})},
    "kept from another": {"kept_from": frozenset({OTHER})},
    "shown to the doctor": {"shown_to": frozenset({DOCTOR, OTHER})},
    "shown to the carer": {"shown_to": frozenset({CARER})},
    "shown to another": {"shown_to": frozenset({OTHER})},
    "early": {"arrived_at": BEFORE},
    "late": {"arrived_at": AFTER},
}
"""What may be said of a document, each by the fields of `DocumentFacts` that say it."""


def _said(marks: Sequence[str]) -> dict[str, Any] | None:
    """The fields that several marks set together; None when they contradict each other."""
    found: dict[str, Any] = {}
    for mark in marks:
        for name, value in MARKS[mark].items():
            if name in found and not isinstance(value, frozenset):
                return None
            found[name] = found[name] | value if name in found else value
    return found


DOCUMENTS = [
    (frozenset(marks), given)
    for size in (1, 2)
    for marks in itertools.combinations(MARKS, size)
    if (given := _said(marks)) is not None
]
"""Every document that one or two of the marks say something of."""


@dataclass(frozen=True)
class Relating:
    """How an actor stands to the record. `bound`: rules about single documents hold for them here."""

    relation: str
    profession: str = ""
    consent: Consent = Consent.NONE
    team: Consent = Consent.NONE
    window: str | None = None
    emergency: str | None = None
    encounter: bool = False
    attending: bool = False
    blocked_may_deposit: bool = True
    frozen: bool = False
    narrowed: bool = False
    tasks: frozenset[Task] = frozenset()
    withheld: frozenset[str] = frozenset()
    reachable: bool = True
    active: bool = True
    bound: bool = True
    secret: bool = False
    only_reads: bool = False
    agreed: bool = True
    may_prove: bool = False
    named_only: bool = False
    """A doctor of the workplace or of a fire service: AR-12."""
    named_only_feeds: bool = False
    asked_after_no: bool = False
    """Asked again, after a refusal or an end that nobody took back since."""


def professionals(professions: Sequence[str] = PROFESSIONS) -> Iterator[Relating]:
    """Every way a professional stands: consent × team × code × emergency × encounter × attending × settings."""
    windows, modes, both = (None, "read", "deposit"), (None, "break-glass", "centre-15"), (True, False)
    for profession, *others in itertools.product(professions, Consent, Consent, windows, modes, both, both):
        given: Any = others
        one = Relating("professional", profession, *given)
        yield one
        if one.consent in (Consent.BLOCKED, Consent.REFUSED) or one.team is Consent.BLOCKED:
            yield replace(one, blocked_may_deposit=False)
            yield replace(one, blocked_may_deposit=False, secret=True)
        if one.consent is Consent.ASKED:
            yield replace(one, asked_after_no=True)
        if profession == professions[0]:
            yield replace(one, secret=True)
            for feeds, may_deposit in itertools.product(both, both):
                yield replace(one, named_only=True, named_only_feeds=feeds, blocked_may_deposit=may_deposit)
            yield replace(one, named_only_feeds=True)
    yield Relating("professional", professions[0], Consent.VALID, bound=False)
    yield Relating("professional", professions[0], Consent.VALID, emergency="centre-15", reachable=False)


def people() -> Iterator[Relating]:
    """Every way a person stands: the holder, a representative frozen or not, a carer of some tasks, an heir, nobody."""
    both = (True, False)
    some = frozenset({TYPES[0], "57833-6"})
    for reachable, active, frozen, narrowed in itertools.product(both, repeat=4):
        state: dict[str, Any] = {"reachable": reachable, "active": active}
        yield Relating("holder", **state)
        yield Relating("holder", **state, only_reads=True)
        yield Relating("holder", **state, only_reads=True, agreed=False)
        yield Relating("holder", **state, only_reads=True, agreed=False, may_prove=True)
        yield Relating("holder", **state, only_reads=True, may_prove=True)
        yield Relating("holder", **state, agreed=False)
        yield Relating("heir", **state)
        yield Relating("stranger", **state)
        yield Relating("representative", **state, frozen=frozen, narrowed=narrowed)
        for size in range(1, len(Task) + 1):
            for tasks in itertools.combinations(Task, size):
                yield Relating("carer", **state, tasks=frozenset(tasks), withheld=some)
                yield Relating("carer", **state, tasks=frozenset(tasks), bound=False)


# -- the rules -------------------------------------------------------------------------------------------------------

_MEETS = {Permission.PATIENT_PAGE, Permission.DOCUMENTS_DEPOSIT, Permission.ACCESS_ASK}
_READS = {Permission.RECORD_HOME, Permission.DOCUMENTS_READ}
_READS_ALL = {*_READS, Permission.MESSAGES_READ}
"""An heir reads no messages: what was written to the dead person in confidence stays between the two."""
_OWN = {
    *_READS_ALL,
    Permission.MESSAGES_WRITE,
    Permission.DOCUMENTS_ADD,
    Permission.DOCUMENTS_KEEP,
    Permission.ACCESS_MANAGE,
    Permission.HISTORY_READ,
}


def way(one: Relating) -> str:
    """By which right a professional reads, "" for none: AR-1, AR-5 (blocked: never), AR-7, AR-8, AR-12 (by name)."""
    state = one.consent.value
    if state == "blocked" or not one.reachable:
        return ""
    if state == "valid":
        return "consent"
    if one.team.value == "blocked":  # the whole place, but for who is named
        return ""
    was_told_no = state in ("refused", "revoked") or one.asked_after_no  # asking is no answer (AR-1)
    if one.team.value == "valid" and not was_told_no and not one.named_only:
        return "team"
    return "window" if one.window else one.emergency or ""


def rights(one: Relating) -> tuple[set[Permission], str]:
    """What one may do before the record, and why: AR-4, AR-15, MI-1, MI-12, AC-11, R15."""
    if one.relation != "professional":
        return _of_person(one)
    given, why = _of_professional(one)
    # In secret connection one meets, reads and deposits: neither asks, nor tells anybody of anything (MI-7).
    told = {Permission.ACCESS_ASK, Permission.DOCUMENTS_ANNOUNCE}
    return (given - told if one.secret else given), why


def _of_professional(one: Relating) -> tuple[set[Permission], str]:
    if not one.reachable:
        return set(), "record-not-open"
    by = way(one)
    # Who is to be named adds nothing without that, an identification notwithstanding (AR-12).
    feeds_by_meeting = one.encounter and (one.named_only_feeds or not one.named_only)
    if not by:
        shut_out = one.consent.value == "blocked" or (one.team.value == "blocked" and one.consent.value != "valid")
        feeds = feeds_by_meeting and (one.blocked_may_deposit or not shut_out)
        kept = _MEETS if feeds else _MEETS - {"documents:deposit"}
        return (set(kept), "encounter") if one.encounter else (set(), "stranger")
    given = {Permission.DOCUMENTS_READ, Permission.PATIENT_PAGE, Permission.ACCESS_ASK}
    if by != "window" or one.window == "deposit" or feeds_by_meeting:
        given.add(Permission.DOCUMENTS_DEPOSIT)
    if by in ("consent", "team"):
        given.add(Permission.DOCUMENTS_ANNOUNCE)
    return given, by


def _of_person(one: Relating) -> tuple[set[Permission], str]:
    if one.relation == "heir" and not one.reachable:
        return set(_READS), "heir"
    if one.relation in ("heir", "stranger"):
        return set(), "stranger"
    if not one.reachable or (one.relation != "holder" and not one.active):
        return set(), "record-not-open"
    if one.relation == "carer":
        opened = {
            Task.READ_DOCUMENTS: Permission.DOCUMENTS_READ,
            Task.ADD_DOCUMENTS: Permission.DOCUMENTS_ADD,
            Task.READ_MESSAGES: Permission.MESSAGES_READ,
            Task.WRITE_MESSAGES: Permission.MESSAGES_WRITE,
        }
        return {Permission.RECORD_HOME, *(opened[task] for task in one.tasks)}, "carer"
    if one.relation == "representative" and one.frozen:
        return (set(_READS_ALL) if one.narrowed else set()), "frozen"
    if one.relation == "holder" and one.only_reads:  # with a parent's agreement: reading, and nothing else (MI-3)
        enters = {Permission.RECORD_HOME} if one.may_prove else set()  # without one, to prove that it is theirs
        return (set(_READS_ALL) if one.agreed else enters), "holder"
    return set(_OWN), one.relation


def closed_by(one: Relating, type_code: str, marks: frozenset[str], *, reads: bool, attends: bool) -> set[str]:
    """Every reason for which a document may not be read, none when it may: AR-13, AR-15, MI-6, the matrix, R15.

    `reads` and `attends` are the same for every document: whether one reads at all, and as a doctor who attends.
    """
    if not reads:
        return {"no-reading"}
    if one.relation == "professional":
        is_open = TABLE[one.profession, type_code]
        return _for_professional(one, marks, attends=attends) if is_open else {"type-not-open-to-profession"}
    reasons = {
        "awaits-announcement": "announcement" in marks,
        "secret-care": "secret" in marks and (one.relation != "holder" or one.only_reads),
        "held-until-wanted": "held" in marks and one.relation != "heir",
        "hidden-by-holder": "hidden" in marks and _is_hidden_from(one, marks),
        "came-after-limit": one.frozen and one.relation == "representative" and "early" not in marks,
        "type-withheld": type_code in one.withheld,
        "kept-from-them": one.relation == "carer" and one.bound and "kept from the carer" in marks,
    }
    return {reason for reason, holds in reasons.items() if holds}


def _is_hidden_from(one: Relating, marks: frozenset[str]) -> bool:
    if one.relation == "carer":
        return not (one.bound and "shown to the carer" in marks)
    return one.relation == "heir"


def _for_professional(one: Relating, marks: frozenset[str], *, attends: bool) -> set[str]:
    if "own" in marks:
        return set()
    kept = one.bound and marks & {"kept from the doctor", "kept from the place"}
    shown = attends or (one.bound and "shown to the doctor" in marks)
    return {"kept-from-them"} if kept else {"hidden-by-holder"} if "hidden" in marks and not shown else set()


# -- the code --------------------------------------------------------------------------------------------------------


def judged(
    module: ModuleType | Any, one: Relating, readable: Mapping[str, frozenset[str]] = MappingProxyType(READABLE)
) -> Any:
    """What the code of `module` makes of it: the judgement."""
    if one.relation != "professional":
        return module.judge_person(
            module.PersonFacts(
                reachable=one.reachable,
                is_holder=one.relation == "holder",
                represents=one.relation == "representative",
                active=one.active,
                inherits=one.relation == "heir",
                frozen=one.frozen,
                sees_before=LIMIT if one.narrowed else None,
                tasks=one.tasks,
                withheld_types=one.withheld,
                only_reads=one.only_reads,
                agreed=one.agreed,
                may_prove=one.may_prove,
            )
        )
    return module.judge_professional(
        module.ProfessionalFacts(
            reachable=one.reachable,
            consent=module.ConsentState(one.consent.value),
            team=module.ConsentState(one.team.value),
            denied=one.asked_after_no,
            window=module.Window(one.window) if one.window else None,
            emergency=module.EmergencyMode(one.emergency) if one.emergency else None,
            encounter=one.encounter,
            readable=readable[one.profession],
            sees_hidden=one.attending,
            blocked_may_deposit=one.blocked_may_deposit,
            secret=one.secret,
            express=one.named_only,
            express_may_deposit=one.named_only_feeds,
        )
    )


_RELATIONS = {
    "holder": Relation.HOLDER,
    "representative": Relation.REPRESENTATIVE,
    "carer": Relation.CARER,
    "heir": Relation.HEIR,
    "stranger": Relation.HOLDER,
    "professional": Relation.PROFESSIONAL,
}


def rule_of(module: ModuleType | Any, one: Relating, judgement: Any) -> Any:
    """What the code of `module` makes of a judgement: the rule by which documents are let through."""
    is_professional = one.relation == "professional"
    actor = Actor(
        ActorKind.PROFESSIONAL if is_professional else ActorKind.PATIENT,
        DOCTOR if is_professional else CARER,
        "Claire",
        profession=one.profession,
    )
    bound = frozenset({DOCTOR, PLACE} if is_professional else {CARER})
    standing = Standing(
        actor,
        RECORD,
        _RELATIONS[one.relation],
        "Claire",
        judgement.rights,
        reason=judgement.reason.value,
        readable_types=judgement.readable_types,
        withheld_types=judgement.withheld_types,
        arrived_before=judgement.arrived_before,
        bound_by=bound if one.bound else frozenset(),
        sees_hidden=judgement.sees_hidden,
    )
    return module.visible(standing)


def differences(
    module: ModuleType | Any,
    chosen: Iterator[Relating],
    types: Sequence[str] = TYPES,
    *,
    every: int = 1,
    readable: Mapping[str, frozenset[str]] = MappingProxyType(READABLE),
) -> Iterator[str]:
    """Where code and rules differ: what one may do, and the cells of how one stands × type × document.

    Two ways of standing of which the code makes the same rule and the rules say the same are gone through once.
    `every`: of how many documents one is taken; `readable`: what the table opens to each profession.
    """
    gone: set[tuple[Any, ...]] = set()
    documents = [(t, marks, module.DocumentFacts(t, **given)) for t in types for marks, given in DOCUMENTS[::every]]
    for one in chosen:
        judgement = judged(module, one, readable)
        given, reason = rights(one)
        if (judgement.rights, judgement.reason.value) != (given, reason):
            yield f"{one}: {judgement.rights} {judgement.reason}"
        rule = rule_of(module, one, judgement)
        reads, attends = Permission.DOCUMENTS_READ in given, one.attending and way(one) in ("consent", "team")
        by_rules = (one.relation, one.profession, reads, one.attending, reason)
        key = (rule, *by_rules, one.bound, one.frozen, one.narrowed, one.withheld, one.only_reads)
        if key in gone:
            continue
        gone.add(key)
        for type_code, marks, document in documents:
            decision = rule.decide(document)
            closed = closed_by(one, type_code, marks, reads=reads, attends=attends)
            if decision.allowed is bool(closed) or decision.reason.value not in (closed or {reason}):
                yield f"{one}: {type_code} {sorted(marks)}: {decision}"
