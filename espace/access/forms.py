"""What people send to decide who sees a record."""

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from espace import clock
from espace.access.services import Answer, durations
from espace.web.forms import Form
from espace.web.i18n import day

DEFAULT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Decide:
    """One decision, and the version of the line it was read on."""

    decision: Answer
    version: int
    days: int | None


class DecisionForm(Form):
    """A decision about one professional; the button pressed says which."""

    decision = HiddenField(validators=[InputRequired()])
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    days = SelectField(_l("For how long"), coerce=int, validate_choice=False)

    def offer(self, chosen: int | None = None) -> "DecisionForm":
        """Offer the durations of this house; one chosen before is kept."""
        offered = durations()
        self.days.choices = [SelectChoice(str(days), _duration(days)) for days in offered]
        if self.days.data not in offered:
            self.days.data = chosen if chosen in offered else DEFAULT_DAYS if DEFAULT_DAYS in offered else offered[-1]
        return self

    def command(self) -> Decide | None:
        """What was decided; None for something our pages do not send."""
        try:
            return Decide(Answer(self.decision.data or ""), int(self.version.data or 0), self.days.data)
        except (ValueError, TypeError):
            return None


def _duration(days: int) -> str:
    """« 3 mois, jusqu'au 21 février »."""
    until = day(clock.now() + timedelta(days=days))
    if days % 365 == 0:
        length = ngettext("%(num)d year", "%(num)d years", days // 365)
    elif days % 30 == 0:
        length = ngettext("%(num)d month", "%(num)d months", days // 30)
    else:
        length = ngettext("%(num)d day", "%(num)d days", days)
    return str(gettext("%(length)s, until %(day)s", length=length, day=until))
