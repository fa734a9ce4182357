"""What people type on the pages of their account."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from espace.identifiers import WrongPhoneError, parse_mobile
from espace.web.forms import Form

from .activation import EmailForm, PhoneForm

_LONGEST = 500
_LONGEST_ANSWER = 20_000


class ActForm(Form):
    """A page's button: which of its acts was chosen."""

    act = HiddenField(lazy_gettext("Choice"), [Length(max=_LONGEST)])


class NewEmailForm(EmailForm):
    """Another address to be reached at."""

    email = StringField(
        lazy_gettext("Your new e-mail address"),
        [
            InputRequired(lazy_gettext("Write your e-mail address.")),
            Length(max=_LONGEST, message=lazy_gettext("This answer is too long.")),
        ],
    )


class NewPhoneForm(PhoneForm):
    """A mobile number, as people write it; `number` is its E.164 form."""

    number: str = ""

    def validate_phone(self, field: StringField) -> None:
        """A number that receives SMS, told without asking the network."""
        if field.errors:
            return
        try:
            self.number = parse_mobile(field.data or "")
        except WrongPhoneError as wrong:
            field.errors = [*field.errors, _phone_sentence(wrong)]


class PasswordChangeForm(Form):
    """The present password, and the one to come. The service judges both."""

    current = PasswordField(
        lazy_gettext("Your present password"), [InputRequired(lazy_gettext("Write your present password."))]
    )
    password = PasswordField(
        lazy_gettext("Your new password"), [InputRequired(lazy_gettext("Write your new password."))]
    )


class NewPasskeyForm(Form):
    """A passkey the browser made, and its name."""

    name = StringField(lazy_gettext("Name of this passkey"), [Length(max=_LONGEST)])
    credential = HiddenField(lazy_gettext("Passkey"), [Length(max=_LONGEST_ANSWER)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Without script no passkey is made: say so, rather than that it is wrong."""
        complete = bool(super().validate(extra_validators))
        if complete and not self.credential.data:
            self.form_errors.append(gettext("Your browser has made no passkey. Script must be allowed on this page."))
            return False
        return complete


class NameForm(Form):
    """Another name for a passkey."""

    name = StringField(lazy_gettext("Name of this passkey"), [Length(max=_LONGEST)])


class KeptForm(Form):
    """New recovery codes, kept."""

    kept = BooleanField(
        lazy_gettext("I have kept my 10 recovery codes"),
        [InputRequired(lazy_gettext("Keep your codes first, then tick this box."))],
    )


class LanguageForm(Form):
    """The language of pages and messages."""

    locale = SelectField(
        lazy_gettext("Language of pages and messages"),
        choices={"fr": "Français", "en": "English"},
        validate_choice=False,
    )


def _phone_sentence(wrong: WrongPhoneError) -> str:
    if wrong.why == "local":
        return str(gettext("This number is too short to tell its territory. Write its prefix first, for example +687."))
    if wrong.why == "fixed":
        return str(gettext("This number receives no SMS. Give the number of a mobile telephone."))
    return str(gettext("This is not a telephone number. Write it like 06 12 34 56 78."))
