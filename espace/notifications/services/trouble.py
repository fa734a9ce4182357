"""Whether a channel works: noted by who delivers, read by the pages that would offer it."""

from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.notifications.models import ChannelState

from .events import Channel

REMEMBERED = timedelta(minutes=10)
"""How long one failure counts: afterwards somebody may try again, and finds out."""
_FAILED_AT = select(ChannelState.failed_at).where(ChannelState.channel == bindparam("channel"))


def note(channel: Channel) -> None:
    """The channel failed just now, for a reason that would meet anybody."""
    values = {"failed_at": clock.now()}
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(
            dialect.insert(ChannelState)
            .values(channel=channel.value, **values)
            .on_conflict_do_update(index_elements=["channel"], set_=values)
        )


def clear(channel: Channel) -> None:
    """The channel works."""
    with db.read() as tx:
        if tx.execute(_FAILED_AT, {"channel": channel.value}).scalar() is None:
            return
    with db.write() as tx:
        tx.execute(update(ChannelState).where(ChannelState.channel == channel.value).values(failed_at=None))


def is_on(channel: Channel) -> bool:
    """Whether the channel failed lately and has not worked since."""
    with db.read() as tx:
        failed_at = tx.execute(_FAILED_AT, {"channel": channel.value}).scalar()
    # Never longer when a clock was set back (L7).
    return failed_at is not None and abs(clock.now() - failed_at) < REMEMBERED
