"""Which numbers get SMS, and how many a day: nobody earns money by having us send them (SMS pumping)."""

import re
from datetime import timedelta

from sqlalchemy import case, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db, settings
from espace.notifications.models import SmsCount

DAY = timedelta(days=1)
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
    key, now = crypto.blind("sms", number), clock.now()
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
        sent = tx.execute(counted).scalar_one()
    return bool(sent <= settings.current().sms_per_day)


def sweep() -> int:
    """Forget counts of days that are over; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(SmsCount).where(SmsCount.since <= clock.now() - DAY)).rowcount
