"""The colour of each record one may open: the same on every page (look: person colours)."""

from collections.abc import Collection
from uuid import UUID

OWN_COLOUR = "prune"
COLOURS = ("miel", "ocean", "mousse", "brique")
"""Those of the others, in the order in which their records were opened (prune is always oneself)."""


def colour_of(record_id: UUID, represented: Collection[UUID]) -> str:
    """The colour of another person's record: the same on every page, by the order of opening."""
    order = sorted(represented)
    return COLOURS[order.index(record_id) % len(COLOURS)] if record_id in order else OWN_COLOUR
