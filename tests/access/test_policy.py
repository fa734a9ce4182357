"""The policy, cell by cell, against an independent reading of the published table and of the rules (R11)."""

import csv
import inspect
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from espace.access import policy
from espace.access.policy import ConsentState
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing

DOCTOR_ID, OTHER_ID, RECORD = UUID(int=11), UUID(int=12), UUID(int=13)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

with (files("espace.access") / "data" / "habilitations.csv").open(encoding="utf-8") as _file:
    TABLE = {(row["profession_code"], row["document_type_code"]): row["read"] == "yes" for row in csv.DictReader(_file)}
PROFESSIONS = sorted({profession for profession, _ in TABLE})
TYPES = sorted({type_code for _, type_code in TABLE})

# Visibility marks of a document, by name: the fields of DocumentFacts that are set.
VISIBILITIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "hidden": {"hidden": True},
    "hidden, own": {"hidden": True, "professional_id": DOCTOR_ID},
    "hidden, another's": {"hidden": True, "professional_id": OTHER_ID},
    "awaits announcement": {"patient_invisible": True},
    "secret care": {"representatives_invisible": True},
    "hidden secret care": {"hidden": True, "representatives_invisible": True},
    "held": {"held": True},
    "hidden, held": {"hidden": True, "held": True},
    "held secret care": {"held": True, "representatives_invisible": True},
    "held, awaits announcement": {"held": True, "patient_invisible": True},
}
# What the rules let through, written down apart from the code: AR-13, AR-15, MI-6. What a person chose to read later
# is held from them and from those who act for them; it hides nothing from professionals, nor from an heir.
FOR_PROFESSIONALS = {
    "plain",
    "hidden, own",
    "awaits announcement",
    "secret care",
    "held",
    "held secret care",
    "held, awaits announcement",
}
FOR_HOLDER = {"plain", "hidden", "hidden, own", "hidden, another's", "secret care", "hidden secret care"}
FOR_REPRESENTATIVE = {"plain", "hidden", "hidden, own", "hidden, another's"}
FOR_HEIR = {"plain", "held"}


@dataclass(frozen=True)
class Relating:
    """How an actor stands to the record."""

    relation: str
    profession: str = ""
    consent: ConsentState = ConsentState.NONE
    encounter: bool = False
    attending: bool = False


def relatings(professions: Sequence[str] = PROFESSIONS) -> Iterator[Relating]:
    """Every way of standing: profession × consent × encounter × attending, and the people's relations."""
    for given in itertools.product(professions, ConsentState, (True, False), (True, False)):
        yield Relating("professional", *given)
    yield from (Relating(relation) for relation in ("holder", "representative", "heir", "stranger"))


def expected(relating: Relating, type_code: str, visibility: str) -> bool:
    """Whether the document may be read, by the rules, read without the code."""
    if relating.relation == "holder":
        return visibility in FOR_HOLDER
    if relating.relation == "representative":
        return visibility in FOR_REPRESENTATIVE
    if relating.relation == "heir":
        return visibility in FOR_HEIR
    if relating.relation == "stranger" or relating.consent is not ConsentState.VALID:
        return False
    if not TABLE[relating.profession, type_code]:
        return False
    return visibility in FOR_PROFESSIONALS or (relating.attending and "hidden" in visibility)


READABLE = {p: frozenset(t for t in TYPES if TABLE[p, t]) for p in PROFESSIONS}


