"""What happened to one consent, step by step: who did what, when, how and until when (rules.md AR-1, AR-2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from espace import clock
from espace.accounts.services.assistance import without_place
from espace.permissions import Standing

MOST = 60
"""As many steps are kept with a consent; the trail of the record keeps them all."""


class Did(StrEnum):
    """What a step did. The word is stored: it may be added to, never changed."""

    ASKED = "asked"
    GIVEN = "given"
    COLLECTED = "collected"
    PROLONGED = "prolonged"
    LIMITED = "limited"
    REFUSED = "refused"
    ENDED = "ended"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


class How(StrEnum):
    """How a consent was expressed. The word is stored: it may be added to, never changed."""

    SPACE = "space"
    """In the space itself, with a proof of identity."""
    ASSISTED = "assisted"
    """In the space, with a helper of the house beside the person."""
    SAID = "said"
    PHONE = "phone"
    WRITTEN = "written"


COLLECTED_HOW = (How.SAID, How.PHONE, How.WRITTEN)
"""How a professional may say that a consent was expressed to them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `by` is who did it as shown, `relation` how they stood to the record, `until` the end it set.

    `for_whom` names the professional it came through where it decided about a whole team.
    """

    did: Did
    at: datetime
    by: str
    relation: str
    how: How = How.SPACE
    until: datetime | None = None
    helper: str = ""
    for_whom: str = ""

    @classmethod
    def now(cls, standing: Standing, did: Did, *, how: How | None = None, until: datetime | None = None) -> Self:
        """The step that the actor of `standing` takes now."""
        helper = standing.actor.helper
        chosen = how or (How.ASSISTED if helper else How.SPACE)
        return cls(did, clock.now(), standing.actor.name, standing.relation.value, chosen, until, helper)

    @property
    def decides(self) -> bool:
        """Whether it decided something: asking does not."""
        return self.did is not Did.ASKED

    @property
    def denies(self) -> bool:
        """Whether by this step the record's people wanted no reading."""
        return self.did in (Did.REFUSED, Did.ENDED, Did.BLOCKED, Did.UNBLOCKED)

    def kept(self) -> dict[str, str]:
        """As it is kept, sealed with its consent; what goes without saying takes no room."""
        said = {
            "did": self.did.value,
            "at": self.at.isoformat(),
            "by": self.by,
            "relation": self.relation,
            "how": self.how.value,
            "until": self.until.isoformat() if self.until else "",
            "helper": self.helper,
            "for_whom": self.for_whom,
        }
        return {name: value for name, value in said.items() if value}


def steps_of(shown: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps kept with a consent, oldest first."""
    return tuple(
        Step(
            Did(one["did"]),
            datetime.fromisoformat(one["at"]),
            one["by"],
            one["relation"],
            How(one["how"]),
            datetime.fromisoformat(one["until"]) if one.get("until") else None,
            one.get("helper", ""),
            one.get("for_whom", ""),
        )
        for one in shown.get("steps", ())
    )


def as_told(step: Step, standing: Standing) -> Step:
    """A step as this reader may know it: another parent may keep the places they go to from them (security.md R15)."""
    return replace(step, helper=without_place(step.helper)) if standing.places_kept else step


def after(steps: tuple[Step, ...], *more: Step) -> tuple[Step, ...]:
    """The steps with some more, the oldest given up past `MOST`."""
    return (*steps, *more)[-MOST:]
