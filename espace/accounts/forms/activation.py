"""What people type while they activate their space."""

import re
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import BooleanField, HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional

from espace.accounts.services.letter_proof import Letter
from espace.web import identity_fields
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import IdentityForm, asked, without_blanks

_LONGEST_ANSWER = 20_000  # of a browser that made a passkey; a true one has a tenth of it


class LetterForm(identity_fields.LetterForm):
    """The facts of the letter and of the card."""

    def command(self) -> Letter:
        """The letter, as it was read."""
        return Letter(self.number, self.provisional_code, self.birth_day, self.serial)


class NewCodeForm(IdentityForm):
    """Who asks for a new provisional code, and how it is to come."""

    channel = RadioField(
        lazy_gettext("How do you want to receive it?"),
        choices=[SelectChoice("email", lazy_gettext("By e-mail")), SelectChoice("sms", lazy_gettext("By SMS"))],
        default="email",
        validators=[Optional()],
        validate_choice=False,
    )


class EmailForm(Form):
    """The address everything is sent to."""

    email = StringField(lazy_gettext("Your e-mail address"), asked(lazy_gettext("Write your e-mail address.")))

    def validate_email(self, field: StringField) -> None:
        """An address one can write to, told without asking the network."""
        if field.errors:
            return
        try:
            found = validate_email((field.data or "").strip(), check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            field.errors = [*field.errors, _email_sentence(field.data or "")]
        else:
            self.address = found.normalized

    address: str = ""


class AddressForm(EmailForm):
    """E-mail address and password, the pair one signs in with. The service judges the password."""

    password = PasswordField(lazy_gettext("Your password"))


class DigitsForm(Form):
    """Six digits, from an e-mail, an SMS or an authenticator app."""

    code = StringField(lazy_gettext("Code of 6 digits"), asked(lazy_gettext("Write the code of 6 digits.")))

    def validate_code(self, field: StringField) -> None:
        """Six digits, blanks allowed."""
        if field.errors:
            return
        plain = self.digits
        if not re.fullmatch(r"\d*", plain, re.ASCII):
            field.errors = [*field.errors, gettext("This code holds digits only.")]
        elif len(plain) != 6:
            sentence = ngettext(
                "You have written %(num)d digit, it takes 6.",
                "You have written %(num)d digits, it takes 6.",
                len(plain),
            )
            field.errors = [*field.errors, sentence]

    @property
    def digits(self) -> str:
        """The code without blanks."""
        return without_blanks(self.code.data or "")


class PhoneForm(Form):
    """The mobile number codes are sent to. The service reads it."""

    phone = StringField(
        lazy_gettext("Your mobile telephone number"), asked(lazy_gettext("Write your mobile telephone number."))
    )


class PasskeyForm(Form):
    """What the browser answers once it has made a passkey."""

    credential = HiddenField(validators=[Length(max=_LONGEST_ANSWER)])


class KeepCodesForm(Form):
    """Recovery codes kept, terms accepted."""

    kept = BooleanField(
        lazy_gettext("I have kept my 10 recovery codes"),
        [InputRequired(lazy_gettext("Keep your codes first, then tick this box."))],
    )
    terms = BooleanField(
        lazy_gettext("I accept the terms of use"),
        [InputRequired(lazy_gettext("Without your agreement, we cannot open your space."))],
    )


def _email_sentence(typed: str) -> Any:
    name, at, place = typed.strip().rpartition("@")
    if not at or not name:
        return gettext("The sign “@” is missing, or what stands before it.")
    if "." not in place.strip("."):
        return gettext("The end of the address is missing, for example “.fr”.")
    return gettext("This address cannot be right: check each sign.")
