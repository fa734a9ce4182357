"""Telling the people of a record that something happened to who sees it, never who nor what (security.md R52)."""

from uuid import UUID

from espace.accounts import services as accounts
from espace.family import services as family
from espace.notifications.services import Event
from espace.records import services as records


def tell(record_id: UUID, event: Event, *, holder_only: bool = False) -> None:
    """Tell the holder and who stands in for them."""
    holder = records.record(record_id).person_id
    others = () if holder_only else family.representatives(record_id)
    accounts.notify([holder, *others], event)


def tell_holder(record_id: UUID, event: Event) -> None:
    """Tell the holder alone."""
    tell(record_id, event, holder_only=True)


def tell_representatives(record_id: UUID, event: Event) -> None:
    """Tell who stands in for the holder, and not the holder."""
    accounts.notify(family.representatives(record_id), event)
