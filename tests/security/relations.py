"""A child's record and everybody who may stand before it: the cast of the relation tests (security.md R12)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from espace import db
from espace.access import services as access
from espace.access.models import Emergency
from espace.access.policy import Window
from espace.access.services import Answer
from espace.access.services.decisions import blocking
from espace.access.services.passing import codes
from espace.assembly import handle_events
from espace.documents import services as documents
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.passing import guests, sharing
from espace.documents.services.passing.guests import Deposit
from espace.documents.services.passing.sharing import NewShare
from espace.family import services as family
from espace.interop.mail_letter import Part
from espace.permissions import Permission as P
from espace.permissions import Role, Standing, Task, Visitor
from espace.records import services as records
from espace.records.services import HeirRequest
from espace.settings import Settings
from tests.messaging import letters
from tests.support import build, office, readers
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.office import Officer
from tests.support.papers import pdf

TITLE = "Bilan de Plume-Canari"
SECRET_TITLE = "Entretien confidentiel Zibeline"

# Independent of `access.policy`: who may do what before the child's record, written by hand from rules.md.
MODE = "centre-15"
_PARENTS = frozenset({"mother", "second parent"})
_READ_HER_MAIL = frozenset({"carer who reads messages", "carer who answers"})
_CARE_FOR_HER = frozenset({"carer who reads", "carer who adds"}) | _READ_HER_MAIL
_BY_CONSENT = frozenset({"authorised", "team"})
_IN_PASSING = frozenset({"code to deposit", "emergency", "centre 15"})
_FOUND_HER = (
    frozenset({"searched", "asked", "refused", "revoked", "expired", "blocked", "blocked place"})
    | _BY_CONSENT
    | _IN_PASSING
)
EXPECTED: dict[P, frozenset[str]] = {
    P.RECORD_HOME: _PARENTS | _CARE_FOR_HER | {"narrowed parent"},
    P.DOCUMENTS_ADD: _PARENTS | {"carer who adds"},
    P.DOCUMENTS_KEEP: _PARENTS,
    P.ACCESS_MANAGE: _PARENTS,
    P.HISTORY_READ: _PARENTS,
    P.PATIENT_PAGE: _FOUND_HER | {"code to read"},
    P.DOCUMENTS_DEPOSIT: _FOUND_HER,
    P.ACCESS_ASK: _FOUND_HER | {"code to read"},  # the blocked are not told: their request wakes nobody
    P.DOCUMENTS_READ: _PARENTS | {"narrowed parent", "carer who reads", "code to read"} | _BY_CONSENT | _IN_PASSING,
    P.DOCUMENTS_ANNOUNCE: _BY_CONSENT,
    P.MESSAGES_READ: _PARENTS | _READ_HER_MAIL | {"narrowed parent"},
    P.MESSAGES_WRITE: _PARENTS | {"carer who answers"},  # a message is between the person and who wrote to them
}
_NOTHING_AT: dict[str, tuple[str, ...]] = {
    "narrowed parent": ("/soins", "/attente"),  # nobody knows when a line of the insurer arrived
    "carer who reads": ("/attente",),  # a result waits for a word of its person's
    "carer who adds": ("/remplacer",),  # they read nothing, so they find nothing to replace
    # A copy of a document goes to the person from who reads it.
    **dict.fromkeys(sorted(_FOUND_HER - _BY_CONSENT - _IN_PASSING), ("/copie",)),
}
_NO_ACT = ("/fermer-code", "/urgence/appel", "/accuse", "/renvoyer", "/documents/<int:number>/ranger")
"""A window to close has who was given a code; calls are answered by doctors of the 15. No message failed, no receipt is
asked for, and the enclosed file is no archive."""
_NO_ACT_AT: dict[str, tuple[str, ...]] = {
    "narrowed parent": ("/non-lu", *_NO_ACT),  # whose reading marks nothing has nothing to mark
    "carer who reads messages": ("/non-lu", *_NO_ACT),
    "carer who answers": ("/non-lu", *_NO_ACT),
    # they close their window first, and then find nothing
    "code to read": ("/attente", "/soins/recherche", "/urgence"),
    "code to deposit": ("/attente", "/soins/recherche", "/urgence"),
    "emergency": ("/attente", "/fermer-code", "/urgence/appel"),
    "centre 15": ("/attente", "/fermer-code"),
}
_SAMU = "499900090"
"""The number of the place that answers calls to the 15, where one of them works."""
RELATIONS = (
    "anonymous",
    "stranger",
    "suspended holder",
    "heir of somebody else",
    "operator",
    "mother",
    "second parent",
    "frozen parent",
    "narrowed parent",
    "carer who reads",
    "carer who adds",
    "carer who reads messages",
    "carer who answers",
    "carer of somebody else",
    "carer until yesterday",
    "unknown professional",
    "authorised",
    "team",
    "team of another place",
    "code to read",
    "code to deposit",
    "emergency",
    "centre 15",
    "searched",
    "asked",
    "refused",
    "revoked",
    "expired",
    "blocked",
    "blocked place",
)


def with_regulation(settings: Settings) -> Settings:
    """The house's settings in which the doctor of the 15 is at work."""
    return replace(settings, regulation_structures=f"1{_SAMU}")


