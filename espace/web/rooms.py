"""What a room contributes when it is registered: pages, navigation, cards. An absent room shows nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask

from espace.permissions import Permission, Standing

from .viewpoint import Veiled, Viewpoint

PATIENT_MOUNT = "/dossiers/<uuid:record_id>"
MIRROR_MOUNT = f"{PATIENT_MOUNT}/voir-comme/<string:eyes>"
"""Where the same pages stand a third time, through another's eyes: to be read only (design 3.4)."""
PROFESSIONAL_MOUNT = "/pro/patients/<uuid:record_id>"


class Pages(Blueprint):
    """Views of several modules under one name: each is known by its module's and its own, and none hides another."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,  # noqa: FBT001 - Flask's signature
        **options: Any,
    ) -> None:
        """Mount a view under its own name."""
        if endpoint is None and view_func is not None:
            endpoint = f"{view_func.__module__.rpartition('.')[2]}_{view_func.__name__}"
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A line of the record's navigation: where it leads below the base address, what it is called, who sees it."""

    path: str
    label: str  # a msgid, marked with lazy_gettext where it is written
    icon: str
    permission: Permission
    order: int
    under: str = ""  # the path of the main entry it stands beneath, if any
    serves: Callable[[Standing], bool] | None = None  # what its page asks for beyond the permission, if anything
    mirrored: bool = False  # whether its page stands among those through another's eyes
    news: Callable[[Standing], int] | None = None  # how much there is that was not looked at, beside the label


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the record's home: its template, what fills it (None: nothing to show), and what it does veiled."""

    template: str
    order: int
    permission: Permission
    fill: Callable[[Viewpoint], dict[str, object] | None]
    veiled: Veiled = Veiled.REPLACED


@dataclass(frozen=True, slots=True)
class Room:
    """One room's web side. Record pages are mounted once for people, and once more for professionals if they may.

    `mirrored_pages` are those that only read, for who looks through another's eyes.
    """

    name: str
    pages: tuple[Blueprint, ...] = ()
    record_pages: Blueprint | None = None
    professional_record_pages: Blueprint | None = None
    mirrored_pages: Blueprint | None = None
    navigation: tuple[NavEntry, ...] = ()
    cards: tuple[Card, ...] = ()
    newcomer_notes: tuple[Callable[[UUID], str], ...] = ()
    """What the room tells a person (their id) who begins an activation; "" for nothing."""


def mount(app: Flask, rooms: tuple[Room, ...]) -> None:
    """Register every room's pages, navigation and cards."""
    navigation: list[NavEntry] = []
    cards: list[Card] = []
    notes: list[Callable[[UUID], str]] = []
    for room in rooms:
        for blueprint in room.pages:
            app.register_blueprint(blueprint)
        if room.record_pages is not None:
            app.register_blueprint(room.record_pages, url_prefix=PATIENT_MOUNT, name=f"record_{room.name}")
        if room.professional_record_pages is not None:
            app.register_blueprint(
                room.professional_record_pages, url_prefix=PROFESSIONAL_MOUNT, name=f"patient_{room.name}"
            )
        if room.mirrored_pages is not None:
            app.register_blueprint(room.mirrored_pages, url_prefix=MIRROR_MOUNT, name=f"mirrored_{room.name}")
        navigation += room.navigation
        cards += room.cards
        notes += room.newcomer_notes
    app.extensions["navigation"] = sorted(navigation, key=lambda entry: entry.order)
    app.extensions["newcomer_notes"] = notes
    app.extensions["cards"] = sorted(cards, key=lambda card: card.order)
