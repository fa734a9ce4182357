"""What other rooms may ask of the family."""

from .bonds import CARER, GUARDIAN, PARENT, Bond, bond, bonds_of, bonds_on
from .colours import COLOURS, OWN_COLOUR, colour_of
from .letters import letter_pdf
from .links import is_held_back, link_parent, parents_linked, records_represented, representatives, represents
from .majority import tell_ahead

__all__ = [
    "CARER",
    "COLOURS",
    "GUARDIAN",
    "OWN_COLOUR",
    "PARENT",
    "Bond",
    "bond",
    "bonds_of",
    "bonds_on",
    "colour_of",
    "is_held_back",
    "letter_pdf",
    "link_parent",
    "parents_linked",
    "records_represented",
    "representatives",
    "represents",
    "tell_ahead",
]