@dataclass(frozen=True)
class Cast:
    """The child, who stands before them, and the ids that addresses on the record name."""

    app: Flask
    child: build.Citizen
    mother: build.Citizen
    people: dict[str, build.Citizen | build.Caregiver | Officer]
    ids: dict[str, UUID]
    absent: dict[str, UUID]

    def ids_for(self, rule: str) -> dict[str, UUID | str]:
        """What an address of this rule names: what a link is depends on the place where it stands."""
        places = (name.rpartition("/") for name in self.ids)
        here = {what: self.ids[f"{place}/{what}"] for place, _, what in places if place and f"/{place}/<" in rule}
        return {**self.ids, **here, "mode": MODE}

    def by_might(self) -> list[str]:
        """Everybody, who may change most for the others coming last."""
        return sorted(RELATIONS, key=lambda relation: (relation in _PARENTS, relation == "mother"))

    def browser(self, relation: str) -> Browser:
        """A browser in the hands of one of them."""
        who = self.people.get(relation)
        return who.browser(self.app) if who else Browser(self.app)

    def elsewhere(self, place: str) -> str:
        """The same address, naming nothing that exists."""
        for name, value in self.ids.items():
            place = place.replace(str(value), str(self.absent[name]))
        return place

    def serves(self, relation: str, rule: str, permission: P) -> bool:
        """Whether this one is served at addresses of this rule, as the tables above say."""
        at_their_door = rule.startswith("/pro/") is self.is_professional(relation)
        if "/voir-comme/" in rule:
            permission = P.ACCESS_MANAGE  # the pages are those of other readers; looking as them is deciding about them
        return at_their_door and relation in EXPECTED[permission]

    def leaves_nothing(self, relation: str, rule: str) -> bool:
        """Whether what one may do in general is nothing at this address."""
        return any(place in rule for place in _NOTHING_AT.get(relation, ()))

    def does_nothing(self, relation: str, rule: str) -> bool:
        """Whether an act of this rule finds nothing to act on."""
        places = (*_NOTHING_AT.get(relation, ()), *_NO_ACT_AT.get(relation, _NO_ACT))
        return any(place in rule for place in places)

    def is_professional(self, relation: str) -> bool:
        """Whether this one comes by the professionals' door."""
        return isinstance(self.people.get(relation), build.Caregiver)


def token_of(browser: Browser) -> str:
    """A valid CSRF token of this browser, so that only rights stand between it and the act."""
    page = browser.get("/connexion", follow=True, expect=None)
    found = page.tree.xpath("//input[@name='csrf_token']/@value | //meta[@name='csrf-token']/@content")
    return str(found[0]) if found else ""


def cast(app: Flask, clock: FakeClock) -> Cast:
    """Everybody, each in the state their name says."""
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    suspended = _suspended()
    frozen, narrowed = build.citizen("Marc", "Roy", sex="M"), build.citizen("Lise", "Colas")
    child = build.citizen(
        "Jules",
        birth=date(2017, 6, 1),
        sex="M",
        parents=(mother, father, suspended, frozen, narrowed),
        activated=False,
    )
    officer = office.officer(Role.PRIVACY_OFFICER)
    records.suspend(officer.actor, suspended.record_id, "Fraude")
    people: dict[str, build.Citizen | build.Caregiver | Officer] = {
        "stranger": build.citizen("Odile", "Marchand", birth=date(1951, 1, 9)),
        "mother": mother,
        "second parent": father,
        "frozen parent": frozen,
        "narrowed parent": narrowed,
        **_carers(child),
        "suspended holder": suspended,
        "heir of somebody else": _heir(),
        "operator": officer,
        "unknown professional": build.caregiver("Perrin", "Luc"),
    }
    readers.carer(child, late := build.citizen("Paul", "Roche", sex="M"), Task.READ_DOCUMENTS, days=1)
    people["carer until yesterday"] = late
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
    people["blocked place"] = there = build.caregiver("Alentour", "Sam", structure="Centre Bloqué")
    readers.window(child, there, "deposit", by=mother)
    blocking.block_place(mother.standing(child.record_id), there.facts.structures[0].id)
    for professional in (searched, expired, there):
        access.note_encounter(professional.actor, child.record_id)
    people |= {"searched": searched, "expired": expired, **_passing(child, mother)}
    authorised = people["authorised"]
    assert isinstance(authorised, build.Caregiver)
    parent = mother.standing(child.record_id)
    added = documents.add(
        parent, documents.AddDocument(title=TITLE, date=date(2026, 11, 2), type_code="DOCPAT03", content=pdf(TITLE))
    )
    readers.restrict(child, frozen, sees_before=None)
    readers.restrict(child, narrowed, sees_before=clock() + timedelta(seconds=1))
    asked = next(line for line in access.consents(parent) if line.state is access.ConsentState.ASKED)
    ids = {
        "record_id": child.record_id,
        "document_id": added.id,
        "consent_id": asked.id,
        **dict.fromkeys(("professional_id", "eyes", "person"), authorised.id),
        **_given(parent, added.id),
        **_written(child),
        **_bound(child, suspended),
    }
    return Cast(app, child, mother, people, ids, {name: UUID(int=value.int ^ 1) for name, value in ids.items()})


