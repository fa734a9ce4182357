"""The sentences of acts on an account: how one signs in and is reached, from where (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name."""

OTHERS: dict[Action, Parts] = {
    Action.EMAIL_CHANGED: (N_("%(who)s changed the e-mail address of the account."),),
    Action.PHONE_CHANGED: (N_("%(who)s changed the telephone number of the account."),),
    Action.PHONE_REMOVED: (N_("%(who)s removed the telephone number of the account."),),
    Action.PASSWORD_CHANGED: (N_("%(who)s changed the password."),),
    Action.APP_LINKED: (N_("%(who)s linked an authenticator app."),),
    Action.APP_REMOVED: (N_("%(who)s removed the authenticator app."),),
    Action.SMS_CODE_ON: (N_("%(who)s chose to receive codes by SMS."),),
    Action.SMS_CODE_OFF: (N_("%(who)s stopped the codes by SMS."),),
    Action.EMAIL_CODE_ON: (N_("%(who)s chose to receive codes by e-mail."),),
    Action.EMAIL_CODE_OFF: (N_("%(who)s stopped the codes by e-mail."),),
    Action.PASSKEY_RENAMED: (
        N_("%(who)s gave another name to a passkey."),
        N_("%(who)s gave a passkey the name “%(what)s”."),
    ),
    Action.RECOVERY_CODES_RENEWED: (N_("%(who)s renewed the recovery codes. Those before no longer work."),),
    Action.SESSION_ENDED: (N_("%(who)s signed a device out."), N_("%(who)s signed out the device “%(what)s”.")),
    Action.OTHER_SESSIONS_ENDED: (N_("%(who)s signed all other devices out."),),
    Action.LANGUAGE_CHOSEN: (N_("%(who)s chose another language."),),
    Action.IDENTITY_LINKED: (N_("%(who)s linked an outside sign-in to the account."),),
    Action.IDENTITY_UNLINKED: (N_("%(who)s stopped the outside sign-in."),),
}

MINE: dict[Action, Parts] = {
    Action.EMAIL_CHANGED: (N_("You changed your e-mail address."),),
    Action.PHONE_CHANGED: (N_("You changed your telephone number."),),
    Action.PHONE_REMOVED: (N_("You removed your telephone number."),),
    Action.PASSWORD_CHANGED: (N_("You changed your password."),),
    Action.APP_LINKED: (N_("You linked an authenticator app."),),
    Action.APP_REMOVED: (N_("You removed your authenticator app."),),
    Action.SMS_CODE_ON: (N_("You chose to receive codes by SMS."),),
    Action.SMS_CODE_OFF: (N_("You stopped the codes by SMS."),),
    Action.EMAIL_CODE_ON: (N_("You chose to receive codes by e-mail."),),
    Action.EMAIL_CODE_OFF: (N_("You stopped the codes by e-mail."),),
    Action.PASSKEY_RENAMED: (
        N_("You gave another name to a passkey."),
        N_("You gave a passkey the name “%(what)s”."),
    ),
    Action.RECOVERY_CODES_RENEWED: (N_("You renewed your recovery codes. Those before no longer work."),),
    Action.SESSION_ENDED: (N_("You signed a device out."), N_("You signed out the device “%(what)s”.")),
    Action.OTHER_SESSIONS_ENDED: (N_("You signed all your other devices out."),),
    Action.LANGUAGE_CHOSEN: (N_("You chose another language."),),
    Action.IDENTITY_LINKED: (N_("You linked an outside sign-in to your account."),),
    Action.IDENTITY_UNLINKED: (N_("You stopped the outside sign-in."),),
}
