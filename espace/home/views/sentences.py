"""Acts as sentences: one template per act and per what is known of it (look: "rights and acts are sentences").

`OTHERS` tells what somebody else did (`%(who)s`), `MINE` what the reader did. `%(what)s` is a title or a name;
`%(num)s` counts. Each act has a sentence for nothing known, and where it helps for one thing and for several.
"""

from dataclasses import dataclass

from flask_babel import gettext
from markupsafe import Markup

from espace.access.services import UNPLACED_TEAM
from espace.audit.services import Action, Entry
from espace.permissions import ActorKind, Relation
from espace.words import N_

from . import (
    access_sayings,
    account_sayings,
    care_sayings,
    carer_sayings,
    emergency_sayings,
    family_sayings,
    former,
    message_sayings,
    minor_sayings,
    passing_sayings,
    quarantine_sayings,
    record_sayings,
    search_sayings,
    state_sayings,
    visit_sayings,
)


@dataclass(frozen=True, slots=True)
class Sayings:
    """The sentences of one act: nothing known of its object, one named object, several."""

    plain: str
    one: str = ""
    several: str = ""


OTHERS: dict[Action, Sayings] = {
    Action.SIGNED_IN: Sayings(N_("%(who)s opened a session.")),
    Action.SIGNED_OUT: Sayings(N_("%(who)s closed the session.")),
    Action.SIGN_IN_REFUSED: Sayings(N_("Someone tried to open your space and failed.")),
    Action.ACTIVATED: Sayings(N_("%(who)s activated the space.")),
    Action.ACCOUNT_CHANGED: Sayings(N_("%(who)s changed the account.")),
    Action.NOTIFICATIONS_CHOSEN: Sayings(N_("%(who)s chose which messages to receive.")),
    Action.PASSWORD_RESET: Sayings(N_("%(who)s chose a new password, the old one being forgotten.")),
    Action.RECOVERY_ASKED: Sayings(N_("Someone asked to find back the access to your space, with your letter.")),
    Action.RECOVERY_REMINDED: Sayings(N_("The house reminded you of a request to find back the access.")),
    Action.RECOVERY_CANCELLED: Sayings(N_("The request to find back the access was refused.")),
    Action.RECOVERY_DONE: Sayings(N_("%(who)s found back the access to the space, with the letter.")),
    Action.ASSISTANCE_STARTED: Sayings(N_("%(who)s began an assisted session.")),
    Action.ASSISTANCE_ENDED: Sayings(N_("%(who)s ended the assisted session.")),
    Action.ASSISTANCE_SHOWN: Sayings(N_("%(who)s showed the health pages during the assisted session.")),
    Action.ASSISTANCE_CODE_REFUSED: Sayings(N_("A wrong code was typed during the assisted session.")),
    Action.PRIVATE_MODE_ON: Sayings(N_("%(who)s switched private mode on.")),
    Action.PRIVATE_MODE_OFF: Sayings(N_("%(who)s switched private mode off.")),
    Action.PASSKEY_ADDED: Sayings(N_("%(who)s added a passkey."), N_("%(who)s added the passkey “%(what)s”.")),
    Action.PASSKEY_REMOVED: Sayings(N_("%(who)s removed a passkey."), N_("%(who)s removed the passkey “%(what)s”.")),
    Action.PASSKEY_COPIED: Sayings(N_("Someone used a copy of a passkey. Nothing was opened.")),
    Action.DEVICE_FORGOTTEN: Sayings(N_("%(who)s removed a device. It is signed out.")),
    Action.RECORD_ANNOUNCED: Sayings(N_("%(who)s announced the opening of this record.")),
    Action.RECORD_OPENED: Sayings(N_("%(who)s opened this record for its first use.")),
    Action.RECORD_HOME_OPENED: Sayings(N_("%(who)s read the home page of this record.")),
    Action.PATIENT_SEARCHED: Sayings(N_("%(who)s searched for a patient.")),
    Action.PATIENT_FOUND: Sayings(N_("%(who)s found this record by its number and date of birth.")),
    Action.PATIENT_PAGE_OPENED: Sayings(N_("%(who)s opened the page of this record, without its documents.")),
    Action.DOCUMENT_OPENED: Sayings(
        N_("%(who)s opened a document."),
        N_("%(who)s opened the document “%(what)s”."),
        N_("%(who)s opened %(num)s documents."),
    ),
    Action.DOCUMENT_ADDED: Sayings(
        N_("%(who)s added a document."),
        N_("%(who)s added the document “%(what)s”."),
        N_("%(who)s added %(num)s documents."),
    ),
    Action.DOCUMENT_SET_ASIDE: Sayings(
        N_("%(who)s sent a document. It waits for the antivirus."),
        N_("%(who)s sent the document “%(what)s”. It waits for the antivirus."),
    ),
    Action.DOCUMENT_REFUSED: Sayings(N_("%(who)s sent a file that the antivirus refused. It was not added.")),
    Action.DOCUMENT_DEPOSITED: Sayings(
        N_("%(who)s deposited a document."),
        N_("%(who)s deposited the document “%(what)s”."),
        N_("%(who)s deposited %(num)s documents."),
    ),
    Action.DOCUMENT_IMPORTED: Sayings(
        N_("%(who)s filed a document received from a care place."),
        N_("%(who)s filed the document “%(what)s”, received from a care place."),
        N_("%(who)s filed %(num)s documents received from care places."),
    ),
    Action.DOCUMENT_TAKEN_OVER: Sayings(
        N_("%(who)s took a document over from the former record."),
        N_("%(who)s took the document “%(what)s” over from the former record."),
        N_("%(who)s took %(num)s documents over from the former record."),
    ),
    Action.RECORD_TAKEN_OVER: Sayings(
        N_("%(who)s took the former record over: its documents, its accesses and its history.")
    ),
    Action.FORMER_ACT: Sayings(N_("Taken over from the former record.")),
    Action.DOWNLOADED: Sayings(
        N_("%(who)s downloaded a document."),
        N_("%(who)s downloaded the document “%(what)s”."),
        N_("%(who)s downloaded %(num)s documents."),
    ),
    Action.CONSENT_ASKED: Sayings(N_("%(who)s asked to read this record. Nothing was shown.")),
    Action.CONSENT_GIVEN: Sayings(
        N_("%(who)s allowed a professional to read this record."),
        N_("%(who)s allowed %(what)s to read this record."),
    ),
    Action.CONSENT_REFUSED: Sayings(
        N_("%(who)s refused a professional's request."),
        N_("%(who)s refused the request of %(what)s."),
    ),
    Action.CONSENT_REVOKED: Sayings(
        N_("%(who)s ended a professional's access."),
        N_("%(who)s ended the access of %(what)s."),
    ),
    Action.CONSENT_BLOCKED: Sayings(N_("%(who)s blocked a professional."), N_("%(who)s blocked %(what)s.")),
    Action.CONSENT_UNBLOCKED: Sayings(N_("%(who)s unblocked a professional."), N_("%(who)s unblocked %(what)s.")),
    Action.LINK_MADE: Sayings(
        N_("%(who)s linked a parent to this record."),
        N_("%(who)s linked %(what)s to this record, as a parent."),
    ),
    Action.HISTORY_READ: Sayings(N_("%(who)s read this history.")),
    Action.ACCESSES_READ: Sayings(N_("%(who)s looked at who sees this record.")),
    Action.OPERATOR_SEARCHED: Sayings(N_("%(who)s, of the house, searched for a person.")),
    Action.OPERATOR_FOUND: Sayings(N_("%(who)s, of the house, found this record by its number and date of birth.")),
    Action.OPERATOR_PAGE_OPENED: Sayings(N_("%(who)s, of the house, looked at the state of this record.")),
    Action.IDENTITY_CHECKED: Sayings(
        N_("%(who)s, of the house, checked an identity document at the counter."),
        N_("%(who)s, of the house, checked an identity document at the counter: %(what)s."),
        N_("%(who)s, of the house, checked identity documents at the counter: %(num)s."),
    ),
    Action.CODE_PRINTED: Sayings(N_("%(who)s, of the house, printed a provisional code at the counter.")),
    Action.CODE_LIMIT_REACHED: Sayings(N_("%(who)s, of the house, printed as many codes as a day allows.")),
    Action.OPERATOR_INVITED: Sayings(N_("%(who)s sent an operator an invitation.")),
    Action.OPERATOR_PROPOSED: Sayings(N_("%(who)s proposed an administrator.")),
    Action.OPERATOR_CONFIRMED: Sayings(N_("%(who)s confirmed an administrator.")),
    Action.OPERATOR_WITHDRAWN: Sayings(N_("%(who)s withdrew an invitation or a proposal.")),
    Action.OPERATOR_JOINED: Sayings(N_("%(who)s signed in for the first time.")),
    Action.OPERATOR_DISABLED: Sayings(N_("%(who)s disabled an operator.")),
    Action.OPERATOR_ENABLED: Sayings(N_("%(who)s enabled an operator again.")),
    Action.OPERATOR_ROLE_CHANGED: Sayings(N_("%(who)s changed the role of an operator.")),
    Action.OPERATORS_READ: Sayings(N_("%(who)s looked at the list of operators.")),
    Action.ACTIVITY_READ: Sayings(N_("%(who)s read what operators did.")),
}