def rule_of(module: Any, cell: Relating) -> Any:
    """The rule that the code of `module` makes of a relation."""
    if cell.relation == "professional":
        judgement = module.judge_professional(
            module.ProfessionalFacts(
                reachable=True,
                consent=module.ConsentState(cell.consent.value),
                encounter=cell.encounter,
                readable=READABLE[cell.profession],
                attending=cell.attending,
                attending_sees_hidden=True,
            )
        )
        actor = Actor(ActorKind.PROFESSIONAL, DOCTOR_ID, "Dr", profession=cell.profession)
        relation = Relation.PROFESSIONAL
    else:
        judgement = module.judge_person(
            module.PersonFacts(
                reachable=cell.relation != "heir",
                is_holder=cell.relation == "holder",
                represents=cell.relation == "representative",
                inherits=cell.relation == "heir",
            )
        )
        actor = Actor(ActorKind.PATIENT, OTHER_ID, "Claire", person_id=OTHER_ID)
        relation = {"representative": Relation.REPRESENTATIVE, "heir": Relation.HEIR}.get(
            cell.relation, Relation.HOLDER
        )
    standing = Standing(
        actor,
        RECORD,
        relation,
        "Claire",
        judgement.rights,
        readable_types=judgement.readable_types,
        sees_hidden=judgement.sees_hidden,
    )
    return module.visible(standing)


def differences(
    module: Any, chosen: Iterator[Relating], types: Sequence[str] = TYPES
) -> Iterator[tuple[Relating, str, str]]:
    """The cells on which code and rules differ: how one stands × type × visibility."""
    documents = {
        (type_code, name): module.DocumentFacts(type_code, **marks)
        for type_code in types
        for name, marks in VISIBILITIES.items()
    }
    for relating in chosen:
        rule = rule_of(module, relating)
        for (type_code, name), document in documents.items():
            if rule.decide(document).allowed is not expected(relating, type_code, name):
                yield relating, type_code, name


def test_every_cell_is_as_the_rules_say() -> None:
    assert next(differences(policy, relatings()), None) is None


def test_the_table_is_the_one_that_was_given_with_its_size() -> None:
    assert (len(PROFESSIONS), len(TYPES), len(TABLE)) == (25, 113, 2825)


# --- forty-two changes to a copy of the policy, each of which must be noticed

MUTATIONS = [
    ("facts.consent is ConsentState.VALID", "facts.consent is not ConsentState.BLOCKED"),
    ("facts.consent is ConsentState.VALID", "facts.consent is ConsentState.EXPIRED"),
    ("facts.consent is ConsentState.VALID", "facts.encounter"),
    ("if facts.consent is ConsentState.VALID:", "if True:"),
    ("readable_types=facts.readable", "readable_types=None"),
    ("readable_types=facts.readable", "readable_types=NOTHING"),
    ("sees_hidden=facts.attending and facts.attending_sees_hidden", "sees_hidden=True"),
    ("sees_hidden=facts.attending and facts.attending_sees_hidden", "sees_hidden=False"),
    ("sees_hidden=facts.attending and facts.attending_sees_hidden", "sees_hidden=not facts.attending"),
    ("sees_patient_invisible=True,", "sees_patient_invisible=False,"),
    ("if not facts.is_holder and not facts.represents:", "if False:"),
    ("if not facts.is_holder and not facts.represents:", "if not facts.is_holder:"),
    ("if not facts.is_holder and not facts.represents:", "if not facts.represents:"),
    ("sees_representatives_invisible=True,\n                reason=Reason.HOLDER", "reason=Reason.HOLDER"),
    ("if not self.reads:", "if self.reads:"),
    ("and document.type_code not in self.readable_types", "and document.type_code in self.readable_types"),
    ("if self.readable_types is not None and document.type_code not in self.readable_types:", "if False:"),
    ("document.hidden and not self.sees_hidden and not own", "document.hidden and not self.sees_hidden"),
    ("document.hidden and not self.sees_hidden and not own", "document.hidden and not own"),
    ("document.hidden and not self.sees_hidden and not own", "False"),
    ("document.professional_id == self.own_professional_id", "document.professional_id != self.own_professional_id"),
    ("document.patient_invisible and not self.sees_patient_invisible", "False"),
    ("document.patient_invisible and not self.sees_patient_invisible", "document.patient_invisible"),
    ("document.representatives_invisible and not self.sees_representatives_invisible", "False"),
    (
        "document.representatives_invisible and not self.sees_representatives_invisible",
        "document.representatives_invisible",
    ),
    ("if not standing.may(Permission.DOCUMENTS_READ):", "if False:"),
    ("own_professional_id=standing.actor.id", "own_professional_id=None"),
    ("sees_hidden=standing.sees_hidden", "sees_hidden=True"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.REPRESENTATIVE)",
     "return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, sees_representatives_invisible=True)"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.REPRESENTATIVE)",
     "return VisibilityRule(reads=True, readable_types=None, reason=Reason.REPRESENTATIVE)"),
    ("Decision(allowed=True, reason=self.reason)", "Decision(allowed=False, reason=self.reason)"),
    ("if facts.inherits and not facts.reachable:", "if False:"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=Reason.HEIR)",
     "return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.HEIR)"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=Reason.HEIR)",
     "return VisibilityRule(reads=True, readable_types=None, sees_representatives_invisible=True)"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=Reason.HEIR)",
     "return VisibilityRule(reads=True, readable_types=None, sees_patient_invisible=True)"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_held=True, reason=Reason.HEIR)",
     "return VisibilityRule(reads=True, readable_types=None, reason=Reason.HEIR)"),
    ("document.held and not self.sees_held", "document.held"),
    ("document.held and not self.sees_held", "False"),
    ("sees_representatives_invisible=True,\n                sees_held=True,\n                reason=Reason.CONSENT",
     "sees_representatives_invisible=True,\n                reason=Reason.CONSENT"),
    ("sees_representatives_invisible=True,\n                reason=Reason.HOLDER",
     "sees_representatives_invisible=True,\n                sees_held=True,\n                reason=Reason.HOLDER"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.REPRESENTATIVE)",
     "return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, sees_held=True)"),
    ("return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, reason=Reason.REPRESENTATIVE)",
     "return VisibilityRule(reads=True, readable_types=None, sees_hidden=True, sees_patient_invisible=True)"),
]  # fmt: skip


