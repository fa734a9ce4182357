"""The mailbox a professional prefers: it opens first, and is the address that colleagues find for them (MS-8).

A preference holds while they work in that mailbox and it is open; colleagues see it only where it is listed.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.messaging.models import Mailbox, MailboxMember, MailboxPreference
from espace.messaging.services.boxes import MAILBOX_COLUMNS, MailboxFacts, mailbox_of, mailboxes_of, opened_mailbox
from espace.people.services import directory
from espace.permissions import Actor

from .mailboxes import told

_MINE = select(MailboxPreference.mailbox_id).where(MailboxPreference.professional_id == bindparam("mine"))
_LISTED = (
    select(MailboxPreference.professional_id.label("preferred_by"), *MAILBOX_COLUMNS)
    .join(Mailbox, Mailbox.id == MailboxPreference.mailbox_id)
    .outerjoin(
        MailboxMember,
        (MailboxMember.mailbox_id == Mailbox.id) & (MailboxMember.professional_id == MailboxPreference.professional_id),
    )
    .where(
        MailboxPreference.professional_id.in_(bindparam("professionals", expanding=True)),
        Mailbox.listed,
        Mailbox.closed_at.is_(None),
        or_(
            Mailbox.professional_id == MailboxPreference.professional_id,
            Mailbox.responsible_id == MailboxPreference.professional_id,
            MailboxMember.professional_id.is_not(None),
        ),
    )
)


def prefer(actor: Actor, mailbox_id: UUID) -> None:
    """Prefer a mailbox from now on; the one before it is preferred no more.

    Raises:
        NotFoundError: for who does not work in it, and for a closed one.
    """
    facts = mailbox_of(actor, mailbox_id)
    with db.write() as tx:
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        tx.execute(
            dialect.insert(MailboxPreference)
            .values(professional_id=actor.id, mailbox_id=facts.id)
            .on_conflict_do_update(index_elements=["professional_id"], set_={"mailbox_id": facts.id})
        )
        audit.record(actor, facts.id, Action.MAILBOX_PREFERRED, objects=[told(facts)])


def prefer_none(actor: Actor) -> None:
    """Prefer none any more: the list of one's mailboxes opens, and colleagues find the address of the directory."""
    with db.write() as tx:
        tx.execute(delete(MailboxPreference).where(MailboxPreference.professional_id == actor.id))


def preferred(actor: Actor) -> UUID | None:
    """The mailbox a professional prefers, if it is still one of theirs."""
    with db.read() as tx:
        found: UUID | None = tx.execute(_MINE, {"mine": actor.id}).scalar()
    return found if found is not None and found in {one.id for one in mailboxes_of(actor)} else None


def shown_for(professionals: Collection[UUID]) -> Mapping[UUID, MailboxFacts]:
    """The preferred mailboxes that colleagues may see, by professional: open, listed, and still one of theirs."""
    if not professionals:
        return {}
    with db.read() as tx:
        rows = tx.execute(_LISTED, {"professionals": list(professionals)}).all()
        found = {row.preferred_by: opened_mailbox(tx, row) for row in rows}
    places = directory.practising({one.structure_id for one in found.values() if one.structure_id}, list(found))
    return {who: one for who, one in found.items() if one.structure_id is None or (one.structure_id, who) in places}
