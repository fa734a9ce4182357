"""What operators type about people who stand before them: who they are, what was shown, what a paper says."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from espace.administration.services.counter import CHILD_DOCUMENTS, DOCUMENTS, Checked, Paper
from espace.administration.services.mandates import Both
from espace.administration.services.visits import Identity
from espace.errors import InvalidError
from espace.family.services.carers.scope import TASKS, Scope
from espace.family.services.carers.subjects import SUBJECTS
from espace.permissions import Task
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import IdentityForm, asked, without_blanks
from espace.words import N_

from .parts import chosen


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
        choices=chosen(DOCUMENTS),
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
        choices=chosen(CHILD_DOCUMENTS),
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
        choices=chosen(DOCUMENTS),
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
