"""What people send about the life of a record. The letter's own facts are `web.identity_fields.LetterForm`."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired

from espace.web.forms import Form

_TICK = InputRequired(_l("Tick this box to go on."))


class OpposeForm(Form):
    """Objecting, once what it changes was read."""

    sure = BooleanField(_l("I have read what this changes"), [_TICK])


class CloseForm(Form):
    """Closing one's space."""

    sure = BooleanField(_l("I have read what closing changes"), [_TICK])


class EraseForm(Form):
    """Having everything deleted before the archive ends."""

    sure = BooleanField(_l("I know that nothing can bring it back"), [_TICK])


class PlainForm(Form):
    """A button with nothing to fill in."""


class ObjectForm(Form):
    """Objecting to a suspension; words are welcome, not asked for."""

    words = TextAreaField(_l("What you would like to say about it"))
