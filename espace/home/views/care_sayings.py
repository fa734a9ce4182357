"""The sentences of acts on the care history (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name, then of several."""

OTHERS: dict[Action, Parts] = {
    Action.CARE_READ: (
        N_("%(who)s looked at the care history."),
        N_("%(who)s looked at the care history: 1 line."),
        N_("%(who)s looked at the care history: %(num)s lines."),
    ),
    Action.CARE_SEARCHED: (
        N_("%(who)s searched the care history and found nothing."),
        N_("%(who)s searched the care history: 1 line found."),
        N_("%(who)s searched the care history: %(num)s lines found."),
    ),
    Action.CARE_IMPORTED: (N_("The health insurer brought the care history up to date."),),
    Action.CARE_HIDDEN: (
        N_("%(who)s hid a line of the care history from professionals."),
        N_("%(who)s hid “%(what)s” from professionals, in the care history."),
        N_("%(who)s hid %(num)s lines of the care history from professionals."),
    ),
    Action.CARE_SHOWN: (
        N_("%(who)s showed a line of the care history to professionals again."),
        N_("%(who)s showed “%(what)s” to professionals again, in the care history."),
        N_("%(who)s showed %(num)s lines of the care history to professionals again."),
    ),
}

MINE: dict[Action, Parts] = {
    Action.CARE_READ: (
        N_("You looked at the care history."),
        N_("You looked at the care history: 1 line."),
        N_("You looked at the care history: %(num)s lines."),
    ),
    Action.CARE_SEARCHED: (
        N_("You searched the care history and found nothing."),
        N_("You searched the care history: 1 line found."),
        N_("You searched the care history: %(num)s lines found."),
    ),
    Action.CARE_IMPORTED: OTHERS[Action.CARE_IMPORTED],
    Action.CARE_HIDDEN: (
        N_("You hid a line of the care history from professionals."),
        N_("You hid “%(what)s” from professionals, in the care history."),
        N_("You hid %(num)s lines of the care history from professionals."),
    ),
    Action.CARE_SHOWN: (
        N_("You showed a line of the care history to professionals again."),
        N_("You showed “%(what)s” to professionals again, in the care history."),
        N_("You showed %(num)s lines of the care history to professionals again."),
    ),
}
