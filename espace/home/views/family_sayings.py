"""The sentences of acts on who acts for whom: requests, invitations, decisions of courts (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name."""

OTHERS: dict[Action, Parts] = {
    Action.LINK_ANNOUNCED: (N_("%(who)s announced that a new link is about to be made."),),
    Action.LINK_CONTESTED: (N_("%(who)s contested a new link. It is looked at again."),),
    Action.GUARDIAN_LINKED: (
        N_("%(who)s linked a guardian to this record."),
        N_("%(who)s linked %(what)s to this record, as a guardian."),
    ),
    Action.PARENT_INVITED: (N_("%(who)s invited the other parent."),),
    Action.PARENT_INVITATION_CANCELLED: (N_("%(who)s cancelled the invitation of a parent."),),
    Action.PARENTS_READ: (N_("%(who)s looked at who acts in this record."),),
    Action.TWO_HOMES_ON: (N_("%(who)s chose to keep the names of places for a child."),),
    Action.TWO_HOMES_OFF: (N_("%(who)s chose to show the names of places for a child."),),
    Action.FAMILY_REQUEST_MADE: (
        N_("%(who)s sent a request with a proof."),
        N_("%(who)s sent a request with a proof, for %(what)s."),
    ),
    Action.FAMILY_REQUEST_WITHDRAWN: (
        N_("%(who)s withdrew a request."),
        N_("%(who)s withdrew the request for %(what)s."),
    ),
    Action.FAMILY_REQUEST_OPENED: (N_("%(who)s, of the house, looked at a request for a link."),),
    Action.FAMILY_REQUEST_PROPOSED: (N_("%(who)s, of the house, proposed to accept a request for a link."),),
    Action.FAMILY_REQUEST_REOPENED: (N_("%(who)s, of the house, withdrew a proposal about a request for a link."),),
    Action.FAMILY_REQUEST_CONFIRMED: (N_("%(who)s, of the house, confirmed a request for a link."),),
    Action.FAMILY_REQUEST_REFUSED: (N_("%(who)s, of the house, refused a request for a link."),),
    Action.RESTRICTION_OPENED: (N_("%(who)s looked at the decision of a court."),),
    Action.RESTRICTION_ENTERED: (N_("%(who)s entered the decision of a court."),),
    Action.RESTRICTION_CONFIRMED: (N_("%(who)s confirmed a decision that limits a link."),),
    Action.RESTRICTION_LIFTING: (N_("%(who)s proposed to lift the decision of a court."),),
    Action.RESTRICTION_LIFTED: (N_("%(who)s lifted a decision that limited a link."),),
    Action.RESTRICTION_DROPPED: (N_("%(who)s ended a decision that was not confirmed."),),
}

MINE: dict[Action, Parts] = {
    Action.LINK_ANNOUNCED: (N_("You announced that a new link is about to be made."),),
    Action.LINK_CONTESTED: (N_("You contested a new link. It is looked at again."),),
    Action.GUARDIAN_LINKED: (
        N_("You linked a guardian to this record."),
        N_("You linked %(what)s to this record, as a guardian."),
    ),
    Action.PARENT_INVITED: (N_("You invited the other parent."),),
    Action.PARENT_INVITATION_CANCELLED: (N_("You cancelled the invitation of a parent."),),
    Action.PARENTS_READ: (N_("You looked at who acts in this record."),),
    Action.TWO_HOMES_ON: (N_("You chose to keep the names of places to yourself, for a child."),),
    Action.TWO_HOMES_OFF: (N_("You chose to show the names of places again, for a child."),),
    Action.FAMILY_REQUEST_MADE: (
        N_("You sent a request with a proof."),
        N_("You sent a request with a proof, for %(what)s."),
    ),
    Action.FAMILY_REQUEST_WITHDRAWN: (
        N_("You withdrew a request."),
        N_("You withdrew the request for %(what)s."),
    ),
    Action.FAMILY_REQUEST_OPENED: (N_("You looked at a request for a link."),),
    Action.FAMILY_REQUEST_PROPOSED: (N_("You proposed to accept a request for a link."),),
    Action.FAMILY_REQUEST_REOPENED: (N_("You withdrew a proposal about a request for a link."),),
    Action.FAMILY_REQUEST_CONFIRMED: (N_("You confirmed a request for a link."),),
    Action.FAMILY_REQUEST_REFUSED: (N_("You refused a request for a link."),),
    Action.RESTRICTION_OPENED: (N_("You looked at the decision of a court."),),
    Action.RESTRICTION_ENTERED: (N_("You entered the decision of a court."),),
    Action.RESTRICTION_CONFIRMED: (N_("You confirmed a decision that limits a link."),),
    Action.RESTRICTION_LIFTING: (N_("You proposed to lift the decision of a court."),),
    Action.RESTRICTION_LIFTED: (N_("You lifted a decision that limited a link."),),
    Action.RESTRICTION_DROPPED: (N_("You ended a decision that was not confirmed."),),
}
