"""The sentences of acts on counter codes, share links and what guests leave (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name, then of several."""

_SHARED: dict[Action, Parts] = {
    Action.COUNTER_CODE_REFUSED: (
        N_("%(who)s, who is blocked, typed a counter code of this record. Nothing was opened."),
    ),
    Action.SHARE_OPENED: (
        N_("Someone opened a share link with its code."),
        N_("Someone opened, with its code, a link that shows the document “%(what)s”."),
        N_("Someone opened, with its code, a link that shows %(num)s documents."),
    ),
    Action.SHARE_REFUSED: (
        N_("A share link is over: too many wrong codes were typed."),
        N_("The share link “%(what)s” is over: too many wrong codes were typed."),
    ),
    Action.SHARE_DOCUMENT_OPENED: (
        N_("A document was opened by a share link."),
        N_("The document “%(what)s” was opened by a share link."),
        N_("%(num)s documents were opened by a share link."),
    ),
    Action.GUEST_FILE_LEFT: (
        N_("A guest left a file by a link."),
        N_("%(what)s left a file by a link."),
        N_("A guest left %(num)s files by a link."),
    ),
    Action.GUEST_FILE_REFUSED: (N_("A guest sent a file that the antivirus refused. It was not kept."),),
    Action.COUNTER_CODE_MISSED: (N_("%(who)s typed a counter code that opens nothing."),),
}

OTHERS: dict[Action, Parts] = {
    **_SHARED,
    Action.COUNTER_CODE_MADE: (N_("%(who)s made a counter code."),),
    Action.COUNTER_CODE_CANCELLED: (N_("%(who)s cancelled a counter code before its use."),),
    Action.COUNTER_CODE_USED: (N_("%(who)s opened this record with a counter code."),),
    Action.WINDOW_CLOSED: (
        N_("%(who)s closed what a counter code had opened."),
        N_("%(who)s closed what a counter code had opened to %(what)s."),
    ),
    Action.SHARE_MADE: (
        N_("%(who)s made a link that shows documents."),
        N_("%(who)s made a link that shows the document “%(what)s”."),
        N_("%(who)s made a link that shows %(num)s documents."),
    ),
    Action.SHARE_CLOSED: (
        N_("%(who)s closed a share link."),
        N_("%(who)s closed the share link “%(what)s”."),
    ),
    Action.DROP_MADE: (N_("%(who)s made a link to receive a file."),),
    Action.DROP_CLOSED: (N_("%(who)s closed a link to receive files."),),
    Action.GUEST_FILE_THROWN: (N_("%(who)s threw away a file left by a guest."),),
}

MINE: dict[Action, Parts] = {
    **_SHARED,
    Action.COUNTER_CODE_REFUSED: (N_("You typed a counter code that opens nothing."),),
    Action.COUNTER_CODE_MISSED: (N_("You typed a counter code that opens nothing."),),
    Action.COUNTER_CODE_MADE: (N_("You made a counter code."),),
    Action.COUNTER_CODE_CANCELLED: (N_("You cancelled a counter code before its use."),),
    Action.COUNTER_CODE_USED: (N_("You opened this record with a counter code."),),
    Action.WINDOW_CLOSED: (
        N_("You closed what a counter code had opened."),
        N_("You closed what a counter code had opened to %(what)s."),
    ),
    Action.SHARE_MADE: (
        N_("You made a link that shows documents."),
        N_("You made a link that shows the document “%(what)s”."),
        N_("You made a link that shows %(num)s documents."),
    ),
    Action.SHARE_CLOSED: (N_("You closed a share link."), N_("You closed the share link “%(what)s”.")),
    Action.DROP_MADE: (N_("You made a link to receive a file."),),
    Action.DROP_CLOSED: (N_("You closed a link to receive files."),),
    Action.GUEST_FILE_THROWN: (N_("You threw away a file left by a guest."),),
}
