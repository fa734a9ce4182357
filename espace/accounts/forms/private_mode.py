"""The switch of private mode, and the page a veil is lifted or put back on."""

from wtforms import HiddenField
from wtforms.validators import AnyOf, InputRequired

from espace.web.forms import Form


class PrivateModeForm(Form):
    """On (1) or off (0)."""

    on = HiddenField(validators=[InputRequired(), AnyOf(("0", "1"))])


class PlaceForm(Form):
    """Where to go on."""

    place = HiddenField()
