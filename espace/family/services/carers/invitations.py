"""Asking somebody to become a carer: by their e-mail address, or by their exact identity.

Whoever asks never learns whether the person has a space (security.md R5): the message to an address leaves whoever
reads there, and an identity is looked up by the worker, long after the page was answered. Only the person it is for can
accept, signed in: whoever else gets hold of the message opens nothing with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import clock, crypto, db, outbox, settings
from espace.accounts import services as accounts
from espace.accounts.services import held
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.family.models import CarerInvitation
from espace.family.services.growing.majority import in_words
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.permissions import Standing, Task, demand_fresh_proof
from espace.words import N_

from .links import manages
from .scope import Scope, check, last_day_of

TABLE = "family_carer_invitations"
TOPIC = "family.carer-invited"
PURPOSE = "carer-invitation"
PLACE = "/compte/proches/invitations/lien/"
"""Where the link of the message leads; the token follows."""
MAX_WAITING = 5
MAX_A_DAY = 10
MAX_NAME, MAX_EMAIL = 80, 254
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>.]{2,}")
ACCEPTED, REFUSED, CANCELLED = "accepted", "refused", "cancelled"

COLUMNS = (
    CarerInvitation.record_id,
    CarerInvitation.id,
    CarerInvitation.made_at,
    CarerInvitation.expires_at,
    CarerInvitation.answered_at,
    CarerInvitation.answer,
    CarerInvitation.payload,
)
_OF_RECORD = (
    select(*COLUMNS).where(CarerInvitation.record_id == bindparam("record")).order_by(CarerInvitation.id.desc())
)


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is asked: how they are called, and either an e-mail address or the exact identity (INS and birth date)."""

    name: str
    email: str = ""
    number: str = ""
    birth_day: date | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody asked to become a carer of a record. `answer` is "" while it waits."""

    id: UUID
    record_id: UUID
    name: str
    email: str
    scope: Scope
    made_at: datetime
    expires_at: datetime
    answer: str
    birth_date: date | None
    by_person: UUID
    by_name: str

    @property
    def waits(self) -> bool:
        """Whether it may still be answered."""
        return not self.answer and self.made_at - timedelta(minutes=5) <= clock.now() < self.expires_at

    @property
    def last_day(self) -> date:
        """The last whole day on which it may be answered."""
        return last_day_of(self.expires_at)


def invitations(standing: Standing) -> list[Invitation]:
    """Those of a record, the newest first, answered and over ones included.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    manages(standing)
    with db.read() as tx:
        return [opened(tx, row) for row in tx.execute(_OF_RECORD, {"record": standing.record_id})]


def invite(standing: Standing, invitee: Invitee, scope: Scope) -> UUID:
    """Ask somebody to become a carer; nothing opens before they say yes. Gives the invitation's id.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
        StepUpError: without a fresh proof: this widens (security.md R9).
        InvalidError: for `name`, `email`, `tasks`, `subjects` or `last_day`, or when too many were asked lately.
    """
    manages(standing)
    demand_fresh_proof(standing.actor)
    name, email = check_invitation(standing, invitee, scope)
    now = clock.now()
    expires_at = min(now + timedelta(days=settings.current().carer_invitation_days), scope.until)
    invitation_id = new_id()
    said = {
        "name": name,
        "email": email,
        "birth_date": invitee.birth_day.isoformat() if invitee.birth_day else "",
        "last_day": scope.last_day.isoformat(),
        "by": str(standing.actor.person_id),
        "by_name": standing.actor.name,
        **scope.as_payload(),
    }
    with db.write() as tx:
        # First the row, whose trail is locked: of many asked at once, each counts those before.
        _traced(standing, Action.CARER_INVITED, name)
        _check_limits(standing)
        tx.execute(
            insert(CarerInvitation).values(
                record_id=standing.record_id,
                id=invitation_id,
                for_index=index_of("email", email) if email else index_of("ins", invitee.number),
                made_at=now,
                expires_at=expires_at,
                answered_at=None,
                answer=None,
                payload=crypto.seal(tx, standing.record_id, TABLE, invitation_id, said),
            )
        )
        if email:
            _send(standing.record_id, invitation_id, email, "fr", expires_at)
        else:
            named = {"ins": invitee.number, "birth_date": said["birth_date"], "expires_at": expires_at.isoformat()}
            mark = {"record_id": str(standing.record_id), "invitation_id": str(invitation_id)}
            outbox.post(TOPIC, named | mark)
    return invitation_id


def check_invitation(standing: Standing, invitee: Invitee, scope: Scope) -> tuple[str, str]:
    """See that somebody can be asked this; gives the name and the address as they are kept. Looks nobody up.

    Raises:
        InvalidError: for `name`, `email`, `ins`, `tasks`, `subjects` or `last_day`.
    """
    name, email = _name(invitee.name), _email(standing, invitee)
    check(standing.record_id, scope)
    return name, email