def _given(parent: Standing, document_id: UUID) -> dict[str, UUID]:
    """What the mother gave away of the child's record: a code, a link that shows, one by which a guest left a file."""
    handle_events()
    shown = NewShare(document_ids=[document_id], classes=(), label="Lisbonne", passcode="482915", hours=72, most=3)
    drop = guests.make(parent, "Kiné", 24)
    guests.leave(
        drop.address.rpartition("/")[2], Deposit("Léo", "", [Upload("a.pdf", pdf("Kiné"))]), Visitor("192.0.2.9")
    )
    return {
        "code_id": codes.make(parent, Window.READ, 60),
        "acces/liens/link_id": sharing.share(parent, shown, "Documents").id,
        "acces/depots/link_id": drop.id,
        "file_id": guests.waiting(parent)[0].id,
    }


def _written(child: build.Citizen) -> dict[str, UUID]:
    """A message to the child, with a paper."""
    enclosed = Part("Compte rendu.pdf", "application/pdf", pdf("Consultation"))
    came = letters.arrive(letters.letter(letters.address_of(child), parts=[enclosed]))[0]
    assert came.conversation_id is not None
    return {
        "conversation_id": came.conversation_id,
        "attachment_id": letters.attachments(child.record_id)[0][0],
    }


def _bound(child: build.Citizen, other: build.Citizen) -> dict[str, UUID]:
    """What binds to the child: a carer, a parent, an opening in an emergency."""
    bonds = family.bonds_on(child.record_id)
    with db.read() as tx:
        opening = tx.execute(select(Emergency.id).where(Emergency.record_id == child.record_id)).scalars().first()
    assert opening is not None
    return {
        "opening_id": opening,
        "carer_id": next(one.id for one in bonds if one.kind == family.CARER),
        "acces/parents/link_id": next(one.id for one in bonds if one.person_id == other.person_id),
    }


def _carers(child: build.Citizen) -> dict[str, build.Citizen]:
    """Who helps the child's parents now, each with one task, and who helps somebody else."""
    reading, adding = build.citizen("Zoé", "Lopez"), build.citizen("Yann", "Guen", sex="M")
    readers.carer(child, reading, Task.READ_DOCUMENTS)
    readers.carer(child, adding, Task.ADD_DOCUMENTS)
    mail, answers = build.citizen("Inès", "Maurel"), build.citizen("Noé", "Kerbrat", sex="M")
    readers.carer(child, mail, Task.READ_MESSAGES)
    readers.carer(child, answers, Task.READ_MESSAGES, Task.WRITE_MESSAGES)
    elsewhere, other = build.citizen("Rémi", "Faure", sex="M"), build.citizen("Alba", "Nery")
    readers.carer(other, elsewhere, *Task)
    return {
        "carer who reads": reading,
        "carer who adds": adding,
        "carer who reads messages": mail,
        "carer who answers": answers,
        "carer of somebody else": elsewhere,
    }


def _passing(child: build.Citizen, mother: build.Citizen) -> dict[str, build.Caregiver]:
    """Professionals who read by another right than a consent of their own."""
    made = {
        "team": build.caregiver("Team", "Sam", structure="Cabinet de l'Équipe"),
        "team of another place": build.caregiver("Autre", "Sam", structure="Cabinet d'Ailleurs"),
        "code to read": build.caregiver("Reader", "Sam"),
        "code to deposit": build.caregiver("Giver", "Sam"),
        "emergency": build.caregiver("Urgent", "Sam"),
        "centre 15": build.caregiver("Quinze", "Sam", structure="SAMU de la Loire", finess=_SAMU),
    }
    readers.team(child, made["team"])
    readers.window(child, made["code to read"], "read", by=mother)
    readers.window(child, made["code to deposit"], "deposit", by=mother)
    readers.emergency(child, made["emergency"], "break-glass")
    readers.emergency(child, made["centre 15"], "centre-15")
    return made


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
