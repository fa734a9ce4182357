"""What is decided about a record: its suspension, a death, an heir."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from espace.administration.services.persons import REASONS
from espace.records.services import EVIDENCE, MOTIVES, RELATIONSHIPS
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import asked

from .counter import SearchForm
from .parts import choices, chosen, past_day, text


class SuspendForm(Form):
    """Why a record is suspended."""

    kind = RadioField(_l("What was found"), choices=choices(REASONS), validate_choice=False)
    reason = text(_l("What the person will read"))


class ReasonForm(Form):
    """Why something is decided."""

    reason = text(_l("Reason, kept in the trail"))


class DeathForm(Form):
    """When a holder died, and what proves it."""

    died_on = StringField(_l("Day of death"), asked(_l("Write the day of death.")))
    evidence = SelectField(_l("What proves it"), choices=chosen(EVIDENCE), validate_choice=False)

    def validate_died_on(self, field: StringField) -> None:
        """A day that exists and has come."""
        if not field.errors:
            self.day = past_day(field)


class HeirForm(SearchForm):
    """Which heir asks to read, as what, and why."""

    relationship = SelectField(
        _l("Who they are to the dead person"), choices=chosen(RELATIONSHIPS), validate_choice=False
    )
    motive = RadioField(_l("Why they ask"), choices=choices(MOTIVES), validate_choice=False)


class DecideForm(ReasonForm):
    """Whether an heir may read."""

    decision = RadioField(
        _l("Decision"),
        choices=[SelectChoice("grant", _l("Let this person read")), SelectChoice("refuse", _l("Refuse"))],
        validators=[InputRequired(_l("Choose: let this person read, or refuse."))],
        validate_choice=False,
    )

    @property
    def grants(self) -> bool:
        """Whether the request is granted; anything else refuses."""
        return bool(self.decision.data == "grant")
