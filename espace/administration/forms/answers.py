"""What becomes of an opening, an alert or a contested visit."""

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from espace.web.forms import Form, SelectChoice
from espace.words import Message

from .parts import text, version_of


class DecisionForm(Form):
    """What becomes of an opening or an alert, and why; `version` is that of what was read."""

    decision = RadioField(_l("What becomes of it"), choices=[], validate_choice=False)
    words = text(_l("Why, in one or two sentences"))
    version = HiddenField()

    def offer(self, words: Mapping[str, Message]) -> "DecisionForm":
        """Offer these decisions."""
        self.decision.choices = [SelectChoice(key, gettext(word.msgid)) for key, word in words.items()]
        return self

    @property
    def read_version(self) -> int:
        """The version that was read; one that is none fits nothing."""
        return version_of(self.version.data)


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
