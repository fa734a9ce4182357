"""From where a record's page is seen: the same views and templates serve the person, a parent, a professional."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from espace.permissions import Actor, Permission, Relation, Standing

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "__espace_veiled__"


class Veiled(StrEnum):
    """What a view or a card of a record does while its session is veiled: the default is to hide."""

    REPLACED = "replaced"
    MASKED = "masked"
    """In private mode it writes neutral words by itself; beside a helper it is replaced."""
    HARMLESS = "harmless"
    """It sends nothing clinical while veiled, or never."""


def veiled(how: Veiled) -> Callable[[View], View]:
    """Declare what a view of a record does while its session is veiled; without it, the veil stands in its place."""

    def mark(view: View) -> View:
        setattr(view, _MARK, how)
        return view

    return mark


def when_veiled(view: Callable[..., Any]) -> Veiled:
    """What a view declares to do while its session is veiled."""
    return Veiled(getattr(view, _MARK, Veiled.REPLACED))


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One standing before one record, and the base address under which its pages are mounted for it."""

    standing: Standing
    base: str
    own: "Viewpoint | None" = None
    """The looker's own viewpoint, where somebody looks through another's eyes: the frame around the page is theirs."""

    @property
    def actor(self) -> Actor:
        """Who looks."""
        return self.standing.actor

    @property
    def frame(self) -> "Viewpoint":
        """The viewpoint whose frame stands around the page: its own, or that of who looks through another's eyes."""
        return self.own or self

    @property
    def record_id(self) -> UUID:
        """Whose record."""
        return self.standing.record_id

    @property
    def is_professional(self) -> bool:
        """Whether a professional looks."""
        return self.standing.relation is Relation.PROFESSIONAL

    @property
    def in_emergency(self) -> bool:
        """Whether the record stands open by an emergency, which every page says (rules.md AR-11)."""
        return self.standing.in_emergency

    @property
    def is_veiled(self) -> bool:
        """Whether clinical content must not be shown now."""
        return self.actor.is_veiled

    def shows(self, how: Veiled) -> bool:
        """Whether something that does `how` under a veil is shown now."""
        if not self.actor.is_veiled or how is Veiled.HARMLESS:
            return True
        return how is Veiled.MASKED and not self.actor.helper

    def may(self, permission: Permission | str) -> bool:
        """Whether this viewpoint carries `permission` (templates give its value as text)."""
        return self.standing.may(Permission(permission))
