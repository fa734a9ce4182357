"""What people read of acts about carers: asked, accepted, changed, ended, read over, entered from a paper."""

from espace.audit.services import Action
from espace.words import N_

OTHERS: dict[Action, tuple[str, ...]] = {
    Action.CARER_INVITED: (
        N_("%(who)s asked somebody to become a carer."),
        N_("%(who)s asked %(what)s to become a carer."),
    ),
    Action.CARER_INVITATION_CANCELLED: (
        N_("%(who)s took an invitation to a carer back."),
        N_("%(who)s took the invitation of %(what)s back."),
    ),
    Action.CARER_ACCEPTED: (N_("%(who)s agreed to help as a carer."),),
    Action.CARER_REFUSED: (N_("%(who)s does not help as a carer."),),
    Action.CARER_WIDENED: (
        N_("%(who)s prolonged or widened what a carer may do."),
        N_("%(who)s prolonged or widened what %(what)s may do as a carer."),
    ),
    Action.CARER_NARROWED: (
        N_("%(who)s reduced what a carer may do."),
        N_("%(who)s reduced what %(what)s may do as a carer."),
    ),
    Action.CARER_ENDED: (N_("%(who)s ended the help of a carer."), N_("%(who)s ended the help of %(what)s.")),
    Action.CARER_LEFT: (N_("%(who)s stopped helping as a carer."),),
    Action.CARER_RECEIPT_READ: (
        N_("%(who)s read what a carer did."),
        N_("%(who)s read what %(what)s did as a carer."),
    ),
    Action.MANDATE_ENTERED: (
        N_("%(who)s, of the house, entered a signed paper that names a carer."),
        N_("%(who)s, of the house, entered a signed paper that names %(what)s as a carer."),
    ),
    Action.MANDATE_LIMIT_REACHED: (N_("%(who)s, of the house, entered as many signed papers as a day allows."),),
}

MINE: dict[Action, tuple[str, ...]] = {
    Action.CARER_INVITED: (
        N_("You asked somebody to become a carer."),
        N_("You asked %(what)s to become a carer."),
    ),
    Action.CARER_INVITATION_CANCELLED: (
        N_("You took an invitation to a carer back."),
        N_("You took the invitation of %(what)s back."),
    ),
    Action.CARER_ACCEPTED: (N_("You agreed to help as a carer."),),
    Action.CARER_REFUSED: (N_("You said no to helping as a carer."),),
    Action.CARER_WIDENED: (
        N_("You prolonged or widened what a carer may do."),
        N_("You prolonged or widened what %(what)s may do as a carer."),
    ),
    Action.CARER_NARROWED: (
        N_("You reduced what a carer may do."),
        N_("You reduced what %(what)s may do as a carer."),
    ),
    Action.CARER_ENDED: (N_("You ended the help of a carer."), N_("You ended the help of %(what)s.")),
    Action.CARER_LEFT: (N_("You stopped helping as a carer."),),
    Action.CARER_RECEIPT_READ: (N_("You read what a carer did."), N_("You read what %(what)s did as a carer.")),
    Action.MANDATE_ENTERED: OTHERS[Action.MANDATE_ENTERED],
    Action.MANDATE_LIMIT_REACHED: OTHERS[Action.MANDATE_LIMIT_REACHED],
}
