"""What a parent sends to decide for a child."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from espace.web.forms import Form


class OpenProfileForm(Form):
    """Opening a child's profile: the parent accepts the terms in the child's name."""

    terms = BooleanField(_l("I accept the terms of use for this child."), description=_l("Terms of use"))


class DecideForm(Form):
    """A decision that needs nothing but the button."""
