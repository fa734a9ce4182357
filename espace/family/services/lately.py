"""When a relative last came, as the history of the record tells it to whoever asks (security.md R13, R15)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from espace.accounts.services import account_of, accounts_of
from espace.audit import services as audit
from espace.permissions import Relation, Standing


def last_act(standing: Standing, person_id: UUID, *, as_carer: bool = False) -> datetime | None:
    """When a person last did or read anything in the record, or did so as a carer; None for never.

    It is the newest act of theirs in the history that this reader may open, and tells nothing besides.
    """
    account = account_of(person_id)
    return None if account is None else audit.last_told(standing, account.id, Relation.CARER if as_carer else None)


def last_acts(standing: Standing, person_ids: Collection[UUID], *, as_carer: bool = False) -> dict[UUID, datetime]:
    """As `last_act`, of several others than this reader at once; who never did anything is not among them."""
    accounts = {account.id: person for person, account in accounts_of(person_ids).items()}
    told = audit.newest_told(standing, accounts.keys(), Relation.CARER if as_carer else None)
    return {accounts[account]: at for account, at in told.items()}
