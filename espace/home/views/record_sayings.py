"""The sentences of acts on the life of a record: refused, closed, suspended, erased (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name."""

OTHERS: dict[Action, Parts] = {
    Action.RECORD_ACTIVATED: (N_("%(who)s opened this profile for the child."),),
    Action.RECORD_OPPOSED: (N_("%(who)s refused this space: nobody reads it any more."),),
    Action.OPPOSITION_WITHDRAWN: (N_("%(who)s took the refusal of this space back."),),
    Action.RECORD_CLOSED: (N_("%(who)s closed this space."),),
    Action.RECORD_REOPENED: (N_("%(who)s opened this space again."),),
    Action.ERASURE_ASKED: (N_("%(who)s asked for the erasure of this space."),),
    Action.ERASURE_CANCELLED: (N_("%(who)s cancelled the erasure of this space."),),
    Action.RECORD_ERASED: (N_("%(who)s erased this space for good."),),
    Action.RECORD_SUSPENDED: (N_("%(who)s suspended this space."),),
    Action.SUSPENSION_OBJECTED: (N_("%(who)s objected to the suspension."),),
    Action.SUSPENSION_LIFTED: (N_("%(who)s lifted the suspension of this space."),),
    Action.DEATH_DECLARED: (N_("%(who)s declared the death of the person."),),
    Action.DEATH_WITHDRAWN: (N_("%(who)s corrected an error: the person is alive."),),
    Action.HEIR_ASKED: (
        N_("%(who)s wrote down an heir's request."),
        N_("%(who)s wrote down the request of %(what)s, as an heir."),
    ),
    Action.HEIR_GRANTED: (
        N_("%(who)s let an heir read this record."),
        N_("%(who)s let %(what)s read this record, as an heir."),
    ),
    Action.HEIR_REFUSED: (
        N_("%(who)s refused an heir's request."),
        N_("%(who)s refused the request of %(what)s, as an heir."),
    ),
}

MINE: dict[Action, Parts] = {
    Action.RECORD_ACTIVATED: (N_("You opened this profile for the child."),),
    Action.RECORD_OPPOSED: (N_("You refused this space: nobody reads it any more."),),
    Action.OPPOSITION_WITHDRAWN: (N_("You took the refusal of this space back."),),
    Action.RECORD_CLOSED: (N_("You closed this space."),),
    Action.RECORD_REOPENED: (N_("You opened this space again."),),
    Action.ERASURE_ASKED: (N_("You asked for the erasure of this space."),),
    Action.ERASURE_CANCELLED: (N_("You cancelled the erasure of this space."),),
    Action.RECORD_ERASED: (N_("You erased this space for good."),),
    Action.RECORD_SUSPENDED: (N_("You suspended this space."),),
    Action.SUSPENSION_OBJECTED: (N_("You objected to the suspension."),),
    Action.SUSPENSION_LIFTED: (N_("You lifted the suspension of this space."),),
    Action.DEATH_DECLARED: (N_("You declared the death of the person."),),
    Action.DEATH_WITHDRAWN: (N_("You corrected an error: the person is alive."),),
    Action.HEIR_ASKED: (
        N_("You wrote down an heir's request."),
        N_("You wrote down the request of %(what)s, as an heir."),
    ),
    Action.HEIR_GRANTED: (
        N_("You let an heir read this record."),
        N_("You let %(what)s read this record, as an heir."),
    ),
    Action.HEIR_REFUSED: (
        N_("You refused an heir's request."),
        N_("You refused the request of %(what)s, as an heir."),
    ),
}
