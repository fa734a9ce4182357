"""What operators type about links between people: the end of a measure, a refusal, a court's decision."""

from datetime import date

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, RadioField, StringField
from wtforms.validators import InputRequired, Optional

from espace.administration.services.visits import Identity
from espace.family.services.asking import proofs
from espace.family.services.asking.request_rows import REASONS
from espace.family.services.orders import Order
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import BirthDateError, IdentityForm, asked, read_birth_date

from .parts import text


class ProposeForm(Form):
    """What the proof shows, and for a measure the day on which it ends."""

    words = text(_l("What the proof shows"))
    until = DateField(_l("Last day of the measure"), validators=[Optional()])


class RefuseForm(Form):
    """Why a request is refused."""

    reason = RadioField(
        _l("Why it is refused"),
        choices=[SelectChoice(key, _l(word.msgid)) for key, word in REASONS.items()],
        validate_choice=False,
    )
    words = text(_l("In your words, if something is to be added"))


class WordsForm(Form):
    """Why a restriction is lifted."""

    words = text(_l("What ends this decision"))


class OrderForm(Form):
    """What a court decided about one representative."""

    reference = StringField(_l("Reference of the decision"), asked(_l("Write the reference of the decision.")))
    made_on = DateField(_l("Day of the decision"), validators=[InputRequired(_l("Write the day of the decision."))])
    effect = RadioField(
        _l("What it does"),
        choices=[
            SelectChoice("freeze", _l("This person sees nothing any more")),
            SelectChoice("narrow", _l("This person goes on reading what came until a day")),
        ],
        validators=[InputRequired(_l("Choose what the decision does."))],
        validate_choice=False,
    )
    sees_before = DateField(_l("Until which day, that day included?"), validators=[Optional()])
    tells = BooleanField(_l("The decision says that the others may know that there is a limit"))
    urgent = BooleanField(_l("It is urgent: carry it out now"))
    words = text(_l("Something to add (optional)"))

    def order(self) -> Order:
        """What was typed."""
        made_on: date = self.made_on.data or date.max  # none was typed: a day to come, which is refused
        return Order(
            reference=self.reference.data or "",
            made_on=made_on,
            words=self.words.data or "",
            sees_before=self.sees_before.data if self.narrows else None,
            tells=bool(self.tells.data),
            urgent=bool(self.urgent.data),
        )

    @property
    def narrows(self) -> bool:
        """Whether something stays readable; anything else freezes."""
        return bool(self.effect.data == "narrow")


class EnterForm(IdentityForm, OrderForm):
    """The same, with both people and the scan of the decision."""

    ins = StringField(_l("INS number of the child or adult"), asked(_l("Write the INS number.")))
    birth_date = StringField(_l("Their birth date"), asked(_l("Write the birth date.")))
    other_ins = StringField(_l("INS number of whom it limits"), asked(_l("Write the INS number.")))
    other_birth_date = StringField(_l("Birth date of whom it limits"), asked(_l("Write the birth date.")))
    proof = FileField(_l("Scan of the decision"))

    other_day: date = date.min

    def validate_other_birth_date(self, field: StringField) -> None:
        """A day that exists and has come."""
        if field.errors:
            return
        try:
            self.other_day = read_birth_date(field.data or "")
        except BirthDateError as wrong:
            field.errors = [*field.errors, gettext(str(wrong))]

    def about(self) -> Identity:
        """Whose record."""
        return Identity(self.number, self.birth_day)

    def limited(self) -> Identity:
        """Whom it limits."""
        return Identity(self.other_ins.data or "", self.other_day)

    def content(self) -> bytes:
        """The scan that was sent."""
        sent = request.files.get("proof")
        return sent.stream.read(proofs.MAX_UPLOAD + 1) if sent is not None else b""
