"""What people read of decisions on accesses: shortened, collected beside the person, proved."""

from espace.audit.services import Action
from espace.words import N_

OTHERS: dict[Action, tuple[str, ...]] = {
    Action.CONSENT_LIMITED: (
        N_("%(who)s shortened a professional's access."),
        N_("%(who)s shortened the access of %(what)s."),
    ),
    Action.CONSENT_COLLECTED: (
        N_("%(who)s wrote down that you agreed to an access."),
        N_("%(who)s wrote down that you agreed to the access of %(what)s."),
    ),
    Action.CONSENT_PROVED: (
        N_("%(who)s downloaded the proof of a decision on an access."),
        N_("%(who)s downloaded the proof of the decision about %(what)s."),
    ),
}

MINE: dict[Action, tuple[str, ...]] = {
    Action.CONSENT_LIMITED: (N_("You shortened a professional's access."), N_("You shortened the access of %(what)s.")),
    Action.CONSENT_COLLECTED: (N_("You wrote down that an access was agreed to."),),
    Action.CONSENT_PROVED: (
        N_("You downloaded the proof of a decision on an access."),
        N_("You downloaded the proof of the decision about %(what)s."),
    ),
}
