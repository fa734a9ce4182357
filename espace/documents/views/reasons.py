"""Why somebody sees a document or does not, in words (rules.md AR-13 to AR-15, MI-6; look: rights are sentences)."""

from espace.access.services import Reason
from espace.web.forms import translated
from espace.words import N_, Message

_SEEN: dict[Reason, Message] = {
    Reason.CONSENT: N_("They have an access."),
    Reason.TEAM: N_("Their team has an access."),
    Reason.WINDOW: N_("A code was shown to them."),
    Reason.BREAK_GLASS: N_("They opened the record in an emergency."),
    Reason.CENTRE_15: N_("They opened the record for a call to the 15."),
    Reason.REPRESENTATIVE: N_("They act for the person."),
    Reason.CARER: N_("They read documents as a carer."),
}
_UNSEEN: dict[Reason, Message] = {
    Reason.TYPE_NOT_OPEN: N_("Their profession does not open this kind of document: it is the national rule."),
    Reason.WITHHELD: N_("This kind of document is not among those they may read."),
    Reason.AFTER_LIMIT: N_("It came after the day until which they may read."),
    Reason.KEPT_FROM: N_("It is kept from them."),
    Reason.HIDDEN: N_("It is hidden."),
    Reason.AWAITS_ANNOUNCEMENT: N_("It is to be announced first."),
    Reason.SECRET_CARE: N_("It is secret care."),
    Reason.HELD: N_("It waits to be read by the person first."),
    Reason.FROZEN: N_("A decision stops them from reading."),
    Reason.NO_READING: N_("They have no access now."),
}
_OTHERWISE = N_("They may not read it.")


def why_seen(reason: Reason, *, shown: bool = False, own: bool = False) -> str:
    """Why somebody sees it. `shown`: a rule of its own shows it to them; `own`: they deposited it."""
    if own:
        return translated(N_("They deposited it: they see it in any case."))
    if shown:
        return translated(N_("It is shown to them, though it is hidden."))
    return translated(_SEEN.get(reason, _SEEN[Reason.CONSENT]))


def why_unseen(reason: Reason) -> str:
    """Why somebody does not see it."""
    return translated(_UNSEEN.get(reason, _OTHERWISE))
