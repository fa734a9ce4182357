"""What several forms of operators share: long answers, lists of choices, versions, days that have come."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import BirthDateError, read_birth_date
from espace.words import Message

LONGEST_TEXT = 2000  # far above what the services take, so that an endless text is refused before it is looked at


def choices(words: Mapping[Any, Message]) -> list[Any]:
    """One choice for each of these words."""
    return [SelectChoice(str(key), _l(word.msgid)) for key, word in words.items()]


def chosen(words: Mapping[Any, Message]) -> list[Any]:
    """The same, after an invitation to choose."""
    return [SelectChoice("", _l("Choose")), *choices(words)]


def text(label: Any) -> TextAreaField:
    """A field for some sentences."""
    return TextAreaField(label, [Length(max=LONGEST_TEXT, message=_l("This answer is too long."))])


def version_of(written: str | None) -> int:
    """The version that was looked at, as a form carries it; -1, which fits nothing, for what is no number."""
    written = written or ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else -1


def past_day(field: StringField) -> date:
    """The day typed, which exists and has come; else the sentence that says so stands at the field."""
    try:
        return read_birth_date(field.data or "")
    except BirthDateError:
        sentence = gettext("Write a day that has come, with its month and year, for example 14/03/2026.")
        field.errors = [*field.errors, sentence]
        return date.min


class PlainForm(Form):
    """A form that only confirms."""


class SeenForm(Form):
    """A form that confirms what was seen: `seen` names it."""

    seen = HiddenField()

    @property
    def version(self) -> int:
        """The version that was looked at."""
        return version_of(self.seen.data)
