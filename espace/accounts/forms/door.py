"""What people type at the door: activation, sign-in, account."""

import re
from datetime import date
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from espace import clock
from espace.accounts.services.letter_proof import Letter
from espace.accounts.services.letters import CODE_LENGTH
from espace.identifiers import WrongInsError, parse_ins
from espace.web.forms import Form

# Far above any true answer, so that an endless text is refused before it is looked at.
_LONGEST = 500
_BLANKS = re.compile(r"[\s\-.\u00a0\u202f]")


def _asked(sentence: Any) -> list[Any]:
    return [InputRequired(sentence), Length(max=_LONGEST, message=lazy_gettext("This answer is too long."))]


class _IdentityForm(Form):
    """Number and birth date, told apart from each other so that each mistake is explained beside its field."""

    ins = StringField(
        lazy_gettext("Social security number"), _asked(lazy_gettext("Write your social security number."))
    )
    day = StringField(
        lazy_gettext("Day"),
        [Length(max=_LONGEST)],
        description=lazy_gettext("Birth date"),  # what the summary calls it: it carries the errors of the whole date
    )
    month = StringField(lazy_gettext("Month"), [Length(max=_LONGEST)])
    year = StringField(lazy_gettext("Year"), [Length(max=_LONGEST)])

    number: str = ""
    birth_date: date = date.min

    def validate(self, extra_validators: Any = None) -> bool:
        """Explain what is wrong with the number or the date, before anything is looked up."""
        complete = bool(super().validate(extra_validators))
        if not self.ins.errors:
            try:
                self.number = parse_ins(self.ins.data or "").number
            except WrongInsError as wrong:
                self.refuse({"ins": _ins_sentence(wrong)})
        problem = self._read_date()
        if problem:
            self.refuse({"day": problem})
        return complete and not self.errors

    def _read_date(self) -> str:
        texts = [(self[name].data or "").strip() for name in ("day", "month", "year")]
        if not all(re.fullmatch(r"\d{1,4}", text, re.ASCII) for text in texts):
            return str(gettext("Write your birth date in digits: day, month and year, for example 14 3 1988."))
        day, month, year = (int(text) for text in texts)
        if len(texts[2]) != 4:
            return str(gettext("Write the year with its four digits, for example 1988."))
        try:
            self.birth_date = date(year, month, day)
        except ValueError:
            return str(gettext("This date does not exist: check the day and the month."))
        if self.birth_date > clock.today():
            return str(gettext("This date is still to come: check the year."))
        return ""


class LetterForm(_IdentityForm):
    """The three facts of the letter."""

    code = StringField(
        lazy_gettext("Provisional code"), _asked(lazy_gettext("Write the provisional code of your letter."))
    )

    def validate_code(self, field: StringField) -> None:
        """Eight letters or digits, whatever stands between them."""
        count = len(_BLANKS.sub("", field.data or ""))
        if count != CODE_LENGTH:
            sentence = ngettext(
                "You have written %(num)d character, it takes 8.",
                "You have written %(num)d characters, it takes 8.",
                count,
            )
            field.errors = [*field.errors, sentence]

    def command(self) -> Letter:
        """The letter, as it was read."""
        return Letter(self.number, self.code.data or "", self.birth_date)


class NewCodeForm(_IdentityForm):
    """Who asks for a new provisional code."""


class EmailForm(Form):
    """The address everything is sent to."""

    email = StringField(lazy_gettext("Your e-mail address"), _asked(lazy_gettext("Write your e-mail address.")))

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


class DigitsForm(Form):
    """Six digits, from an e-mail or an authenticator app."""

    code = StringField(lazy_gettext("Code of 6 digits"), _asked(lazy_gettext("Write the code of 6 digits.")))

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
        return _BLANKS.sub("", self.code.data or "")


class NewPasswordForm(Form):
    """A password to choose. The service judges it."""

    password = PasswordField(lazy_gettext("Your password"))


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


class PasswordForm(Form):
    """First factor."""

    email = StringField(lazy_gettext("E-mail address"), _asked(lazy_gettext("Write your e-mail address.")))
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Write your password."))])


class FactorForm(Form):
    """Second factor: the app's six digits, or a recovery code."""

    code = StringField(
        lazy_gettext("Code"), _asked(lazy_gettext("Write the code of your app, or one of your recovery codes."))
    )


class LanguageForm(Form):
    """The language of pages and messages."""

    locale = SelectField(
        lazy_gettext("Language of pages and messages"),
        choices={"fr": "Français", "en": "English"},
        validate_choice=False,
    )


def _ins_sentence(wrong: WrongInsError) -> str:
    if wrong.why == "length":
        return str(
            ngettext(
                "You have written %(num)d digit, it takes 15. The last 2 are the key, slightly apart on the card.",
                "You have written %(num)d digits, it takes 15. The last 2 are the key, slightly apart on the card.",
                wrong.digits,
            )
        )
    if wrong.why == "form":
        return str(gettext("This number holds digits only. In Corsica, 2A or 2B may stand in the middle."))
    return str(gettext("One of the digits is not right: the last 2 do not fit the others. Compare with your card."))


def _email_sentence(typed: str) -> str:
    name, at, place = typed.strip().rpartition("@")
    if not at or not name:
        return str(gettext("The sign “@” is missing, or what stands before it."))
    if "." not in place.strip("."):
        return str(gettext("The end of the address is missing, for example “.fr”."))
    return str(gettext("This address cannot be right: check each sign."))
