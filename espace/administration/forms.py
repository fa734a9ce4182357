"""What operators type."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from espace.accounts.services.operators import NewOperator
from espace.administration.services.counter import CHILD_DOCUMENTS, DOCUMENTS, Checked, Paper
from espace.administration.services.mandates import Both
from espace.administration.services.persons import REASONS
from espace.administration.services.quarantine import DISCARD_REASONS, Target, assignable_types
from espace.administration.services.visits import Identity
from espace.errors import InvalidError
from espace.family.services.carers.scope import TASKS, Scope
from espace.family.services.subjects import SUBJECTS
from espace.permissions import Role, Task
from espace.records.services import EVIDENCE, MOTIVES, RELATIONSHIPS
from espace.web.forms import Form
from espace.web.identity_fields import BirthDateError, IdentityForm, asked, read_birth_date, without_blanks
from espace.words import N_, Message

ROLES: Mapping[Role, Message] = {
    Role.COUNTER: N_("Counter"),
    Role.PRIVACY_OFFICER: N_("Privacy officer"),
    Role.ADMINISTRATOR: N_("Administrator"),
}
_LONGEST_TEXT = 2000  # far above what the services take, so that an endless text is refused before it is looked at


def _choices(words: Mapping[Any, Message]) -> list[Any]:
    return [SelectChoice(str(key), _l(word.msgid)) for key, word in words.items()]


def _chosen(words: Mapping[Any, Message]) -> list[Any]:
    return [SelectChoice("", _l("Choose")), *_choices(words)]


def _text(label: Any) -> TextAreaField:
    return TextAreaField(label, [Length(max=_LONGEST_TEXT, message=_l("This answer is too long."))])


class SearchForm(IdentityForm):
    """Whom an operator looks for: the exact number and birth date, nothing else."""

    ins = StringField(_l("INS number"), asked(_l("Write the INS number.")))
    birth_date = StringField(_l("Birth date"), asked(_l("Write the birth date.")))

    def command(self) -> Identity:
        """What was typed."""
        return Identity(self.number, self.birth_day)


class CheckForm(Form):
    """The document shown by who stands at the counter, and the face compared with it."""

    own_kind = SelectField(
        _l("Document shown"),
        choices=_chosen(DOCUMENTS),
        validators=[InputRequired(_l("Choose the document that was shown."))],
        validate_choice=False,
    )
    own_end = StringField(
        _l("4 last characters of its number"), [Length(max=40, message=_l("This answer is too long."))]
    )
    face = BooleanField(
        _l("The face and the photo match"),
        [InputRequired(_l("Compare the face with the photo first. They do not match? Stop here."))],
    )
    traits = BooleanField(
        _l("The names and the birth date match"),
        [InputRequired(_l("Compare the document with the traits above first. They do not match? Stop here."))],
    )

    def command(self) -> Checked:
        """What the operator saw."""
        return Checked(self._paper("own"))

    def _paper(self, name: str) -> Paper:
        return Paper(self[f"{name}_kind"].data or "", without_blanks(self[f"{name}_end"].data or "").upper())


class ChildCheckForm(CheckForm):
    """The same for a parent, and the document shown for the child."""

    child_kind = SelectField(
        _l("Document shown for the child"),
        choices=_chosen(CHILD_DOCUMENTS),
        validators=[InputRequired(_l("Choose the document that was shown."))],
        validate_choice=False,
    )
    child_end = StringField(
        _l("4 last characters of the child's document"), [Length(max=40, message=_l("This answer is too long."))]
    )

    def command(self) -> Checked:
        """What the operator saw."""
        return Checked(self._paper("own"), self._paper("child"))


class TwoDocumentsForm(CheckForm):
    """The documents shown by who is helped and by their carer, and both faces compared with them."""

    carer_kind = SelectField(
        _l("Document shown by the carer"),
        choices=_chosen(DOCUMENTS),
        validators=[InputRequired(_l("Choose the document that was shown."))],
        validate_choice=False,
    )
    carer_end = StringField(
        _l("4 last characters of the carer's document"), [Length(max=40, message=_l("This answer is too long."))]
    )

    def command(self) -> Both:  # type: ignore[override]  # two people stand there
        """What the operator saw."""
        return Both(self._paper("own"), self._paper("carer"))


class MandateForm(Form):
    """What the signed paper says, and where it is kept."""

    tasks = SelectMultipleField(
        _l("What may the carer do?"), option_widget=CheckboxInput(), widget=ListWidget(), validate_choice=False
    )
    subjects = SelectMultipleField(
        _l("What does the person keep to themself?"),
        option_widget=CheckboxInput(),
        widget=ListWidget(),
        validate_choice=False,
    )
    last_day = DateField(_l("Last day, as the paper says"), validators=[Optional()])
    reference = StringField(_l("Reference of the paper"), [Length(max=200, message=_l("This answer is too long."))])
    proof = FileField(_l("Scan of the paper, if there is one"))

    def offer(self) -> None:
        """Offer the tasks and the subjects that exist."""
        self.last_day.flags.optional = False  # it may be missing from what was typed, and is then asked for
        self.tasks.choices = [SelectChoice(one.value, gettext(word.msgid)) for one, word in TASKS.items()]
        self.subjects.choices = [SelectChoice(one, _opening(gettext(word.msgid))) for one, word in SUBJECTS.items()]

    def scope(self) -> Scope:
        """What the paper says.

        Raises:
            InvalidError: for a task that does not exist, or without a last day.
        """
        try:
            tasks = frozenset(Task(one) for one in self.tasks.data or ())
        except ValueError:
            raise InvalidError({"tasks": N_("Choose among these tasks.")}) from None
        if self.last_day.data is None:
            raise InvalidError({"last_day": N_("Write the last day that stands on the paper.")})
        return Scope(tasks, frozenset(self.subjects.data or ()), self.last_day.data)


def _opening(words: str) -> str:
    """The words as they begin a line."""
    return words[:1].upper() + words[1:]


class PlainForm(Form):
    """A form that only confirms."""


class SuspendForm(Form):
    """Why a record is suspended."""

    kind = RadioField(_l("What was found"), choices=_choices(REASONS), validate_choice=False)
    reason = _text(_l("What the person will read"))


class ReasonForm(Form):
    """Why something is decided."""

    reason = _text(_l("Reason, kept in the trail"))


class DecisionForm(Form):
    """What becomes of an opening or an alert, and why; `version` is that of what was read."""

    decision = RadioField(_l("What becomes of it"), choices=[], validate_choice=False)
    words = _text(_l("Why, in one or two sentences"))
    version = HiddenField()

    def offer(self, words: Mapping[str, Message]) -> "DecisionForm":
        """Offer these decisions."""
        self.decision.choices = [SelectChoice(key, gettext(word.msgid)) for key, word in words.items()]
        return self

    @property
    def read_version(self) -> int:
        """The version that was read; one that is none fits nothing."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


