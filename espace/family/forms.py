"""What people send to decide for a child, and about carers."""

from collections.abc import Collection

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from espace.errors import InvalidError
from espace.family.services.carers.invitations import Invitee
from espace.family.services.carers.scope import TASKS, Scope
from espace.family.services.carers.subjects import SUBJECTS
from espace.identifiers import WrongInsError, parse_ins
from espace.permissions import Task
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import LONGEST, BirthDateError, read_birth_date
from espace.words import N_


class OpenProfileForm(Form):
    """Opening a child's profile: the parent accepts the terms in the child's name."""

    terms = BooleanField(_l("I accept the terms of use for this child."), description=_l("Terms of use"))


class DecideForm(Form):
    """A decision that needs nothing but the button."""


class CodeForm(Form):
    """The code by which a young person makes an account their own."""

    code = StringField(_l("Code"), [InputRequired(_l("Copy the code.")), Length(max=40)])


class CarerForm(Form):
    """What a carer may do, what is kept from them, and until when."""

    tasks = SelectMultipleField(
        _l("What may this person do?"), option_widget=CheckboxInput(), widget=ListWidget(), validate_choice=False
    )
    subjects = SelectMultipleField(
        _l("What do you keep to yourself?"), option_widget=CheckboxInput(), widget=ListWidget(), validate_choice=False
    )
    last_day = DateField(_l("Until which day, that day included?"), validators=[Optional()])
    version = IntegerField(widget=HiddenInput(), default=0)

    def offer(self, tasks: Collection[Task] = tuple(TASKS), subjects: Collection[str] = tuple(SUBJECTS)) -> "CarerForm":
        """Offer these tasks and subjects."""
        self.last_day.flags.optional = False  # it may be missing from what was typed, and is then asked for
        self.tasks.choices = [
            SelectChoice(task.value, gettext(word.msgid)) for task, word in TASKS.items() if task in tasks
        ]
        self.subjects.choices = [
            SelectChoice(one, _opening(gettext(word.msgid))) for one, word in SUBJECTS.items() if one in subjects
        ]
        return self

    def show(self, scope: Scope, version: int = 0) -> "CarerForm":
        """Show what holds now, or what is offered."""
        self.tasks.data = [task.value for task in scope.tasks]
        self.subjects.data = sorted(scope.subjects)
        self.last_day.data = scope.last_day
        self.version.data = version
        return self

    def scope(self) -> Scope:
        """What was chosen.

        Raises:
            InvalidError: for a task that does not exist here, or without a day.
        """
        try:
            tasks = frozenset(Task(task) for task in self.tasks.data or ())
        except ValueError:
            raise InvalidError({"tasks": N_("Choose among these tasks.")}) from None
        if self.last_day.data is None:
            raise InvalidError({"last_day": N_("Choose the day on which it ends: help without an end does not exist.")})
        return Scope(tasks, frozenset(self.subjects.data or ()), self.last_day.data)


class AddCarerForm(CarerForm):
    """The same, and who is asked. `seen`: the summary was shown, and is confirmed now."""

    name = StringField(_l("First name and name of this person"), validators=[Length(max=LONGEST)])
    way = RadioField(
        _l("How do we reach them?"),
        choices=[
            SelectChoice("email", _l("By e-mail")),
            SelectChoice("identity", _l("By their social security number and birth date")),
        ],
        default="email",
        validate_choice=False,
    )
    email = StringField(_l("Their e-mail address"), validators=[Length(max=LONGEST)])
    ins = StringField(_l("Their social security number"), validators=[Length(max=LONGEST)])
    birth_date = StringField(_l("Their birth date"), validators=[Length(max=LONGEST)])
    seen = HiddenField()

    def invitee(self) -> Invitee:
        """Who was named.

        Raises:
            InvalidError: for a number or a date that is none; nothing is looked up here.
        """
        name = self.name.data or ""
        if self.way.data != "identity":
            return Invitee(name, email=self.email.data or "")
        try:
            number = parse_ins(self.ins.data or "").number
        except WrongInsError:
            raise InvalidError({"ins": N_("Write the 13 digits of the number, and the 2 of its key.")}) from None
        try:
            return Invitee(name, number=number, birth_day=read_birth_date(self.birth_date.data or ""))
        except BirthDateError as wrong:
            raise InvalidError({"birth_date": str(wrong)}) from None


class AnswerForm(Form):
    """Yes or no to who asks for help."""

    answer = HiddenField()


def _opening(words: str) -> str:
    """The words as they begin a line."""
    return words[:1].upper() + words[1:]
