"""The sentences of what is decided about documents: hidden, put away, announced, waited for (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a title."""

OTHERS: dict[Action, Parts] = {
    Action.DOCUMENT_HIDDEN: (
        N_("%(who)s hid a document from professionals."),
        N_("%(who)s hid the document “%(what)s” from professionals."),
    ),
    Action.DOCUMENT_SHOWN: (
        N_("%(who)s showed a hidden document to professionals again."),
        N_("%(who)s showed the document “%(what)s” to professionals again."),
    ),
    Action.DOCUMENT_KEPT_FROM: (
        N_("%(who)s keeps a document from %(whom)s."),
        N_("%(who)s keeps the document “%(what)s” from %(whom)s."),
    ),
    Action.DOCUMENT_SHOWN_TO: (
        N_("%(who)s shows a hidden document to %(whom)s."),
        N_("%(who)s shows the hidden document “%(what)s” to %(whom)s."),
    ),
    Action.DOCUMENT_RULE_ENDED: (
        N_("%(who)s ended the exception of %(whom)s about a document."),
        N_("%(who)s ended the exception of %(whom)s about the document “%(what)s”."),
    ),
    Action.DOCUMENTS_HIDDEN: (N_("%(who)s hid all the documents from professionals."),),
    Action.DOCUMENTS_SHOWN: (N_("%(who)s showed all the hidden documents to professionals again."),),
    Action.DOCUMENT_ARCHIVED: (N_("%(who)s archived a document."), N_("%(who)s archived the document “%(what)s”.")),
    Action.DOCUMENT_UNARCHIVED: (
        N_("%(who)s took a document out of the archive."),
        N_("%(who)s took the document “%(what)s” out of the archive."),
    ),
    Action.DOCUMENT_DELETED: (N_("%(who)s deleted a document."), N_("%(who)s deleted the document “%(what)s”.")),
    Action.DOCUMENT_REMARKED: (
        N_("%(who)s wrote a remark on a document."),
        N_("%(who)s wrote a remark on the document “%(what)s”."),
    ),
    Action.DOCUMENT_ANNOUNCED: (
        N_("%(who)s announced a document. It can be read here now."),
        N_("%(who)s announced the document “%(what)s”. It can be read here now."),
    ),
    Action.DOCUMENT_RELEASED: (
        N_("%(who)s shows a document that was not announced in time."),
        N_("%(who)s shows the document “%(what)s”, which was not announced in time."),
    ),
    Action.DOCUMENT_OPENED_TO_PARENTS: (
        N_("%(who)s showed a document to the parents."),
        N_("%(who)s showed the document “%(what)s” to the parents."),
    ),
    Action.RESULT_DELAYS_READ: (N_("%(who)s looked at when fresh results are shown."),),
    Action.RESULT_DELAYS_CHOSEN: (N_("%(who)s chose when fresh results are shown."),),
    Action.RESULT_SHOWN_EARLY: (
        N_("%(who)s showed a result without waiting any more."),
        N_("%(who)s showed the result “%(what)s” without waiting any more."),
    ),
}

MINE: dict[Action, Parts] = {
    Action.DOCUMENT_HIDDEN: (
        N_("You hid a document from professionals."),
        N_("You hid the document “%(what)s” from professionals."),
    ),
    Action.DOCUMENT_SHOWN: (
        N_("You showed a hidden document to professionals again."),
        N_("You showed the document “%(what)s” to professionals again."),
    ),
    Action.DOCUMENT_KEPT_FROM: (
        N_("You keep a document from %(whom)s."),
        N_("You keep the document “%(what)s” from %(whom)s."),
    ),
    Action.DOCUMENT_SHOWN_TO: (
        N_("You show a hidden document to %(whom)s."),
        N_("You show the hidden document “%(what)s” to %(whom)s."),
    ),
    Action.DOCUMENT_RULE_ENDED: (
        N_("You ended the exception of %(whom)s about a document."),
        N_("You ended the exception of %(whom)s about the document “%(what)s”."),
    ),
    Action.DOCUMENTS_HIDDEN: (N_("You hid all the documents from professionals."),),
    Action.DOCUMENTS_SHOWN: (N_("You showed all the hidden documents to professionals again."),),
    Action.DOCUMENT_ARCHIVED: (N_("You archived a document."), N_("You archived the document “%(what)s”.")),
    Action.DOCUMENT_UNARCHIVED: (
        N_("You took a document out of the archive."),
        N_("You took the document “%(what)s” out of the archive."),
    ),
    Action.DOCUMENT_DELETED: (N_("You deleted a document."), N_("You deleted the document “%(what)s”.")),
    Action.DOCUMENT_REMARKED: (
        N_("You wrote a remark on a document."),
        N_("You wrote a remark on the document “%(what)s”."),
    ),
    Action.DOCUMENT_ANNOUNCED: (
        N_("You announced a document. It can be read here now."),
        N_("You announced the document “%(what)s”. It can be read here now."),
    ),
    Action.DOCUMENT_RELEASED: OTHERS[Action.DOCUMENT_RELEASED],
    Action.DOCUMENT_OPENED_TO_PARENTS: (
        N_("You showed a document to the parents."),
        N_("You showed the document “%(what)s” to the parents."),
    ),
    Action.RESULT_DELAYS_READ: (N_("You looked at when fresh results are shown."),),
    Action.RESULT_DELAYS_CHOSEN: (N_("You chose when fresh results are shown."),),
    Action.RESULT_SHOWN_EARLY: (
        N_("You showed a result without waiting any more."),
        N_("You showed the result “%(what)s” without waiting any more."),
    ),
}
