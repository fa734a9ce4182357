"""What people type to find back their access."""

from flask_babel import lazy_gettext
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from espace.accounts.services.letter_proof import Letter
from espace.web import identity_fields
from espace.web.forms import Form
from espace.web.identity_fields import asked


class ForgottenForm(Form):
    """The address one signs in with."""

    email = StringField(lazy_gettext("Your e-mail address"), asked(lazy_gettext("Write your e-mail address.")))


class CodeForm(Form):
    """A code that was sent, or one of the second factor."""

    code = StringField(lazy_gettext("Code"), asked(lazy_gettext("Write the code.")))


class NewPasswordForm(Form):
    """A new password. The service judges it."""

    password = PasswordField(
        lazy_gettext("Your new password"), [InputRequired(lazy_gettext("Write your new password."))]
    )


class LetterForm(identity_fields.LetterForm):
    """The facts of the letter and of the card."""

    def command(self) -> Letter:
        """The letter, as it was read."""
        return Letter(self.number, self.provisional_code, self.birth_day, self.serial)


class NewCodeForm(identity_fields.IdentityForm):
    """Who asks for a new code."""


class PressForm(Form):
    """A form of one button: it carries nothing but its proof of origin."""
