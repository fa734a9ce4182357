"""A child's record and everybody who may stand before it: the cast of the relation tests (security.md R12)."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.documents import services as documents
from espace.permissions import Permission as P
from espace.permissions import Role
from espace.records import services as records
from espace.records.services import HeirRequest
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.office import Officer
from tests.support.papers import pdf

TITLE = "Bilan de Plume-Canari"
SECRET_TITLE = "Entretien confidentiel Zibeline"

# Independent of `access.policy`: who may do what before the child's record, written by hand from rules.md.
_PARENTS = frozenset({"mother", "second parent"})
_FOUND_HER = frozenset({"authorised", "searched", "asked", "refused", "revoked", "expired", "blocked"})
EXPECTED: dict[P, frozenset[str]] = {
    P.RECORD_HOME: _PARENTS,
    P.DOCUMENTS_ADD: _PARENTS,
    P.DOCUMENTS_KEEP: _PARENTS,
    P.ACCESS_MANAGE: _PARENTS,
    P.HISTORY_READ: _PARENTS,
    P.PATIENT_PAGE: _FOUND_HER,
    P.DOCUMENTS_DEPOSIT: _FOUND_HER,
    P.ACCESS_ASK: _FOUND_HER,  # the blocked may ask and are not told: their request wakes nobody
    P.DOCUMENTS_READ: _PARENTS | {"authorised"},
    P.DOCUMENTS_ANNOUNCE: frozenset({"authorised"}),
}
RELATIONS = (
    "anonymous",
    "stranger",
    "suspended holder",
    "heir of somebody else",
    "operator",
    "mother",
    "second parent",
    "unknown professional",
    "authorised",
    "searched",
    "asked",
    "refused",
    "revoked",
    "expired",
    "blocked",
)


@dataclass(frozen=True)
class Cast:
    """The child, who stands before them, and the ids that addresses on the record name."""

    app: Flask
    child: build.Citizen
    mother: build.Citizen
    people: dict[str, build.Citizen | build.Caregiver | Officer]
    ids: dict[str, UUID]
    absent: dict[str, UUID]

    def browser(self, relation: str) -> Browser:
        """A browser in the hands of one of them."""
        who = self.people.get(relation)
        return who.browser(self.app) if who else Browser(self.app)

    def elsewhere(self, place: str) -> str:
        """The same address, naming nothing that exists."""
        for name, value in self.ids.items():
            place = place.replace(str(value), str(self.absent[name]))
        return place

    def is_professional(self, relation: str) -> bool:
        """Whether this one comes by the professionals' door."""
        return isinstance(self.people.get(relation), build.Caregiver)


def cast(app: Flask, clock: FakeClock) -> Cast:
    """Everybody, each in the state their name says."""
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    suspended = _suspended()
    child = build.citizen(
        "Jules", birth=date(2017, 6, 1), sex="M", parents=(mother, father, suspended), activated=False
    )
    officer = office.officer(Role.PRIVACY_OFFICER)
    records.suspend(officer.actor, suspended.record_id, "Fraude")
    people: dict[str, build.Citizen | build.Caregiver | Officer] = {
        "stranger": build.citizen("Odile", "Marchand", birth=date(1951, 1, 9)),
        "mother": mother,
        "second parent": father,
        "suspended holder": suspended,
        "heir of somebody else": _heir(),
        "operator": officer,
        "unknown professional": build.caregiver("Perrin", "Luc"),
    }
    expired = build.caregiver("Expiré", "Ana")
    _consent(mother, child, expired, Answer.GRANT, days=1)
    clock.advance(timedelta(days=2))
    for relation, answers in {
        "authorised": [Answer.GRANT],
        "asked": [],
        "refused": [Answer.REFUSE],
        "revoked": [Answer.GRANT, Answer.REVOKE],
        "blocked": [Answer.BLOCK],
    }.items():
        professional = build.caregiver(relation.capitalize(), "Sam")
        _consent(mother, child, professional, *answers)
        people[relation] = professional
    searched = build.caregiver("Searched", "Sam")
    for professional in (searched, expired):
        access.note_encounter(professional.actor, child.record_id)
    people |= {"searched": searched, "expired": expired}
    parent = mother.standing(child.record_id)
    added = documents.add(
        parent, documents.AddDocument(title=TITLE, date=date(2026, 11, 2), type_code="DOCPAT03", content=pdf(TITLE))
    )
    asked = next(line for line in access.consents(parent) if line.state is access.ConsentState.ASKED)
    ids = {"record_id": child.record_id, "document_id": added.id, "consent_id": asked.id}
    return Cast(app, child, mother, people, ids, {name: UUID(int=value.int ^ 1) for name, value in ids.items()})


def _suspended() -> build.Citizen:
    """A parent of this child whose own space is suspended for fraud: nobody may act through their account."""
    return build.citizen("Suspendue", "Lenoir", birth=date(1980, 2, 2))


def _heir() -> build.Citizen:
    """Who may read a dead person's record, and so has something of the same shape open elsewhere."""
    dead, heir = build.citizen("Ange", "Morel", birth=date(1930, 4, 4)), build.citizen("Rose", "Morel")
    officer = office.officer(Role.PRIVACY_OFFICER).actor
    records.declare_death(officer, dead.record_id, date(2026, 11, 20), "certificate")
    asked = records.ask_for_heir(officer, dead.record_id, HeirRequest(heir.person_id, "child", "memory"))
    records.decide_heir(officer, dead.record_id, asked, grant=True, reason="Livret de famille")
    return heir


def _consent(
    mother: build.Citizen, child: build.Citizen, professional: build.Caregiver, *answers: Answer, days: int = 365
) -> None:
    access.ensure_matrix()
    access.note_encounter(professional.actor, child.record_id)
    standing = professional.standing(child.record_id)
    assert standing is not None
    access.ask(standing, "Suivi")
    for answer in answers:
        parent = mother.standing(child.record_id)
        line = next(line for line in access.consents(parent) if line.grantee_id == professional.id)
        access.answer(parent, line.id, answer, version=line.version, days=days if answer is Answer.GRANT else None)
