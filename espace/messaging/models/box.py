"""The shape of what lies in a box: a person's, whose owner is their record, or a professional mailbox (design 3.1)."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from espace.db import Id


class BoxRow:
    """Mixin of a table of boxes. `box_id` is a record's id or a mailbox's, and the owner of the key that seals the row.

    In the database the column is called `record_id`, as in every table clustered by its owner.
    """

    box_id: Mapped[UUID] = mapped_column("record_id", Id, primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True, sort_order=-1)