def on_invited(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `family.carer-invited`: write to the account of this identity, if there is one; else to nobody."""
    person = people.find_person(payload["ins"])
    if person is None or person.birth_date.isoformat() != payload["birth_date"]:
        return
    account = accounts.account_of(person.id)
    expires_at = datetime.fromisoformat(payload["expires_at"])
    if account is None or expires_at <= clock.now():
        return
    with db.write():
        record_id, invitation_id = UUID(payload["record_id"]), UUID(payload["invitation_id"])
        _send(record_id, invitation_id, account.email, account.locale, expires_at)


def cancel(standing: Standing, invitation_id: UUID) -> Invitation:
    """Take an invitation back; one that was answered or taken back meanwhile stays as it is. Gives it.

    Raises:
        NotFoundError: when the record has no such invitation, or the actor does not manage its accesses.
    """
    found = next((one for one in invitations(standing) if one.id == invitation_id), None)
    if found is None:
        raise NotFoundError
    with db.write() as tx:
        if settle(tx, found, CANCELLED):
            _traced(standing, Action.CARER_INVITATION_CANCELLED, found.name)
    return found


def settle(tx: Connection, invitation: Invitation, answer: str) -> bool:
    """Write the answer, in the open unit of work; gives whether this is the one that counts."""
    done = tx.execute(
        update(CarerInvitation)
        .where(
            CarerInvitation.record_id == invitation.record_id,
            CarerInvitation.id == invitation.id,
            CarerInvitation.answered_at.is_(None),
            CarerInvitation.expires_at > clock.now(),
        )
        .values(answered_at=clock.now(), answer=answer)
    )
    return done.rowcount == 1


def opened(tx: Connection, row: Any) -> Invitation:
    """An invitation from its row."""
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    return Invitation(
        id=row.id,
        record_id=row.record_id,
        name=said["name"],
        email=said["email"],
        scope=Scope(
            frozenset(Task(task) for task in said["tasks"]),
            frozenset(said["subjects"]),
            date.fromisoformat(said["last_day"]),
        ),
        made_at=row.made_at,
        expires_at=row.expires_at,
        answer=row.answer or "",
        birth_date=date.fromisoformat(said["birth_date"]) if said["birth_date"] else None,
        by_person=UUID(said["by"]),
        by_name=said["by_name"],
    )


def index_of(kind: str, value: str) -> bytes:
    """Under what an invitation is found by whoever it is for: `kind` is `email` or `ins`."""
    return crypto.blind("carer-invitation", f"{kind}:{value.casefold()}")


def _send(record_id: UUID, invitation_id: UUID, email: str, locale: str, expires_at: datetime) -> None:
    token = crypto.new_token()
    facts = {"record_id": str(record_id), "invitation_id": str(invitation_id)}
    held.hold(PURPOSE, token, facts, expires_at - clock.now())
    link = settings.current().base_url.rstrip("/") + PLACE + token
    send_mail(email, locale, "carer-invitation", link=link, day=in_words(last_day_of(expires_at), locale))


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name:
        raise InvalidError({"name": N_("Write the first name and the name of this person.")})
    if len(name) > MAX_NAME or not name.isprintable():
        raise InvalidError({"name": N_("Write at most %(limit)d characters.", limit=MAX_NAME)})
    return name


def _email(standing: Standing, invitee: Invitee) -> str:
    """The address asked for, as it is kept; "" for an identity. One's own tells nobody anything: it is refused."""
    own = accounts.account_of(standing.actor.person_id) if standing.actor.person_id else None
    if invitee.number:
        person = people.person(standing.actor.person_id) if standing.actor.person_id else None
        if person is not None and person.ins == invitee.number:
            raise InvalidError({"ins": N_("This is your own number: nobody is their own carer.")})
        return ""
    email = invitee.email.strip()
    if not _ADDRESS.fullmatch(email) or len(email) > MAX_EMAIL:
        raise InvalidError({"email": N_("Write a whole e-mail address, for example claire@exemple.fr.")})
    if own is not None and own.email.casefold() == email.casefold():
        raise InvalidError({"email": N_("This is your own address: nobody is their own carer.")})
    return email


def _check_limits(standing: Standing) -> None:
    found: Sequence[Invitation] = invitations(standing)
    if sum(one.waits for one in found) >= MAX_WAITING:
        raise InvalidError({"": N_("Several invitations wait for an answer already. Take one back first.")})
    if sum(one.made_at > clock.now() - timedelta(days=1) for one in found) >= MAX_A_DAY:
        raise InvalidError({"": N_("You have invited many people today. Come back tomorrow.")})


def _traced(standing: Standing, action: Action, name: str) -> None:
    shown = [{"kind": "carer", "name": name}]
    audit.record(standing.actor, standing.record_id, action, relation=standing.relation, objects=shown)
