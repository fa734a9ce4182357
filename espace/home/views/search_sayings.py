"""The sentences of lists of documents and of searches in them (see `sentences`). What was sought is told to nobody."""

from espace.audit.services import Action
from espace.words import N_

from .care_sayings import Parts

OTHERS: dict[Action, Parts] = {
    Action.DOCUMENTS_LISTED: (
        N_("%(who)s looked at the list of documents."),
        N_("%(who)s looked at the list: 1 document."),
        N_("%(who)s looked at the list: %(num)s documents."),
    ),
    Action.DOCUMENTS_SEARCHED: (
        N_("%(who)s searched in the documents."),
        N_("%(who)s searched in the documents: 1 was shown."),
        N_("%(who)s searched in the documents: %(num)s were shown."),
    ),
}

MINE: dict[Action, Parts] = {
    Action.DOCUMENTS_LISTED: (
        N_("You looked at the list of documents."),
        N_("You looked at the list: 1 document."),
        N_("You looked at the list: %(num)s documents."),
    ),
    Action.DOCUMENTS_SEARCHED: (
        N_("You searched in the documents."),
        N_("You searched in the documents: 1 was shown."),
        N_("You searched in the documents: %(num)s were shown."),
    ),
}