def changed(before: str, after: str) -> ModuleType:
    """The policy with one change, as a module of its own."""
    source = inspect.getsource(policy)
    assert before in source, f"the policy no longer says {before!r}"
    module = ModuleType("espace.access.changed_policy")
    module.__dict__["__name__"] = policy.__name__  # dataclasses look their module up
    exec(compile(source.replace(before, after, 1), "changed", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(("before", "after"), MUTATIONS)
def test_a_change_of_the_policy_is_noticed(before: str, after: str) -> None:
    few = random.Random(11).sample(TYPES, 12)
    chosen = relatings(("G15_10", "G15_40", "G15_60", "ROLE_SOIN"))
    assert next(differences(changed(before, after), chosen, few), None) is not None


def test_flips_of_the_table_are_all_noticed() -> None:
    """Thirty cells of a copy of the table, chosen at random, each the other way round."""
    for profession, type_code in random.Random(20261123).sample(sorted(TABLE), 30):
        relating = Relating("professional", profession, ConsentState.VALID)
        flipped = READABLE[profession] ^ {type_code}
        facts = policy.ProfessionalFacts(reachable=True, consent=ConsentState.VALID, encounter=False, readable=flipped)
        assert (type_code in (policy.judge_professional(facts).readable_types or ())) is not expected(
            relating, type_code, "plain"
        )


# --- what an actor may do, beside reading

STATES = list(ConsentState)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("encounter", [True, False])
@pytest.mark.parametrize("may_deposit", [True, False])
def test_rights_of_a_professional(state: ConsentState, encounter: bool, may_deposit: bool) -> None:
    facts = policy.ProfessionalFacts(
        reachable=True,
        consent=state,
        encounter=encounter,
        readable=frozenset({"57833-6"}),
        blocked_may_deposit=may_deposit,
    )
    given = policy.judge_professional(facts).rights
    deposit_kept = state is not ConsentState.BLOCKED or may_deposit
    meets = encounter or state is ConsentState.VALID
    assert (Permission.DOCUMENTS_READ in given) is (state is ConsentState.VALID)
    assert (Permission.PATIENT_PAGE in given) is meets
    assert (Permission.ACCESS_ASK in given) is meets
    assert (Permission.DOCUMENTS_DEPOSIT in given) is (meets and deposit_kept)
    assert (Permission.DOCUMENTS_ANNOUNCE in given) is (state is ConsentState.VALID)
    assert not given & {Permission.ACCESS_MANAGE, Permission.HISTORY_READ, Permission.RECORD_HOME}
    assert not given & {Permission.DOCUMENTS_KEEP, Permission.DOCUMENTS_ADD}, "what is the person's stays theirs"
    assert policy.judge_professional(replace(facts, reachable=False)).rights == frozenset()


@pytest.mark.parametrize(
    ("reachable", "is_holder", "represents", "active", "inherits"), list(itertools.product((True, False), repeat=5))
)
def test_rights_of_a_person(reachable: bool, is_holder: bool, represents: bool, active: bool, inherits: bool) -> None:
    """The holder in an open record, a representative in an active one, an heir in one that nobody reads any more."""
    facts = policy.PersonFacts(reachable, is_holder, represents, active, inherits)
    given = policy.judge_person(facts).rights
    if inherits and not reachable:
        assert given == {Permission.RECORD_HOME, Permission.DOCUMENTS_READ}
    elif reachable and (is_holder or (represents and active)):
        assert given == policy.OWN_RIGHTS
    else:
        assert given == frozenset()
    assert not given & {Permission.DOCUMENTS_DEPOSIT, Permission.PATIENT_PAGE, Permission.ACCESS_ASK}
    assert Permission.DOCUMENTS_ANNOUNCE not in given, "it is for a professional to announce (AR-15)"
    assert (Permission.DOCUMENTS_KEEP in given) is (given == policy.OWN_RIGHTS)


@pytest.mark.parametrize("state", STATES)
def test_a_validity_ends_at_its_instant_and_never_without_one(state: ConsentState) -> None:
    def at(until: datetime | None) -> ConsentState:
        return policy.in_effect(state, until, NOW)

    if state is not ConsentState.VALID:
        assert at(NOW - timedelta(days=1)) is at(None) is at(NOW + timedelta(days=1)) is state
        return
    assert at(NOW + timedelta(microseconds=1)) is ConsentState.VALID
    assert at(NOW) is at(NOW - timedelta(days=1)) is at(None) is ConsentState.EXPIRED


def test_each_refusal_says_why() -> None:
    """Every reason a document is kept back for is given by some cell, and none that lets it through."""
    rule = policy.VisibilityRule(reads=True, readable_types=frozenset({"A"}), reason=policy.Reason.CONSENT)
    facts = policy.DocumentFacts("A")
    reasons = {
        policy.VisibilityRule(reads=False).decide(facts): policy.Reason.NO_READING,
        rule.decide(replace(facts, type_code="B")): policy.Reason.TYPE_NOT_OPEN,
        rule.decide(replace(facts, hidden=True)): policy.Reason.HIDDEN,
        rule.decide(replace(facts, patient_invisible=True)): policy.Reason.AWAITS_ANNOUNCEMENT,
        rule.decide(replace(facts, representatives_invisible=True)): policy.Reason.SECRET_CARE,
        rule.decide(replace(facts, held=True)): policy.Reason.HELD,
    }
    assert {decision.reason for decision in reasons} == set(reasons.values())
    assert not any(decision.allowed for decision in reasons)
    assert rule.decide(facts) == policy.Decision(allowed=True, reason=policy.Reason.CONSENT)


def test_a_professional_whose_types_are_unlimited_reads_nothing() -> None:
    """`None` means no limit for people; on a professional's standing it can only be a mistake."""
    actor = Actor(ActorKind.PROFESSIONAL, DOCTOR_ID, "Dr")
    standing = Standing(
        actor, RECORD, Relation.PROFESSIONAL, "Claire", frozenset({Permission.DOCUMENTS_READ}), readable_types=None
    )
    assert not policy.visible(standing).decide(policy.DocumentFacts("57833-6")).allowed


def test_every_mark_of_a_document_is_among_the_cells() -> None:
    marks = {field.name for field in fields(policy.DocumentFacts)} - {"type_code"}
    assert marks == set().union(*(given.keys() for given in VISIBILITIES.values()))
