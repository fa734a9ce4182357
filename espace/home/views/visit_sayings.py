"""The sentences of acts about visits: answered, explained, contested, exported (see `sentences`)."""

from espace.audit.services import Action
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name."""

OTHERS: dict[Action, Parts] = {
    Action.HISTORY_EXPORTED: (N_("%(who)s exported this history."),),
    Action.VISIT_EXPECTED: (
        N_("%(who)s knows why somebody came."),
        N_("%(who)s knows why %(what)s came."),
    ),
    Action.EXPLANATION_ASKED: (
        N_("%(who)s asked why somebody came."),
        N_("%(who)s asked %(what)s why they came."),
    ),
    Action.EXPLANATION_GIVEN: (N_("%(who)s answered your question about a visit."),),
    Action.EXPLANATION_OVERDUE: (N_("No explanation came in time: the privacy officer takes over."),),
    Action.VISIT_CONTESTED: (
        N_("%(who)s contested a visit."),
        N_("%(who)s contested a visit of %(what)s."),
    ),
    Action.CONTEST_OPENED: (N_("%(who)s, of the house, read the facts of a contested visit."),),
    Action.CONTEST_FORWARDED: (N_("%(who)s, of the house, asked why somebody came."),),
    Action.CONTEST_DECIDED: (N_("%(who)s, of the house, answered about a contested visit."),),
}

MINE: dict[Action, Parts] = {
    Action.HISTORY_EXPORTED: (N_("You exported this history."),),
    Action.VISIT_EXPECTED: (
        N_("You said that you know why somebody came."),
        N_("You said that you know why %(what)s came."),
    ),
    Action.EXPLANATION_ASKED: (
        N_("You asked why somebody came."),
        N_("You asked %(what)s why they came."),
    ),
    Action.EXPLANATION_GIVEN: (N_("You answered a question about your visit."),),
    Action.EXPLANATION_OVERDUE: OTHERS[Action.EXPLANATION_OVERDUE],
    Action.VISIT_CONTESTED: (
        N_("You contested a visit."),
        N_("You contested a visit of %(what)s."),
    ),
    Action.CONTEST_OPENED: OTHERS[Action.CONTEST_OPENED],
    Action.CONTEST_FORWARDED: OTHERS[Action.CONTEST_FORWARDED],
    Action.CONTEST_DECIDED: OTHERS[Action.CONTEST_DECIDED],
}
