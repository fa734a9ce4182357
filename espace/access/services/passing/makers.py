"""Who made a code or a link: what they gave away opens as long as they themselves still decide about the record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from espace.access.services.personal import of_person
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing

DOCUMENT_RIGHTS = frozenset({Permission.ACCESS_MANAGE, Permission.DOCUMENTS_READ})


def written(standing: Standing) -> dict[str, str]:
    """What is kept, sealed, of who made something."""
    actor = standing.actor
    return {"account": str(actor.id), "person": str(actor.person_id or ""), "name": actor.name}


def still_decides(record_id: UUID, maker: Mapping[str, Any]) -> Standing | None:
    """How the maker stands to the record now; None once they decide no more about it.

    The record was closed, a parent was frozen or left, the holder died: what they gave away opens nothing then.
    """
    if not maker["person"]:
        return None
    actor = Actor(ActorKind.PATIENT, UUID(maker["account"]), maker["name"], person_id=UUID(maker["person"]))
    found = of_person(actor, record_id)
    return found if found is not None and found.rights >= DOCUMENT_RIGHTS else None


def is_holder(standing: Standing) -> bool:
    """Whether this is the holder, in their own record."""
    return standing.relation is Relation.HOLDER