MINE: dict[Action, Sayings] = {
    Action.SIGNED_IN: Sayings(N_("You opened a session.")),
    Action.SIGNED_OUT: Sayings(N_("You closed the session.")),
    Action.SIGN_IN_REFUSED: Sayings(N_("Someone tried to open your space and failed.")),
    Action.ACTIVATED: Sayings(N_("You activated your space.")),
    Action.ACCOUNT_CHANGED: Sayings(N_("You changed your account.")),
    Action.NOTIFICATIONS_CHOSEN: Sayings(N_("You chose which messages to receive.")),
    Action.PASSWORD_RESET: Sayings(N_("You chose a new password, the old one being forgotten.")),
    Action.RECOVERY_ASKED: Sayings(N_("You asked to find back the access to your space, with your letter.")),
    Action.RECOVERY_REMINDED: Sayings(N_("The house reminded you of a request to find back the access.")),
    Action.RECOVERY_CANCELLED: Sayings(N_("The request to find back the access was refused.")),
    Action.RECOVERY_DONE: Sayings(N_("You found back the access to your space, with your letter.")),
    Action.ASSISTANCE_STARTED: Sayings(N_("You began an assisted session.")),
    Action.ASSISTANCE_ENDED: Sayings(N_("You ended the assisted session.")),
    Action.ASSISTANCE_SHOWN: Sayings(N_("You showed the health pages during the assisted session.")),
    Action.ASSISTANCE_CODE_REFUSED: Sayings(N_("A wrong code was typed during the assisted session.")),
    Action.PRIVATE_MODE_ON: Sayings(N_("You switched private mode on.")),
    Action.PRIVATE_MODE_OFF: Sayings(N_("You switched private mode off.")),
    Action.PASSKEY_ADDED: Sayings(N_("You added a passkey."), N_("You added the passkey “%(what)s”.")),
    Action.PASSKEY_REMOVED: Sayings(N_("You removed a passkey."), N_("You removed the passkey “%(what)s”.")),
    Action.PASSKEY_COPIED: Sayings(N_("Someone used a copy of a passkey. Nothing was opened.")),
    Action.DEVICE_FORGOTTEN: Sayings(N_("You removed a device. It is signed out.")),
    Action.RECORD_ANNOUNCED: Sayings(N_("You announced the opening of this record.")),
    Action.RECORD_OPENED: Sayings(N_("You opened this record for its first use.")),
    Action.RECORD_HOME_OPENED: Sayings(N_("You read the home page of this record.")),
    Action.PATIENT_SEARCHED: Sayings(N_("You searched for a patient.")),
    Action.PATIENT_FOUND: Sayings(N_("You found this record by its number and date of birth.")),
    Action.PATIENT_PAGE_OPENED: Sayings(N_("You opened the page of this record, without its documents.")),
    Action.DOCUMENT_OPENED: Sayings(
        N_("You opened a document."), N_("You opened the document “%(what)s”."), N_("You opened %(num)s documents.")
    ),
    Action.DOCUMENT_ADDED: Sayings(
        N_("You added a document."), N_("You added the document “%(what)s”."), N_("You added %(num)s documents.")
    ),
    Action.DOCUMENT_SET_ASIDE: Sayings(
        N_("You sent a document. It waits for the antivirus."),
        N_("You sent the document “%(what)s”. It waits for the antivirus."),
    ),
    Action.DOCUMENT_REFUSED: Sayings(N_("You sent a file that the antivirus refused. It was not added.")),
    Action.DOCUMENT_DEPOSITED: Sayings(
        N_("You deposited a document."),
        N_("You deposited the document “%(what)s”."),
        N_("You deposited %(num)s documents."),
    ),
    Action.DOCUMENT_IMPORTED: Sayings(
        N_("You filed a document received from a care place."),
        N_("You filed the document “%(what)s”, received from a care place."),
        N_("You filed %(num)s documents received from care places."),
    ),
    Action.DOCUMENT_TAKEN_OVER: Sayings(
        N_("You took a document over from the former record."),
        N_("You took the document “%(what)s” over from the former record."),
        N_("You took %(num)s documents over from the former record."),
    ),
    Action.RECORD_TAKEN_OVER: Sayings(
        N_("You took the former record over: its documents, its accesses and its history.")
    ),
    Action.FORMER_ACT: Sayings(N_("Taken over from the former record.")),
    Action.DOWNLOADED: Sayings(
        N_("You downloaded a document."),
        N_("You downloaded the document “%(what)s”."),
        N_("You downloaded %(num)s documents."),
    ),
    Action.CONSENT_ASKED: Sayings(N_("You asked to read this record. Nothing was shown.")),
    Action.CONSENT_GIVEN: Sayings(
        N_("You allowed a professional to read this record."), N_("You allowed %(what)s to read this record.")
    ),
    Action.CONSENT_REFUSED: Sayings(
        N_("You refused a professional's request."), N_("You refused the request of %(what)s.")
    ),
    Action.CONSENT_REVOKED: Sayings(N_("You ended a professional's access."), N_("You ended the access of %(what)s.")),
    Action.CONSENT_BLOCKED: Sayings(N_("You blocked a professional."), N_("You blocked %(what)s.")),
    Action.CONSENT_UNBLOCKED: Sayings(N_("You unblocked a professional."), N_("You unblocked %(what)s.")),
    Action.LINK_MADE: Sayings(
        N_("You linked a parent to this record."), N_("You linked %(what)s to this record, as a parent.")
    ),
    Action.HISTORY_READ: Sayings(N_("You read this history.")),
    Action.ACCESSES_READ: Sayings(N_("You looked at who sees this record.")),
}
# Operators have no record here: what they did is told to others only.
_OFFICE = (Action.IDENTITY_CHECKED, Action.CODE_PRINTED, Action.CODE_LIMIT_REACHED, Action.ACTIVITY_READ)
MINE |= {act: saying for act, saying in OTHERS.items() if act.startswith("operator") or act in _OFFICE}

