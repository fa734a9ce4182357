"""The sentences of acts that belong to growing up: secret care, an own access, the secret connection (`sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name, then of several."""

OTHERS: dict[Action, Parts] = {
    Action.SECRET_CONNECTION_BEGUN: (N_("%(who)s opened this record in secret connection."),),
    Action.SECRET_CONNECTION_LEFT: (N_("%(who)s left the secret connection."),),
    Action.DOCUMENT_KEPT_SECRET: (
        N_("%(who)s kept a document secret from the parents."),
        N_("%(who)s kept the document “%(what)s” secret from the parents."),
    ),
    Action.CARE_KEPT_SECRET: (
        N_("%(who)s kept a line of the care history secret from the parents."),
        N_("%(who)s kept “%(what)s” secret from the parents, in the care history."),
        N_("%(who)s kept %(num)s lines of the care history secret from the parents."),
    ),
    Action.CARE_OPENED_TO_PARENTS: (
        N_("%(who)s showed a line of the care history to the parents."),
        N_("%(who)s showed “%(what)s” to the parents, in the care history."),
        N_("%(who)s showed %(num)s lines of the care history to the parents."),
    ),
    Action.STAGES_READ: (N_("%(who)s read what changes with age."),),
    Action.OWN_READING_AGREED: (N_("%(who)s agreed that the young person reads this record in their own account."),),
    Action.OWN_READING_ENDED: (N_("%(who)s took back the agreement to read this record in an own account."),),
    Action.OWN_ACCOUNT_PROVED: (N_("%(who)s made the account their own."),),
}

MINE: dict[Action, Parts] = {
    Action.SECRET_CONNECTION_BEGUN: (N_("You opened this record in secret connection."),),
    Action.SECRET_CONNECTION_LEFT: (N_("You left the secret connection."),),
    Action.DOCUMENT_KEPT_SECRET: (
        N_("You kept a document secret from your parents."),
        N_("You kept the document “%(what)s” secret from your parents."),
    ),
    Action.CARE_KEPT_SECRET: (
        N_("You kept a line of your care history secret from your parents."),
        N_("You kept “%(what)s” secret from your parents, in your care history."),
        N_("You kept %(num)s lines of your care history secret from your parents."),
    ),
    Action.CARE_OPENED_TO_PARENTS: (
        N_("You showed a line of your care history to your parents."),
        N_("You showed “%(what)s” to your parents, in your care history."),
        N_("You showed %(num)s lines of your care history to your parents."),
    ),
    Action.STAGES_READ: (N_("You read what changes with age."),),
    Action.OWN_READING_AGREED: (N_("You agreed that your child reads this record in their own account."),),
    Action.OWN_READING_ENDED: (N_("You took back the agreement that your child reads this record alone."),),
    Action.OWN_ACCOUNT_PROVED: (N_("You made the account your own."),),
}
