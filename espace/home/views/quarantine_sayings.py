"""Sentences of what two operators decide about a document that was set aside. It never says which document."""

from espace.audit.services import Action
from espace.words import N_

OTHERS: dict[Action, tuple[str, ...]] = {
    Action.QUARANTINE_OPENED: (N_("%(who)s, of the house, looked at whose a document set aside is."),),
    Action.QUARANTINE_PROPOSED: (N_("%(who)s, of the house, proposed to file here a document set aside."),),
    Action.QUARANTINE_WITHDRAWN: (N_("%(who)s, of the house, withdrew a document proposed for this record."),),
    Action.QUARANTINE_ASSIGNED: (
        N_("%(who)s, of the house, had a document set aside filed here, as a colleague had proposed."),
    ),
    Action.QUARANTINE_DISCARDED: (N_("%(who)s, of the house, discarded a document set aside."),),
}
# Operators have no record here: what they did is told to others only.
MINE = OTHERS
