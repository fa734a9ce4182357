"""Acting as one of the cast through the rooms' services: what a person would do on the site, at a time of the past."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pyotp

from espace import clock, db, outbox
from espace.access import services as access
from espace.access.services import Answer
from espace.accounts import services as accounts
from espace.accounts.services import activation, enrolling
from espace.accounts.services.letter_proof import Letter
from espace.documents import services as documents
from espace.documents.services.library import readers
from espace.errors import EspaceError
from espace.family.services.relatives import open_profile
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Standing, Visitor
from espace.professional.services import search
from espace.records import services as records

from .cast import DIRECTORY, Someone
from .ledger import phrase
from .mailbox import Mailbox

_VISITOR = Visitor("127.0.0.1", browser="Firefox", system="Android")


class BuildError(EspaceError):
    """The demo's data cannot be made as the cast says: a fault of the demo, not of its user."""


@dataclass(frozen=True, slots=True)
class Access:
    """What opens an account: the password and the secret of the authenticator app."""

    password: str
    totp_secret: str


@dataclass
class Stage:
    """The demo under construction: whose codes and accounts are known so far. `today` is the day of building."""

    today: date
    now: datetime
    mailbox: Mailbox
    codes: dict[str, str] = field(default_factory=dict)
    accesses: dict[str, Access] = field(default_factory=dict)

    def moment(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """An instant of a past day, by the clock on the wall; never later than the present."""
        at = datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), clock.HOME_ZONE)
        return min(at.astimezone(UTC), self.now - timedelta(minutes=30))

    def person(self, someone: Someone) -> people.Person:
        """One of the cast, as the house knows them."""
        found = people.find_person(someone.ins(self.today))
        if found is None:
            raise BuildError(f"{someone.key} is not known")
        return found

    def record_id(self, someone: Someone) -> UUID:
        """Their record."""
        found = records.record_of(self.person(someone).id)
        if found is None:
            raise BuildError(f"{someone.key} has no record")
        return found.id

    def activate(self, someone: Someone) -> None:
        """Go through the activation: letter and card, e-mail and its code, password, authenticator app."""
        person = self.person(someone)
        letter = Letter(person.ins, self.codes[someone.key], person.birth_date, person.vitale_serial)
        token, _draft = activation.begin(letter, _VISITOR)
        password = phrase()
        enrolling.choose_password(token, password, someone.email)
        enrolling.give_email(token, someone.email, "fr")
        deliver()
        received = re.search(r"\b\d{6}\b", self.mailbox.newest(to=someone.email, limit=1)[0].text)
        if received is None:
            raise BuildError("no code came by mail")
        enrolling.check_email_code(token, received.group(), _VISITOR)
        secret = enrolling.choose_app(token).totp_secret
        enrolling.check_app_code(token, pyotp.TOTP(secret).at(clock.now()), _VISITOR)
        signed_in = activation.finish(token, "fr", _VISITOR)
        self.accesses[someone.key] = Access(password, secret)
        actor = accounts.identify(signed_in.token)
        if actor is not None:
            accounts.close_session(actor)

    def open_profile(self, parent: Someone, child: Someone) -> None:
        """A parent opens their child's profile from their own account."""
        open_profile(self._actor(parent), self.record_id(child), accepted=True)

    def as_patient(self, someone: Someone, whose: Someone | None = None) -> Standing:
        """A person before their own record, or that of someone they act for."""
        return _standing(self._actor(someone), self.record_id(whose or someone))

    def _actor(self, someone: Someone) -> Actor:
        person = self.person(someone)
        account = accounts.account_of(person.id)
        if account is None:
            raise BuildError(f"{someone.key} has no account")
        return Actor(ActorKind.PATIENT, account.id, person.display_name, person_id=person.id, proved_at=clock.now())

    def professional(self, key: str) -> people.Professional:
        """One of the directory."""
        found = people.find_professional(DIRECTORY[key].rpps)
        if found is None:
            raise BuildError(f"{key} is not in the directory")
        return found

    def as_professional(self, key: str, patient: Someone) -> Standing:
        """A professional before a patient they have just identified."""
        found = self.professional(key)
        actor = people.actor_of(found, found.structures[0])
        wanted = search.PatientSearch(patient.ins(self.today), patient.born(self.today))
        return _standing(actor, search.find_patient(actor, wanted))

    def ask(self, key: str, patient: Someone, reason: str) -> None:
        """Ask to read a record."""
        access.ask(self.as_professional(key, patient), reason)

    def answer(
        self, holder: Someone, key: str, decision: Answer, *, days: int | None = None, whose: Someone | None = None
    ) -> None:
        """Decide about a professional who asked."""
        standing = self.as_patient(holder, whose)
        professional = people.find_professional(DIRECTORY[key].rpps)
        line = next(line for line in access.consents(standing) if professional and line.grantee_id == professional.id)
        access.answer(standing, line.id, decision, version=line.version, days=days)

    def visit(self, key: str, patient: Someone, opened: int) -> None:
        """A professional reads the list, then some of the newest documents, a minute apart."""
        with later(1):
            standing = self.as_professional(key, patient)
            access.note_visit(standing)
            readers.visit(standing)
            shown = documents.page(standing, limit=20).rows
        for number, each in enumerate(shown[:opened]):
            with later(2 + number):
                documents.document(standing, each.id)
                readers.note_read(standing, each.id)


def _standing(actor: Actor, record_id: UUID) -> Standing:
    found = access.standing(actor, record_id)
    if found is None:
        raise BuildError(f"{actor.kind} does not reach the record")
    return found


def deliver() -> None:
    """Have everything that waits carried out, mail included, in one unit of work: nobody else is there yet."""
    with db.write():
        while outbox.work():
            pass


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: moment


@contextmanager
def later(minutes: int) -> Iterator[None]:
    """Some minutes after the time of the clock."""
    moment = clock.now() + timedelta(minutes=minutes)
    with clock.bound(at(moment)):
        yield