for _more in (
    account_sayings,
    record_sayings,
    care_sayings,
    search_sayings,
    state_sayings,
    visit_sayings,
    quarantine_sayings,
    passing_sayings,
    minor_sayings,
    access_sayings,
    carer_sayings,
    emergency_sayings,
    family_sayings,
    message_sayings,
):
    OTHERS |= {action: Sayings(*parts) for action, parts in _more.OTHERS.items()}
    MINE |= {action: Sayings(*parts) for action, parts in _more.MINE.items()}


def sentence(entry: Entry, *, mine: bool) -> Markup:
    """The act of `entry` in one sentence; names stand out, and everything that came from outside is escaped."""
    if entry.action is Action.FORMER_ACT:
        return former.sentence(entry)
    sayings = (MINE if mine else OTHERS)[entry.action]
    count = len(entry.objects)
    what = named(entry.objects[0]) if count == 1 else ""
    if count > 1 and sayings.several:
        saying = sayings.several
    elif sayings.one and (what or (count == 1 and "%(what)s" not in sayings.one)):
        saying = sayings.one
    else:
        saying = sayings.plain
    who = Markup("<b>%s</b>") % (gettext("The house") if entry.actor_kind == ActorKind.SYSTEM else entry.actor_name)
    # Without values `gettext` formats nothing: they are put in after, escaped.
    words = {"who": who, "what": Markup("<b>%s</b>") % what, "num": count}
    words["way"] = Markup("<b>%s</b>") % emergency_sayings.way(entry)
    words["whom"] = Markup("<b>%s</b>") % (entry.detail.get("whom") or entry.detail.get("whom_place", UNPLACED_TEAM))
    return Markup(gettext(str(saying))) % words  # noqa: S704 - ours


def named(thing: dict[str, str]) -> str:
    """What a thing of an act is called, as it was shown then."""
    return thing.get("title") or thing.get("name") or thing.get("label") or ""


def for_whom(entry: Entry, holder: str) -> str:
    """« pour Jules » when somebody acted for the holder, else nothing."""
    is_for_other = entry.relation in (Relation.REPRESENTATIVE, Relation.CARER)
    return gettext("for %(name)s", name=holder) if is_for_other else ""


def helped(entry: Entry) -> str:
    """« avec l'aide de Marc Petit » when somebody sat beside who acted, else nothing."""
    return gettext("with the help of %(name)s", name=entry.actor_helper) if entry.actor_helper else ""
