"""Whose a document set aside is, or why it is discarded."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from espace.administration.services.quarantine import DISCARD_REASONS, Target, assignable_types
from espace.administration.services.visits import Identity
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import IdentityForm, asked

from .parts import choices, past_day, text


class AssignForm(IdentityForm):
    """Whose a document set aside is, trait by trait, and what it is."""

    ins = StringField(_l("INS number"), asked(_l("Write the INS number.")))
    birth_name = StringField(_l("Birth name"), asked(_l("Write the birth name.")))
    birth_date = StringField(_l("Birth date"), asked(_l("Write the birth date.")))
    sex = RadioField(
        _l("Sex"),
        choices=[SelectChoice("F", _l("Female")), SelectChoice("M", _l("Male"))],
        validators=[InputRequired(_l("Choose the sex."))],
        validate_choice=False,
    )
    type_code = SelectField(_l("What the document is"), validate_choice=False)
    care_day = StringField(_l("Day of the care"), asked(_l("Write the day of the care.")))
    words = text(_l("How you know whose it is"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(assignable_types().items(), key=lambda kind: kind[1].casefold())
        self.type_code.choices = [SelectChoice("", _l("Choose")), *(SelectChoice(*kind) for kind in kinds)]

    def validate_care_day(self, field: StringField) -> None:
        """A day that exists and has come."""
        if not field.errors:
            self.day = past_day(field)

    def command(self) -> Target:
        """What was typed."""
        return Target(
            identity=Identity(self.number, self.birth_day),
            birth_name=self.birth_name.data or "",
            sex=self.sex.data or "",
            type_code=self.type_code.data or "",
            day=self.day,
            words=self.words.data or "",
        )


class DiscardForm(Form):
    """Why a document set aside is discarded."""

    kind = RadioField(_l("Why it is discarded"), choices=choices(DISCARD_REASONS), validate_choice=False)
    words = text(_l("In your words, if something is to be added"))
