"""What every form of the house shares. A room's form adds fields and a `.command()` that gives a frozen dataclass."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from espace.words import Message

__all__ = ["Form", "SelectChoice", "translated"]


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A form that can take problems found by a service beside those of its own validators.

    `wait` is how many seconds to wait before the next try, 0 for none.
    """

    wait = 0

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show `problems` (field name -> sentence) beside their fields; an unknown name goes on top of the form."""
        for name, problem in problems.items():
            sentence = translated(problem)
            if name in self:
                field = self[name]
                field.errors = [*field.errors, sentence]
            else:
                self.form_errors.append(sentence)

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form: 422 once something is to be corrected."""
        return 422 if self.errors else 200

    @property
    def faults(self) -> list[tuple[Field | None, str]]:
        """What is to be corrected, in page order: (field or None for the whole form, sentence)."""
        found: list[tuple[Any, str]] = [(None, str(sentence)) for sentence in self.form_errors]
        found += [(field, str(field.errors[0])) for field in self if field.errors]
        return found


def translated(problem: str) -> str:
    """A sentence from a service, in the visitor's language, with its values."""
    if isinstance(problem, Message):
        return str(gettext(problem.msgid, **problem.values))
    return str(gettext(problem))
