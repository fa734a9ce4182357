"""From where a record's page is seen: the same views and templates serve the person, a parent, a professional."""

from dataclasses import dataclass
from uuid import UUID

from espace.permissions import Actor, Permission, Relation, Standing


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One standing before one record, and the base address under which its pages are mounted for it."""

    standing: Standing
    base: str

    @property
    def actor(self) -> Actor:
        """Who looks."""
        return self.standing.actor

    @property
    def record_id(self) -> UUID:
        """Whose record."""
        return self.standing.record_id

    @property
    def is_professional(self) -> bool:
        """Whether a professional looks."""
        return self.standing.relation is Relation.PROFESSIONAL

    def may(self, permission: Permission | str) -> bool:
        """Whether this viewpoint carries `permission` (templates give its value as text)."""
        return self.standing.may(Permission(permission))
