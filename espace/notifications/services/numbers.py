"""Which numbers get SMS, and how many a day: nobody earns money by having us send them (SMS pumping)."""

import re
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db, settings
from espace.notifications.models import SmsCount

DAY = timedelta(days=1)
ASKED_A_DAY = 3
"""Messages a day that anybody who knows somebody's number and birth date can have sent to them."""
_FICTION = re.compile(r"\+3363998\d{4}")


def is_served(number: str) -> bool:
    """Whether a number (E.164) is a mobile one of the regions in the setting `sms_regions`.

    On a loopback address the numbers kept for fiction (06 39 98) count too.
    """
    import phonenumbers  # not at every start

    given = settings.current()
    if given.on_loopback and _FICTION.fullmatch(number):
        return True
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kinds = phonenumbers.PhoneNumberType
    return (
        phonenumbers.is_valid_number(parsed)
        and phonenumbers.region_code_for_number(parsed) in given.sms_regions_list
        and phonenumbers.number_type(parsed) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)
    )


def admit(number: str) -> bool:
    """Count one SMS to a number, in the open unit of work; False when it had its share of the day (`sms_per_day`)."""
    return _counted(number) <= settings.current().sms_per_day


def admit_warning(number: str) -> bool:
    """Count one warning of a lost access, which has a share of its own: codes asked for before must not silence it."""
    return _counted(f"warning:{number}") <= settings.current().sms_per_day


def admit_sender(subject_id: UUID) -> bool:
    """Count one code by SMS that an account, or an activation, asked for; False beyond twice the share of a number.

    Whoever has one letter must not have codes sent to a thousand numbers.
    """
    return _counted(f"sender:{subject_id}") <= 2 * settings.current().sms_per_day


def admit_asked(name: str) -> bool:
    """Count one message to `name` (a person's id, a number) that was asked for without any proof; three a day.

    Whoever asks neither uses up the SMS by which the person signs in or is warned, nor keeps changing their code.
    """
    return _counted(f"asked:{name}") <= ASKED_A_DAY


def _counted(name: str) -> int:
    """How many there were within a day under a name, with this one; in the open unit of work."""
    key, now = crypto.blind("sms", name), clock.now()
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        # A new day begins a day after its first SMS; a clock set back further than that begins one too.
        is_new_day = or_(SmsCount.since <= now - DAY, SmsCount.since >= now + DAY)
        first = dialect.insert(SmsCount).values(key=key, since=now, count=1)
        again = {
            "count": case((is_new_day, first.excluded.count), else_=SmsCount.count + 1),
            "since": case((is_new_day, first.excluded.since), else_=SmsCount.since),
        }
        counted = first.on_conflict_do_update(index_elements=["key"], set_=again).returning(SmsCount.count)
        sent: int = tx.execute(counted).scalar_one()
    return sent


def sweep() -> int:
    """Forget counts of days that are over; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(SmsCount).where(SmsCount.since <= clock.now() - DAY)).rowcount
