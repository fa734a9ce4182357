"""A list of mail: which it is, and its file."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField

from espace.messaging.services.operators.trust_files import ListKind
from espace.web.forms import Form, SelectChoice


class ListForm(Form):
    """Which list is proposed, and the file that holds it whole."""

    kind = RadioField(
        _l("Which list"),
        choices=[
            SelectChoice(ListKind.OPERATORS.value, _l("The operators that are trusted")),
            SelectChoice(ListKind.REWRITES.value, _l("The addresses that are written otherwise")),
        ],
        validate_choice=False,
    )
    file = FileField(_l("Choose the file of the list"))
