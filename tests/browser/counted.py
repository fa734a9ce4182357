"""Hands whose every press, choice and typed field is counted: what a task costs a person."""

import time
from dataclasses import dataclass, field
from typing import Any

from .hands import Hands


@dataclass
class Counted(Hands):
    """Presses are links, buttons, boxes and lines of a list; what is typed or photographed counts once a field."""

    presses: int = 0
    typed: int = 0
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, hands: Hands) -> "Counted":
        """The same hands, counted from now on."""
        return cls(hands.page, hands.context, hands.base_url, hands.name, hands.outside, hands.complaints)

    @property
    def seconds(self) -> float:
        """How long it took these hands, who neither read nor think: the part that is the house's."""
        return time.monotonic() - self.began

    def use(self, target: Any) -> None:
        """Press, counted."""
        self.presses += 1
        super().use(target)

    def fill(self, label: str, value: str) -> None:
        """Type, counted."""
        self.typed += 1
        super().fill(label, value)

    def choose(self, label: str, option: str) -> None:
        """Choose, counted."""
        self.presses += 1
        super().choose(label, option)

    def tick(self, label: str) -> None:
        """Tick, counted."""
        self.presses += 1
        super().tick(label)

    def attach(self, label: str, name: str, media: str, content: bytes) -> None:
        """Take a photo, counted."""
        self.typed += 1
        super().attach(label, name, media, content)
