"""What is typed for an assisted session: who helps, and the code only the person knows."""

import re
from typing import Any

from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, Optional

from espace.accounts.services.assistance import Helper
from espace.web.forms import Form
from espace.words import one_line

_LONGEST = 60


def _asked(sentence: Any) -> list[Any]:
    return [InputRequired(sentence), Length(max=_LONGEST, message=lazy_gettext("This answer is too long."))]


class HelperForm(Form):
    """Who sits beside the person, and the code they choose."""

    first_name = StringField(lazy_gettext("First name of who helps you"), _asked(lazy_gettext("Write the first name.")))
    family_name = StringField(
        lazy_gettext("Family name of who helps you"), _asked(lazy_gettext("Write the family name."))
    )
    organisation = StringField(
        lazy_gettext("Place they work for"),
        [Optional(), Length(max=_LONGEST, message=lazy_gettext("This answer is too long."))],
    )
    code = StringField(lazy_gettext("Your code of 4 digits"), _asked(lazy_gettext("Choose a code of 4 digits.")))

    def command(self) -> tuple[Helper, str]:
        """Who helps, in one line each, and the code without blanks."""
        names = [one_line(field.data or "") for field in (self.first_name, self.family_name, self.organisation)]
        return Helper(*names), re.sub(r"\s", "", self.code.data or "")


class ShowForm(Form):
    """The code, and the page it is typed for."""

    code = StringField(lazy_gettext("Your code of 4 digits"), _asked(lazy_gettext("Type your code of 4 digits.")))
    place = HiddenField()
