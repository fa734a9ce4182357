"""The sentences of acts on messages: read, sent, received, filed, kept out; mailboxes and whom the gateway trusts.

`%(whom)s` is the other side: a professional by name, a place of care under `whom_place`, which another parent may have
kept from the reader (security.md R15).
"""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name, then of several."""

OTHERS: dict[Action, Parts] = {
    Action.MESSAGES_LISTED: (N_("%(who)s looked at the list of messages."),),
    Action.MESSAGES_SEARCHED: (N_("%(who)s searched the messages."),),
    Action.MESSAGE_READ: (
        N_("%(who)s read a message."),
        N_("%(who)s read the message “%(what)s”."),
        N_("%(who)s read %(num)s messages."),
    ),
    Action.MESSAGE_SENT: (
        N_("%(who)s sent a message."),
        N_("%(who)s sent the message “%(what)s”. Recipient: %(whom)s."),
        N_("%(who)s sent %(num)s messages."),
    ),
    Action.MESSAGE_RECEIVED: (
        N_("A message arrived. Sender: %(whom)s."),
        N_("The message “%(what)s” arrived. Sender: %(whom)s."),
        N_("%(num)s messages arrived."),
    ),
    Action.MESSAGE_REFUSED: (
        N_("A message for this record was refused. Sender: %(whom)s."),
        N_("The message “%(what)s” was refused. Sender: %(whom)s."),
    ),
    Action.MESSAGE_ARCHIVED: (
        N_("%(who)s put an exchange of messages in the archives."),
        N_("%(who)s put the exchange “%(what)s” in the archives."),
        N_("%(who)s put %(num)s exchanges of messages in the archives."),
    ),
    Action.MESSAGE_UNARCHIVED: (
        N_("%(who)s took an exchange of messages out of the archives."),
        N_("%(who)s took the exchange “%(what)s” out of the archives."),
        N_("%(who)s took %(num)s exchanges of messages out of the archives."),
    ),
    Action.MESSAGE_PRINTED: (
        N_("%(who)s printed an exchange of messages."),
        N_("%(who)s printed the exchange “%(what)s”."),
    ),
    Action.MESSAGE_EXPORTED: (
        N_("%(who)s downloaded an exchange of messages."),
        N_("%(who)s downloaded the exchange “%(what)s”."),
    ),
    Action.ATTACHMENT_OPENED: (
        N_("%(who)s opened a file of a message."),
        N_("%(who)s opened “%(what)s”, a file of a message."),
        N_("%(who)s opened %(num)s files of messages."),
    ),
    Action.ATTACHMENT_FILED: (
        N_("%(who)s filed a file of a message in the documents."),
        N_("%(who)s filed “%(what)s”, from a message, in the documents."),
        N_("%(who)s filed %(num)s files of messages in the documents."),
    ),
    Action.EXCHANGE_CLOSED: (
        N_("An exchange of messages was ended. By: %(whom)s."),
        N_("The exchange “%(what)s” was ended. By: %(whom)s."),
    ),
    Action.EXCHANGE_REOPENED: (
        N_("An exchange of messages was opened again. By: %(whom)s."),
        N_("The exchange “%(what)s” was opened again. By: %(whom)s."),
    ),
    Action.MAILBOX_MADE: (N_("%(who)s made a mailbox."), N_("%(who)s made the mailbox “%(what)s”.")),
    Action.MAILBOX_CHANGED: (
        N_("%(who)s changed the settings of a mailbox."),
        N_("%(who)s changed the settings of the mailbox “%(what)s”."),
    ),
    Action.MAILBOX_PREFERRED: (
        N_("%(who)s chose a mailbox as the one they prefer."),
        N_("%(who)s chose the mailbox “%(what)s” as the one they prefer."),
    ),
    Action.MAILBOX_MEMBER_ADDED: (
        N_("%(who)s added somebody to the team of a mailbox."),
        N_("%(who)s added %(what)s to the team of a mailbox."),
    ),
    Action.MAILBOX_MEMBER_REMOVED: (
        N_("%(who)s took somebody out of the team of a mailbox."),
        N_("%(who)s took %(what)s out of the team of a mailbox."),
    ),
    Action.MAILBOX_HANDED_OVER: (
        N_("%(who)s named who answers for a mailbox."),
        N_("%(who)s named who answers for a mailbox: %(what)s."),
    ),
    Action.MAILBOX_TOKEN_MADE: (
        N_("%(who)s let a program send from a mailbox."),
        N_("%(who)s let the program “%(what)s” send from a mailbox."),
    ),
    Action.MAILBOX_TOKEN_ENDED: (
        N_("%(who)s stopped a program from sending from a mailbox."),
        N_("%(who)s stopped the program “%(what)s” from sending from a mailbox."),
    ),
    Action.MAILBOX_ASSIGNED: (
        N_("%(who)s said who answers an exchange of messages."),
        N_("%(who)s said who answers the exchange “%(what)s”."),
    ),
    Action.MAILBOX_CLOSED: (N_("%(who)s closed a mailbox."), N_("%(who)s closed the mailbox “%(what)s”.")),
    Action.MAILBOX_REOPENED: (
        N_("%(who)s opened a closed mailbox again."),
        N_("%(who)s opened the closed mailbox “%(what)s” again."),
    ),
    Action.MAIL_LIST_PROPOSED: (N_("%(who)s proposed a list for the exchange of mail."),),
    Action.MAIL_LIST_CONFIRMED: (N_("%(who)s confirmed a list for the exchange of mail."),),
    Action.MAIL_LIST_REFUSED: (N_("%(who)s refused a list for the exchange of mail."),),
}

MINE: dict[Action, Parts] = OTHERS | {
    Action.MESSAGES_LISTED: (N_("You looked at the list of messages."),),
    Action.MESSAGES_SEARCHED: (N_("You searched the messages."),),
    Action.MESSAGE_READ: (
        N_("You read a message."),
        N_("You read the message “%(what)s”."),
        N_("You read %(num)s messages."),
    ),
    Action.MESSAGE_SENT: (
        N_("You sent a message."),
        N_("You sent the message “%(what)s”. Recipient: %(whom)s."),
        N_("You sent %(num)s messages."),
    ),
    Action.MESSAGE_ARCHIVED: (
        N_("You put an exchange of messages in the archives."),
        N_("You put the exchange “%(what)s” in the archives."),
        N_("You put %(num)s exchanges of messages in the archives."),
    ),
    Action.MESSAGE_UNARCHIVED: (
        N_("You took an exchange of messages out of the archives."),
        N_("You took the exchange “%(what)s” out of the archives."),
        N_("You took %(num)s exchanges of messages out of the archives."),
    ),
    Action.MESSAGE_PRINTED: (
        N_("You printed an exchange of messages."),
        N_("You printed the exchange “%(what)s”."),
    ),
    Action.MESSAGE_EXPORTED: (
        N_("You downloaded an exchange of messages."),
        N_("You downloaded the exchange “%(what)s”."),
    ),
    Action.ATTACHMENT_OPENED: (
        N_("You opened a file of a message."),
        N_("You opened “%(what)s”, a file of a message."),
        N_("You opened %(num)s files of messages."),
    ),
    Action.ATTACHMENT_FILED: (
        N_("You filed a file of a message in the documents."),
        N_("You filed “%(what)s”, from a message, in the documents."),
        N_("You filed %(num)s files of messages in the documents."),
    ),
}
