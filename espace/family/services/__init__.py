"""What other rooms may ask of the family."""

from .arriving.letters import letter_pdf
from .bonds import CARER, GUARDIAN, PARENT, Bond, bond, bonds_as_told, bonds_of, bonds_on
from .carers.lines import CarerLine, carer_lines
from .carers.telling import note_act, note_filed
from .colours import COLOURS, OWN_COLOUR, colour_of
from .freezing import limited_openly
from .growing.majority import tell_ahead
from .growing.own_reading import WITH_AGREEMENT, agreement_on, may_hold_account, only_reads, reading_of
from .guardians import guardian_decides
from .lately import last_act, last_acts
from .links import (
    held_back,
    is_held_back,
    link_parent,
    parents_linked,
    records_represented,
    representatives,
    represents,
)
from .parents import keepers_of_places, places_are_kept, representatives_on

__all__ = [
    "CARER",
    "COLOURS",
    "GUARDIAN",
    "OWN_COLOUR",
    "PARENT",
    "WITH_AGREEMENT",
    "Bond",
    "CarerLine",
    "agreement_on",
    "bond",
    "bonds_as_told",
    "bonds_of",
    "bonds_on",
    "carer_lines",
    "colour_of",
    "guardian_decides",
    "held_back",
    "is_held_back",
    "keepers_of_places",
    "last_act",
    "last_acts",
    "letter_pdf",
    "limited_openly",
    "link_parent",
    "may_hold_account",
    "note_act",
    "note_filed",
    "only_reads",
    "parents_linked",
    "places_are_kept",
    "reading_of",
    "records_represented",
    "representatives",
    "representatives_on",
    "represents",
    "tell_ahead",
]