class DeathForm(Form):
    """When a holder died, and what proves it."""

    died_on = StringField(_l("Day of death"), asked(_l("Write the day of death.")))
    evidence = SelectField(_l("What proves it"), choices=_chosen(EVIDENCE), validate_choice=False)

    def validate_died_on(self, field: StringField) -> None:
        """A day that exists and has come."""
        if field.errors:
            return
        try:
            self.day = read_birth_date(field.data or "")
        except BirthDateError:
            sentence = gettext("Write a day that has come, with its month and year, for example 14/03/2026.")
            field.errors = [*field.errors, sentence]


class HeirForm(SearchForm):
    """Which heir asks to read, as what, and why."""

    relationship = SelectField(
        _l("Who they are to the dead person"), choices=_chosen(RELATIONSHIPS), validate_choice=False
    )
    motive = RadioField(_l("Why they ask"), choices=_choices(MOTIVES), validate_choice=False)


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


class SeenForm(Form):
    """A form that confirms what was seen: `seen` names it."""

    seen = HiddenField()


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
    words = _text(_l("How you know whose it is"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(assignable_types().items(), key=lambda kind: kind[1].casefold())
        self.type_code.choices = [SelectChoice("", _l("Choose")), *(SelectChoice(*kind) for kind in kinds)]

    def validate_care_day(self, field: StringField) -> None:
        """A day that exists and has come."""
        if field.errors:
            return
        try:
            self.day = read_birth_date(field.data or "")
        except BirthDateError:
            sentence = gettext("Write a day that has come, with its month and year, for example 14/03/2026.")
            field.errors = [*field.errors, sentence]

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

    kind = RadioField(_l("Why it is discarded"), choices=_choices(DISCARD_REASONS), validate_choice=False)
    words = _text(_l("In your words, if something is to be added"))


class RoleForm(Form):
    """What an operator is there for."""

    role = RadioField(
        _l("Role"), choices=_choices(ROLES), validators=[InputRequired(_l("Choose a role."))], validate_choice=False
    )

    def chosen(self) -> Role:
        """The role chosen.

        Raises:
            InvalidError: when it is none of ours.
        """
        try:
            return Role(self.role.data or "")
        except ValueError:
            raise InvalidError({"role": N_("Choose a role.")}) from None


class InviteForm(RoleForm):
    """Who is invited."""

    name = StringField(_l("First name and family name"), asked(_l("Write the first name and the family name.")))
    email = StringField(_l("Professional e-mail address"), asked(_l("Write the e-mail address.")))

    def command(self) -> NewOperator:
        """Who is to be made an operator. Raises what `chosen` does."""
        return NewOperator(self.name.data or "", self.email.data or "", self.chosen())


class InvitationForm(Form):
    """The invitation as it came."""

    email = StringField(_l("Your e-mail address"), asked(_l("Write your e-mail address.")))
    code = StringField(_l("Code of the invitation"), asked(_l("Write the code of your invitation.")))


class PasswordForm(Form):
    """A password to choose. The service judges it."""

    password = PasswordField(_l("Your password"))


class AppForm(Form):
    """The six digits of the authenticator app."""

    code = StringField(_l("Code of 6 digits"), asked(_l("Write the code of 6 digits.")))

    def validate_code(self, field: StringField) -> None:
        """Six digits, blanks allowed."""
        if not field.errors and not re.fullmatch(r"\d{6}", self.digits, re.ASCII):
            field.errors = [*field.errors, gettext("The code has 6 digits, and nothing else.")]

    @property
    def digits(self) -> str:
        """The code without blanks."""
        return without_blanks(self.code.data or "")


class KeepForm(Form):
    """Recovery codes kept."""

    kept = BooleanField(
        _l("I have kept my 10 recovery codes"),
        [InputRequired(_l("Keep your codes first, then tick this box."))],
    )


class ContestForm(Form):
    """A question to who came, or the answer to who contested."""

    act = HiddenField()
    version = IntegerField(widget=HiddenInput(), default=0, validators=[Optional()])
    outcome = RadioField(
        _l("What you found"),
        choices=[
            SelectChoice("regulier", _l("The visit was in order")),
            SelectChoice("anormal", _l("The visit was not in order")),
        ],
        validators=[Optional()],
    )
    words = TextAreaField(_l("Your answer"))
