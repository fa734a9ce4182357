"""Operators of the house: invited, disabled, given another role. They are no persons of the register (R17).

What widens asks for a fresh proof and, for administrators, for a second administrator where there is one; what
narrows never asks. The first administrator is made from the command line of the host.
"""

from dataclasses import dataclass
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.accounts.models import Account, Invitation
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import send_mail
from espace.permissions import Actor, ActorKind, Permission, Role, demand_fresh_proof
from espace.words import N_

from . import account_rows, invitations, sessions
from .operator_rows import TABLE, Operator, OperatorState, at_work, locked, one, operators
from .sign_in import email_index

NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class NewOperator:
    """Who is to be made an operator. `name` is what others read of what they do."""

    name: str
    email: str
    role: Role
    locale: str = "fr"


def has_administrator() -> bool:
    """Whether some administrator was made, though they may not have signed in yet."""
    return any(each.role is Role.ADMINISTRATOR and each.state is not OperatorState.DISABLED for each in operators())


def invite(actor: Actor, new: NewOperator) -> UUID:
    """Make an operator's account and send its invitation by e-mail; gives the account's id.

    An administrator is only proposed while there is a second one to confirm (R17).

    Raises:
        InvalidError: when the name or the address is wrong, or the address is taken.
        NotFoundError: when the actor is no administrator.
        StepUpError: when the proof is not fresh.
    """
    _demand_administrator(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        account_id = _make(tx, new)
        made = one(tx, account_id)
        if new.role is Role.ADMINISTRATOR and _others_at_work(tx, actor.id):
            _propose(tx, actor, made, new.role)
        else:
            _send(tx, actor, made)
        return account_id


def make_from_host(actor: Actor, new: NewOperator) -> str:
    """Make an operator from the host's command line; gives the one-time code, which stands nowhere else.

    Somebody invited already under this address gets a new code: the one before was lost.

    Raises:
        InvalidError: when the name or the address is wrong, or the address is taken.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotFoundError
    with db.write() as tx:
        known = next((each for each in operators() if email_index(each.email) == email_index(new.email)), None)
        is_waiting = known is not None and known.state is OperatorState.INVITED and known.role is new.role
        made = known if known and is_waiting else one(tx, _make(tx, new))
        code = invitations.make(tx, made.id)
        _note(actor, Action.OPERATOR_INVITED, made)
        _tell_office(made)
        return code


def invite_again(actor: Actor, operator_id: UUID) -> None:
    """Send a new invitation; the code of the one before stops working.

    Raises:
        InvalidError: when this operator signed in already, or awaits a second administrator.
        NotFoundError: when the actor is no administrator, or there is no such operator.
        StepUpError: when the proof is not fresh.
    """
    _demand_administrator(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.state is not OperatorState.INVITED:
            raise InvalidError({"": N_("This operator needs no invitation now.")})
        _send(tx, actor, found)


def confirm(actor: Actor, operator_id: UUID) -> None:
    """Carry out what another administrator proposed: the second of the two persons (R17).

    Raises:
        InvalidError: when nothing is proposed, or the actor proposed it.
        NotFoundError: when the actor is no administrator, or there is no such operator.
        StepUpError: when the proof is not fresh.
    """
    _demand_administrator(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.proposed is None:
            raise InvalidError({"": N_("Nothing awaits a confirmation here any more.")})
        if not found.awaits(actor) or found.id == actor.id:
            raise InvalidError({"": N_("Another administrator must confirm: two persons are needed.")})
        role = found.proposed
        _change(tx, found, role=role, proposal=None)
        _note(actor, Action.OPERATOR_CONFIRMED, found, role=role)
        if found.state is OperatorState.PROPOSED:
            _send(tx, actor, found)
        elif found.state is OperatorState.DISABLED:
            tx.execute(update(Account).where(Account.id == found.id).values(disabled_at=None))
            _note(actor, Action.OPERATOR_ENABLED, found)
        else:
            _shut_out(found)
        _tell_office(found)


def withdraw(actor: Actor, operator_id: UUID) -> None:
    """Take back an invitation or a proposal. Who never signed in is forgotten; others keep the role they have.

    Raises:
        InvalidError: when there is nothing to take back.
        NotFoundError: when the actor is no administrator, or there is no such operator.
    """
    _demand_administrator(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.proposed is None and found.state is not OperatorState.INVITED:
            raise InvalidError({"": N_("There is nothing to withdraw any more.")})
        _note(actor, Action.OPERATOR_WITHDRAWN, found)
        if found.state in (OperatorState.PROPOSED, OperatorState.INVITED):
            tx.execute(delete(Invitation).where(Invitation.account_id == found.id))
            tx.execute(delete(Account).where(Account.id == found.id))
        else:
            _change(tx, found, proposal=None)


def disable(actor: Actor, operator_id: UUID) -> None:
    """Shut an operator out at once: sessions end, and neither password nor passkey opens anything.

    Raises:
        InvalidError: for oneself, and for the last administrator at work.
        NotFoundError: when the actor is no administrator, or there is no such operator at work.
    """
    _demand_administrator(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.state is not OperatorState.ACTIVE:
            raise NotFoundError
        _keep_one(tx, actor, found)
        _change(tx, found, proposal=None)
        tx.execute(update(Account).where(Account.id == found.id).values(disabled_at=clock.now()))
        _shut_out(found)
        _note(actor, Action.OPERATOR_DISABLED, found)
        _tell_office(found)


def enable(actor: Actor, operator_id: UUID) -> None:
    """Let a disabled operator in again, with the factors they had; an administrator awaits a second one (R17).

    Raises:
        NotFoundError: when the actor is no administrator, or there is no such disabled operator.
        StepUpError: when the proof is not fresh.
    """
    _demand_administrator(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.state is not OperatorState.DISABLED or found.proposed is not None:
            raise NotFoundError
        if found.role is Role.ADMINISTRATOR and _others_at_work(tx, actor.id):
            _propose(tx, actor, found, found.role)
            return
        tx.execute(update(Account).where(Account.id == found.id).values(disabled_at=None))
        _note(actor, Action.OPERATOR_ENABLED, found)
        _tell_office(found)


def change_role(actor: Actor, operator_id: UUID, role: Role) -> None:
    """Give an operator at work another role; becoming administrator awaits a second one where there is one.

    Raises:
        InvalidError: for oneself, or for the last administrator at work.
        NotFoundError: when the actor is no administrator, or there is no such operator at work.
        StepUpError: when the proof is not fresh.
    """
    _demand_administrator(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = locked(tx, operator_id)
        if found.state is not OperatorState.ACTIVE:
            raise NotFoundError
        if found.role is role:
            return
        _keep_one(tx, actor, found)
        if role is Role.ADMINISTRATOR and _others_at_work(tx, actor.id):
            _propose(tx, actor, found, role)
            return
        _change(tx, found, role=role, proposal=None)
        _shut_out(found)
        _note(actor, Action.OPERATOR_ROLE_CHANGED, found, role=role)
        _tell_office(found)


def note_list_read(actor: Actor, shown: list[Operator]) -> None:
    """Write down that the list of operators was read."""
    objects = [{"kind": "account", "id": str(each.id), "name": each.name} for each in shown]
    audit.record_office(actor, Action.OPERATORS_READ, objects=objects)


def _tell_office(concerned: Operator) -> None:
    """Tell administrators and privacy officers by e-mail that something changed among operators; never what."""
    for each in at_work(Role.ADMINISTRATOR, Role.PRIVACY_OFFICER):
        if each.id != concerned.id:
            send_mail(each.email, each.locale, "operators-changed")


def _demand_administrator(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_ADMINISTRATION):
        raise NotFoundError


def _shut_out(found: Operator) -> None:
    """End every session of an operator: what they may do has changed."""
    sessions.end_others(Actor(ActorKind.OPERATOR, found.id, found.name))


def _keep_one(tx: Connection, actor: Actor, found: Operator) -> None:
    """Nobody shuts themself out, and one administrator always stays at work."""
    if found.id == actor.id:
        raise InvalidError({"": N_("You cannot do this to your own account: ask another administrator.")})
    if found.role is Role.ADMINISTRATOR and not _others_at_work(tx, found.id):
        raise InvalidError({"": N_("This is the last administrator at work: make another one first.")})


def _others_at_work(tx: Connection, operator_id: UUID) -> list[UUID]:
    """The other administrators at work, locked: of two who disable each other at once, one is refused."""
    statement = (
        select(Account.id)
        .where(Account.role == Role.ADMINISTRATOR.value, Account.disabled_at.is_(None))
        .order_by(Account.id)
        .with_for_update()
    )
    return [found for found in tx.execute(statement).scalars() if found != operator_id]


def _make(tx: Connection, new: NewOperator) -> UUID:
    """The account itself, which opens nothing before its first sign-in."""
    name, email = _checked(new)
    account_id, now = new_id(), clock.now()
    crypto.new_owner_key(tx, account_id)
    payload = {"name": name, "email": email, "totp_secret": ""}
    values = {
        "id": account_id,
        "person_id": None,
        "role": new.role.value,
        "provider_index": None,
        "email_index": email_index(email),
        "locale": new.locale,
        "created_at": now,
        "last_totp_step": 0,
        "disabled_at": now,
        "payload": crypto.seal(tx, account_id, TABLE, account_id, payload),
    }
    try:
        tx.execute(insert(Account).values(values))
    except IntegrityError:
        raise InvalidError({"email": N_("This address cannot be used here. Give another professional one.")}) from None
    return account_id


def _checked(new: NewOperator) -> tuple[str, str]:
    problems: dict[str, str] = {}
    name, email = " ".join(new.name.split()), new.email.strip()
    if not name:
        problems["name"] = N_("Write the first name and the family name.")
    elif len(name) > NAME_LENGTH or not name.isprintable():
        problems["name"] = N_("This name is too long, or holds signs that no name has.")
    try:
        email = validate_email(email, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        problems["email"] = N_("This address cannot be right: check each sign.")
    if problems:
        raise InvalidError(problems)
    return name, email


def _propose(tx: Connection, actor: Actor, found: Operator, role: Role) -> None:
    _change(tx, found, proposal={"role": role.value, "by": str(actor.id)})
    _note(actor, Action.OPERATOR_PROPOSED, found, role=role)
    _tell_office(found)


def _send(tx: Connection, actor: Actor, found: Operator) -> None:
    code = invitations.make(tx, found.id)
    send_mail(found.email, found.locale, "operator-invitation", code=invitations.grouped(code))
    _note(actor, Action.OPERATOR_INVITED, found)
    _tell_office(found)


def _note(actor: Actor, action: Action, found: Operator, role: Role | None = None) -> None:
    detail = {"operator": found.name, "role": (role or found.role).value}
    audit.record_office(actor, action, account_id=found.id, detail=detail)


def _change(tx: Connection, found: Operator, *, role: Role | None = None, proposal: dict[str, str] | None) -> None:
    account_rows.change(tx, account_rows.locked(tx, found.id), proposal=proposal)
    if role is not None:
        tx.execute(update(Account).where(Account.id == found.id).values(role=role.value))
