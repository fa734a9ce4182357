"""Numbers that name people, professionals, structures and rows: their shapes and keys."""

import os
import re
import threading
from dataclasses import dataclass
from uuid import UUID

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.fr import nir

from . import clock, settings

# Object identifiers of the authorities that issue numbers (rules.md ID-5, PR-4).
OID_NIR = "1.2.250.1.213.1.4.8"
OID_NIA = "1.2.250.1.213.1.4.9"
OID_NIR_TEST = "1.2.250.1.213.1.4.10"
OID_NIR_DEMO = "1.2.250.1.213.1.4.11"
INS_OIDS = frozenset({OID_NIR, OID_NIA, OID_NIR_TEST, OID_NIR_DEMO})
OID_PROFESSIONAL = "1.2.250.1.71.4.2.1"
OID_STRUCTURE = "1.2.250.1.71.4.2.2"

PROVISIONAL_CODE_LENGTH = 8
"""Characters of the provisional code of a letter (rules.md AC-5)."""

# A number without prefix is read as it is dialled in each of these.
_FRENCH_REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT", "PM", "NC", "PF", "WF")

_sequence_lock = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by time, and strictly growing within this process."""
    global _last_tick  # noqa: PLW0603 - one counter for the process, under its lock
    # 48 bits of milliseconds followed by 12 bits of sub-millisecond time.
    tick = int(clock.now().timestamp() * 1_000_000) * 4096 // 1000
    with _sequence_lock:
        tick = max(tick, _last_tick + 1)
        _last_tick = tick
    high = (tick >> 12) << 16 | 0x7000 | (tick & 0xFFF)
    low = 1 << 63 | int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=high << 64 | low)


@dataclass(frozen=True, slots=True)
class Ins:
    """A national health identity number: 13 characters and their key, checked (rules.md ID-1 to ID-4)."""

    number: str

    @property
    def grouped(self) -> str:
        """The number as it is printed on the card: `2 79 03 51 215 189 89`."""
        n = self.number
        return " ".join((n[0], n[1:3], n[3:5], n[5:7], n[7:10], n[10:13], n[13:]))


class WrongInsError(ValueError):
    """Why a text is no INS: `length`, `form` or `key`; `digits` is how many characters were given."""

    def __init__(self, why: str, digits: int) -> None:
        super().__init__(why)
        self.why = why
        self.digits = digits


def parse_ins(text: str) -> Ins:
    """Read a 15-character INS, spaces, dots and dashes allowed.

    The letters of Corsica (2A, 2B) stay in the number and count as 19 and 18 in the key (rules.md ID-4).

    Raises:
        WrongInsError: when the length, the form or the key is wrong.
    """
    number = re.sub(r"[\s.\-\u00a0\u202f]", "", text).upper()
    if len(number) != 15:
        raise WrongInsError("length", len(number))
    if not re.fullmatch(r"[1-478]\d{4}(\d{2}|2[AB])\d{8}", number, re.ASCII):
        raise WrongInsError("form", 15)
    try:
        return Ins(nir.validate(number))
    except ValidationError:
        raise WrongInsError("key", 15) from None


class WrongPhoneError(ValueError):
    """Why a text is no mobile number: `form` (no number at all), `local` (its territory is not told), `fixed`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def parse_mobile(text: str) -> str:
    """Read a mobile number as people write it; gives its E.164 form.

    Ten digits from 0 are a number of France, its overseas departments included: 0692 12 34 56 is +262 692 12 34 56.
    The shorter numbers of the Pacific and of Saint-Pierre-et-Miquelon are taken as they are dialled there, unless they
    could be of two territories: a code must not go to a stranger. Any other begins with + or 00.
    On a loopback address the numbers kept for fiction (06 39 98) count as true.

    Raises:
        WrongPhoneError: when it is no such number.
    """
    plain = re.sub(r"[\s./()\-\u00a0\u202f\u2011]", "", text)
    plain = re.sub(r"^00", "+", plain)
    plain = re.sub(r"^(\+(?:33|262|508|590|594|596))0", r"\1", plain)  # +33 (0)6 12 34 56 78
    plain = re.sub(r"^0508(\d{6})$", r"+508\1", plain)  # Saint-Pierre-et-Miquelon, dialled from elsewhere in France
    if not re.fullmatch(r"\+?\d{4,17}", plain, re.ASCII):
        raise WrongPhoneError("form")
    if re.fullmatch(r"(\+33|0)63998\d{4}", plain) and settings.current().on_loopback:
        return f"+33{plain[-9:]}"
    readings = _readings(plain)
    mobiles = [number for number, receives in readings.items() if receives]
    if len(mobiles) == 1:
        return mobiles[0]
    if mobiles or (not readings and len(plain) < 10 and not plain.startswith(("0", "+"))):
        raise WrongPhoneError("local")
    raise WrongPhoneError("fixed" if readings else "form")


def _readings(plain: str) -> dict[str, bool]:
    """Every number the digits may mean, and whether it receives SMS."""
    import phonenumbers  # not at every start

    kinds = phonenumbers.PhoneNumberType
    found: dict[str, bool] = {}
    for region in _FRENCH_REGIONS:
        try:
            number = phonenumbers.parse(plain, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            found[written] = phonenumbers.number_type(number) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)
    return found


def readable_phone(number: str) -> str:
    """An E.164 number as it is dialled in France, `06 12 34 56 78` or `0692 12 34 56`; others begin with +."""
    import phonenumbers

    parsed = phonenumbers.parse(number)
    national = parsed.country_code in (33, 262, 590, 594, 596)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form).replace(" ", "\u00a0")


def parse_rpps(text: str, *, checked: bool = False) -> str:
    """Read an RPPS number: 11 digits, or 12 with the leading 8 of a national identifier (rules.md PR-4).

    `checked` asks for the Luhn key too; many test numbers do not honour it, so it is a setting (PR-5).

    Raises:
        ValueError: when it is not such a number.
    """
    number = re.sub(r"\s", "", text)
    if len(number) == 12 and number.startswith("8"):
        number = number[1:]
    if not re.fullmatch(r"\d{11}", number, re.ASCII):
        raise ValueError("an RPPS number has 11 digits")
    if checked and not luhn.is_valid(number):
        raise ValueError("the key of this RPPS number is wrong")
    return number
