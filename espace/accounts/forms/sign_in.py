"""What people type, or their browser answers, to sign in."""

from flask_babel import lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from espace.accounts.services.ceremonies import LONGEST_ANSWER
from espace.accounts.services.one_time import Channel
from espace.web.forms import Form
from espace.web.identity_fields import asked


class PasswordForm(Form):
    """First factor."""

    email = StringField(lazy_gettext("E-mail address"), asked(lazy_gettext("Write your e-mail address.")))
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Write your password."))])


class FactorForm(Form):
    """Second factor: a code of the app, one that was sent, or a recovery code."""

    code = StringField(
        lazy_gettext("Code"), asked(lazy_gettext("Write the code you have, or one of your recovery codes."))
    )


class SendForm(Form):
    """By which channel a code is to be sent."""

    channel = HiddenField(validators=[AnyOf(("sms", "email"))])

    def command(self) -> Channel:
        """The channel, once the form is valid."""
        return "sms" if self.channel.data == "sms" else "email"


class KeyForm(Form):
    """What the browser answers once a passkey was shown."""

    credential = HiddenField(validators=[InputRequired(), Length(max=LONGEST_ANSWER)])
