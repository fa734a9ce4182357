"""What people send to decide who sees a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from espace import clock
from espace.access.services import Answer, Scope, durations
from espace.people.services import Structure
from espace.web.forms import Form, SelectChoice
from espace.web.i18n import day, full_day

DEFAULT_DAYS = 90
ALONE = "person"


@dataclass(frozen=True, slots=True)
class Decide:
    """One decision, and the version of the line it was read on."""

    decision: Answer
    version: int
    days: int | None
    scope: Scope


class DecisionForm(Form):
    """A decision about one professional or team; the button pressed says which."""

    decision = HiddenField(validators=[InputRequired()])
    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    days = SelectField(_l("For how long"), coerce=int, validate_choice=False)
    scope = HiddenField()

    def offer(self, chosen: int | None = None, days: Sequence[int] | None = None) -> "DecisionForm":
        """Offer durations, those of this house unless told; one chosen before is kept."""
        offered = tuple(days) if days is not None else durations()
        self.days.choices = [SelectChoice(str(days), duration(days)) for days in offered]
        if self.days.data not in offered and offered:
            self.days.data = chosen if chosen in offered else DEFAULT_DAYS if DEFAULT_DAYS in offered else offered[-1]
        return self

    def command(self) -> Decide | None:
        """What was decided; None for something our pages do not send."""
        try:
            scope = Scope(self.scope.data or Scope.PERSON)
            return Decide(Answer(self.decision.data or ""), int(self.version.data or 0), self.days.data, scope)
        except (ValueError, TypeError):
            return None


class ProofForm(Form):
    """Which state of a line is to be proved: the one that was read."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class FindForm(Form):
    """Whom to look for in the directory."""

    name = StringField(_l("Name, or RPPS number"))
    where = StringField(_l("Town or place"), validators=[Optional()])
    after = HiddenField()

    @property
    def after_id(self) -> UUID | None:
        """After which professional to go on; None for the first page, or for what our pages do not send."""
        try:
            return UUID(self.after.data) if self.after.data else None
        except ValueError:
            return None


class GiveForm(Form):
    """For whom access is given, and for how long; or the professional is kept out, by name."""

    decision = HiddenField()
    scope = RadioField(_l("Who may read?"), default=ALONE, validate_choice=False)
    days = SelectField(_l("For how long"), coerce=int, validate_choice=False)

    def offer(self, name: str, places: Sequence[Structure]) -> "GiveForm":
        """Offer the professional alone or the team of each place, and the durations of this house."""
        teams = [SelectChoice(str(one.id), gettext("Everyone at %(place)s", place=one.display_name)) for one in places]
        self.scope.choices = [SelectChoice(ALONE, gettext("%(name)s only", name=name)), *teams]
        self.days.choices = [SelectChoice(str(days), duration(days)) for days in durations()]
        if self.days.data not in durations():
            self.days.data = DEFAULT_DAYS if DEFAULT_DAYS in durations() else durations()[-1]
        return self

    @property
    def place_id(self) -> UUID | None:
        """The place whose team is meant; None for the professional alone.

        Raises:
            ValueError: for what our pages do not send.
        """
        return None if self.scope.data in (None, "", ALONE) else UUID(self.scope.data)


def duration(days: int) -> str:
    """« 3 mois, jusqu'au 21 février »."""
    until = clock.now() + timedelta(days=days)
    if days % 365 == 0:
        length = ngettext("%(num)d year", "%(num)d years", days // 365)
    elif days % 30 == 0:
        length = ngettext("%(num)d month", "%(num)d months", days // 30)
    else:
        length = ngettext("%(num)d day", "%(num)d days", days)
    said = full_day(until) if days % 365 == 0 else day(until)
    return str(gettext("%(length)s, until %(day)s", length=length, day=said))
