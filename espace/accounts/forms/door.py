"""What people type at the door: sign-in."""

from flask_babel import lazy_gettext
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from espace.web.forms import Form
from espace.web.identity_fields import asked


class PasswordForm(Form):
    """First factor."""

    email = StringField(lazy_gettext("E-mail address"), asked(lazy_gettext("Write your e-mail address.")))
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Write your password."))])


class FactorForm(Form):
    """Second factor: the app's six digits, or a recovery code."""

    code = StringField(
        lazy_gettext("Code"), asked(lazy_gettext("Write the code of your app, or one of your recovery codes."))
    )
