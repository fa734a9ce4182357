"""What people copy from their card and their letter: activation, opposition, lost access, counter, patient search.

`components/identity.html` shows these fields. Nothing is looked up here: every refusal depends on what was typed alone.
"""

import re
import unicodedata
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from espace import clock
from espace.identifiers import PROVISIONAL_CODE_LENGTH, WrongInsError, parse_ins
from espace.words import N_

from .forms import Form

# Far above any true answer, so that an endless text is refused before it is looked at.
LONGEST = 500
_BLANKS = re.compile(r"[\s\-.\u00a0\u202f]")
_SERIAL_LENGTH = 32

# Enough letters of each month to tell it from the others, accents left out; several languages may share a beginning.
_MONTHS = {
    "jan": 1, "fev": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6,
    "juil": 7, "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

_HOW_TO_WRITE = N_("Write the birth date with its day, month and year, for example 14/03/1988.")
_FOUR_DIGITS = N_("Write the year with its four digits, for example 1988.")
_NO_SUCH_DAY = N_("This date does not exist: check the day and the month.")
_TO_COME = N_("This date is still to come: check the year.")


class BirthDateError(ValueError):
    """Why a text is no birth date: the sentence to show, a msgid."""


def read_birth_date(text: str) -> date:
    """A birth date as people write it: 14/03/1988, 14 3 1988, 14.03.1988, 14031988, 14 mars 1988 or 1988-03-14.

    Raises:
        BirthDateError: when it is none, with the sentence that says why.
    """
    year, month, day = _parts(_plain(text))
    try:
        found = date(year, month, day)
    except ValueError:
        raise BirthDateError(_NO_SUCH_DAY) from None
    if found > clock.today():
        raise BirthDateError(_TO_COME)
    return found


def without_blanks(text: str) -> str:
    """A number or code without what people put between its groups."""
    return _BLANKS.sub("", text)


def asked(sentence: Any) -> list[Any]:
    """The validators of an answer that must be there and may not be endless."""
    return [InputRequired(sentence), Length(max=LONGEST, message=lazy_gettext("This answer is too long."))]


class NumberForm(Form):
    """The number alone. Once valid, `number` is the INS (15 characters)."""

    ins = StringField(lazy_gettext("Social security number"), asked(lazy_gettext("Write your social security number.")))

    number: str = ""

    def validate_ins(self, field: StringField) -> None:
        """15 characters whose key fits, whatever stands between them (rules.md ID-2 to ID-4)."""
        if field.errors:
            return
        try:
            self.number = parse_ins(field.data or "").number
        except WrongInsError as wrong:
            field.errors = [*field.errors, _ins_sentence(wrong)]


class IdentityForm(NumberForm):
    """Number and birth date; each mistake is explained beside its field. Once valid, `birth_day` is the date."""

    birth_date = StringField(lazy_gettext("Birth date"), asked(lazy_gettext("Write your birth date.")))

    birth_day: date = date.min

    def validate_birth_date(self, field: StringField) -> None:
        """A day that exists and has come."""
        if field.errors:
            return
        try:
            self.birth_day = read_birth_date(field.data or "")
        except BirthDateError as wrong:
            field.errors = [*field.errors, gettext(str(wrong))]


class LetterForm(IdentityForm):
    """The facts of the letter and of the card (rules.md AC-5).

    Once valid, `provisional_code` and `serial` are what was typed, without blanks; `serial` is "" for who has no card.
    """

    vitale_serial = StringField(
        lazy_gettext("Serial number of your Vitale card"),
        [Length(max=LONGEST, message=lazy_gettext("This answer is too long."))],
    )
    code = StringField(
        lazy_gettext("Provisional code"), asked(lazy_gettext("Write the provisional code of your letter."))
    )

    def validate_vitale_serial(self, field: StringField) -> None:
        """Letters and digits; nothing at all is an answer too, and no place says whether it was expected."""
        if not field.errors and not re.fullmatch(rf"[0-9A-Z]{{0,{_SERIAL_LENGTH}}}", self.serial, re.ASCII):
            field.errors = [*field.errors, gettext("This number holds digits only. Copy those shown in the picture.")]

    def validate_code(self, field: StringField) -> None:
        """Eight letters or digits, whatever stands between them."""
        if field.errors:
            return
        count = len(self.provisional_code)
        if count != PROVISIONAL_CODE_LENGTH:
            sentence = ngettext(
                "You have written %(num)d character, it takes 8.",
                "You have written %(num)d characters, it takes 8.",
                count,
            )
            field.errors = [*field.errors, sentence]

    @property
    def provisional_code(self) -> str:
        """The code without blanks, in capitals."""
        return without_blanks(self.code.data or "").upper()

    @property
    def serial(self) -> str:
        """The serial of the card without blanks, in capitals; "" when it was left empty."""
        return without_blanks(self.vitale_serial.data or "").upper()


def _plain(text: str) -> str:
    """Small letters without accents."""
    apart = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def _parts(text: str) -> tuple[int, int, int]:
    """Year, month and day as written, not yet checked against the calendar."""
    if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII):
        return int(found[1]), int(found[2]), int(found[3])
    if re.fullmatch(r"\d{8}", text, re.ASCII):
        return int(text[4:]), int(text[2:4]), int(text[:2])
    if re.fullmatch(r"\d{6}", text, re.ASCII):
        raise BirthDateError(_FOUR_DIGITS)
    words = [word for word in re.split(r"[\s/.,\-]+", text) if word]
    if len(words) != 3:
        raise BirthDateError(_HOW_TO_WRITE)
    if words[0].isalpha():  # March 14, 1988
        words[:2] = words[1], words[0]
    day = re.fullmatch(r"(\d{1,2})(er|st|nd|rd|th)?", words[0], re.ASCII)
    month = _month(words[1])
    year = re.fullmatch(r"\d{1,4}", words[2], re.ASCII)
    if day is None or month is None or year is None:
        raise BirthDateError(_HOW_TO_WRITE)
    if len(words[2]) != 4:
        raise BirthDateError(_FOUR_DIGITS)
    return int(words[2]), month, int(day[1])


def _month(word: str) -> int | None:
    if re.fullmatch(r"\d{1,2}", word, re.ASCII):
        return int(word)
    return next((number for start, number in _MONTHS.items() if word.startswith(start)), None)


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
