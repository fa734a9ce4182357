"""Telling privacy officers by e-mail that something waits for them; never about whom, nor what (security.md R52).

The first few of an hour are told as they come. Later ones of that hour are told together when it is over, if any still
waits: a desk that gets forty mails reads none.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from espace import clock, db, outbox
from espace.access.models import Alert, Emergency
from espace.accounts.services import operator_rows
from espace.notifications.services import send_mail
from espace.permissions import Role

TOPIC = "access.officers-told"
AT_ONCE = 3
"""As many are told as they come, within one hour of the clock."""
_HOUR = timedelta(hours=1)


class News(StrEnum):
    """What waits for the privacy officers. The word is kept in the outbox."""

    EMERGENCY = "emergency"
    SNOOPING = "snooping"


_ONE = {News.EMERGENCY: "emergency-waits", News.SNOOPING: "abuse-alert"}
_MANY = {News.EMERGENCY: "emergencies-wait", News.SNOOPING: "abuse-alerts"}


def tell_officers(news: News, row_id: UUID) -> None:
    """Tell of this row, just written in the open unit of work: now, or at the end of the hour among others."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    with db.write() as tx:
        if len(_waiting(tx, news, hour)) <= AT_ONCE:
            mail_officers(_ONE[news])
        else:
            told = {"news": news.value, "row": str(row_id), "hour": hour.isoformat()}
            outbox.post(TOPIC, told, due_at=hour + _HOUR)


def on_hour_over(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """The handler of the topic: the last of those that waited for the end of the hour tells of all of them."""
    news, hour = News(payload["news"]), datetime.fromisoformat(payload["hour"])
    with db.write() as tx:
        waiting = _waiting(tx, news, hour)
        if waiting and UUID(payload["row"]) == waiting[0]:
            mail_officers(_MANY[news])


def mail_officers(message: str) -> None:
    """Have a message without content sent to every privacy officer at work."""
    for each in operator_rows.at_work(Role.PRIVACY_OFFICER):
        send_mail(each.email, each.locale, message)


def _waiting(tx: Connection, news: News, hour: datetime) -> list[UUID]:
    """The newest rows of that hour that nobody settled, newest first, one more than are told at once."""
    if news is News.EMERGENCY:
        rows = (
            select(Emergency.id)
            .where(Emergency.reviewed_at.is_(None), Emergency.opened_at >= hour, Emergency.opened_at < hour + _HOUR)
            .order_by(Emergency.opened_at.desc(), Emergency.id.desc())
        )
    else:
        rows = (
            select(Alert.id)
            .where(Alert.state == "open", Alert.kind == News.SNOOPING.value)
            .where(Alert.raised_at >= hour, Alert.raised_at < hour + _HOUR)
            .order_by(Alert.id.desc())
        )
    return list(tx.execute(rows.limit(AT_ONCE + 1)).scalars())
