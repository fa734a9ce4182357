"""Slowing guesses down: failures counted per account, network and device, never a lock-out (security.md R6).

A try is counted before it is looked at, in a transaction of its own, so that a hundred at once count a hundred.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db
from espace.accounts.models import Throttle
from espace.errors import ThrottledError

LONGEST_WAIT = 30.0
FREE_TRIES = 3
FREE_TRIES_OF_A_NETWORK = 30  # a whole clinic may stand behind one address
FREE_TRIES_OF_THE_HOUSE = 600  # of one kind in an hour; beyond, everybody waits between tries
FREE_UPLOADS = 300  # nobody sends as many files by hand without an hour's rest; a program does
_FORGOTTEN_AFTER = timedelta(hours=1)
_NETWORK = "network:"
_HOUSE = "house:"
_SHARED = (_NETWORK, _HOUSE)
_UPLOADS = "uploads:"

# Written once: every sign-in passes here, and what makes it dear is the hash alone (performance.md).
_LATEST = (
    select(Throttle.next_at)
    .where(Throttle.key.in_(bindparam("keys", expanding=True)))
    .order_by(Throttle.next_at.desc())
    .limit(1)
)
_FAILURES = select(Throttle.key, Throttle.failures).where(Throttle.key.in_(bindparam("keys", expanding=True)))
_COUNTED = (
    update(Throttle)
    .where(Throttle.key == bindparam("of"))
    .values(failures=bindparam("failures"), changed_at=bindparam("changed_at"), next_at=bindparam("next_at"))
)
_FORGET = delete(Throttle).where(Throttle.key.in_(bindparam("keys", expanding=True)))
_HOLD = (
    select(Throttle.key)
    .where(Throttle.key.in_(bindparam("keys", expanding=True)))
    .order_by(Throttle.key)
    .with_for_update()
)
_GIVE_BACK = (
    update(Throttle)
    .where(Throttle.key.in_(bindparam("keys", expanding=True)), Throttle.failures > 0)
    .values(failures=Throttle.failures - 1, next_at=bindparam("now"))
)


def network_of(address: str) -> str:
    """The network that is throttled for an address: /64 of IPv6 (one customer's), the address itself of IPv4."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, 64), strict=False))
    return str(ip)


def names_for(act: str, account: str, address: str, device: str = "") -> tuple[str, ...]:
    """The names under which one try at `act` is counted.

    A device known to the account has its own bucket: tries made elsewhere, or by neighbours, do not slow it.
    """
    if device:
        return (f"device:{act}:{account}:{device}",)
    return (f"account:{act}:{account}", f"{_NETWORK}{act}:{network_of(address)}")


def names_at_counter(act: str, professional: str, place: str) -> tuple[str, ...]:
    """The names under which a professional's try at `act` is counted: theirs, their place's, the whole house's.

    What is shared starts anew with each hour, so that ordinary mistakes of many never add up for ever.
    """
    hour = f"{clock.now():%Y%m%d%H}"
    return (f"account:{act}:{professional}", f"{_NETWORK}{act}:{place}:{hour}", f"{_HOUSE}{act}:{hour}")


def admit_upload(account: str) -> None:
    """Count files that an account sends: beyond `FREE_UPLOADS` without an hour's rest, each waits its turn.

    Raises:
        ThrottledError: with the seconds to wait.
    """
    admit((f"{_UPLOADS}{account}",))


def wait(names: Iterable[str]) -> float:
    """Seconds until a try under all these names would be looked at; 0 when it would be now."""
    keys = [_key(name) for name in names]
    with db.read() as tx:
        latest = tx.execute(_LATEST, {"keys": keys}).scalar()
    return _seconds_until(latest)


def admit(names: Collection[str]) -> None:
    """Count one try, and refuse it when the next one is not due yet. A good try is given back by `clear`.

    Raises:
        ThrottledError: with the seconds to wait; a refused try is not counted.
    """
    held_back = wait(names)  # first without a lock: a flood of tries must not hold up writers
    if held_back:
        _bring_near(names)
        raise ThrottledError(held_back)
    with db.write_apart() as tx:
        rows = _locked(tx, names)
        held_back = max(_seconds_until(row.next_at) for row in rows.values())
        if not held_back:
            _count(tx, rows)
    if held_back:
        raise ThrottledError(held_back)


def fail(names: Collection[str]) -> None:
    """Count one failure under each of these names."""
    with db.write_apart() as tx:
        _count(tx, _locked(tx, names))


def failures(names: Sequence[str]) -> list[int]:
    """How often was failed under each of these names, for who counts by the hour (a name of its own for each hour)."""
    keys = [_key(name) for name in names]
    with db.read() as tx:
        found = {row.key: row.failures for row in tx.execute(_FAILURES, {"keys": keys})}
    return [found.get(key, 0) for key in keys]


def clear(names: Collection[str]) -> None:
    """Forget the failures of an account or device after a good try; who shares a name only gets that one try back."""
    now = clock.now()
    own = [_key(name) for name in names if not name.startswith(_SHARED)]
    shared = [_key(name) for name in names if name.startswith(_SHARED)]
    with db.write() as tx:
        if tx.dialect.name == "postgresql":  # in the order in which tries are counted: two at once cannot deadlock
            tx.execute(_HOLD, {"keys": own + shared})
        if own:
            tx.execute(_FORGET, {"keys": own})
        if shared:
            tx.execute(_GIVE_BACK, {"keys": shared, "now": now})


def sweep() -> int:
    """Delete counters nobody has failed under lately; gives how many."""
    with db.write() as tx:
        return tx.execute(delete(Throttle).where(Throttle.changed_at < clock.now() - _FORGOTTEN_AFTER)).rowcount


def _bring_near(names: Iterable[str]) -> None:
    """After a clock was set back, have the longest pause end in time by the new clock: else it would last for hours."""
    keys = [_key(name) for name in names]
    latest = clock.now() + timedelta(seconds=LONGEST_WAIT)
    far = (Throttle.key.in_(keys), Throttle.next_at > latest)
    with db.read() as tx:
        if tx.execute(select(Throttle.key).where(*far)).first() is None:
            return
    with db.write_apart() as tx:
        tx.execute(update(Throttle).where(*far).values(next_at=latest, changed_at=clock.now()))


def _locked(tx: Connection, names: Iterable[str]) -> dict[str, Any]:
    """Name -> its row, made where missing and locked in one order (so that two tries cannot deadlock)."""
    by_key = {_key(name): name for name in names}
    now = clock.now()
    blank = [{"key": key, "failures": 0, "changed_at": now, "next_at": now} for key in sorted(by_key)]
    rows = tx.execute(_made_or_locked(tx.dialect.name), blank).all()
    return {by_key[row.key]: row for row in rows}


@cache
def _made_or_locked(dialect_name: str) -> Any:
    """Make a row, or lock the one there is (by writing its key over itself), and tell what it holds."""
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    adding = dialect.insert(Throttle)
    return adding.on_conflict_do_update(index_elements=[Throttle.key], set_={"key": adding.excluded.key}).returning(
        Throttle.key, Throttle.failures, Throttle.changed_at, Throttle.next_at
    )


def _count(tx: Connection, rows: dict[str, Any]) -> None:
    now = clock.now()
    counted = []
    for name, row in rows.items():
        failures = 1 if now - row.changed_at > _FORGOTTEN_AFTER else row.failures + 1
        next_at = now + timedelta(seconds=_pause(failures - _free(name)))
        counted.append({"of": row.key, "failures": failures, "changed_at": now, "next_at": next_at})
    tx.execute(_COUNTED, counted)


def _free(name: str) -> int:
    if name.startswith(_UPLOADS):
        return FREE_UPLOADS
    if name.startswith(_HOUSE):
        return FREE_TRIES_OF_THE_HOUSE
    return FREE_TRIES_OF_A_NETWORK if name.startswith(_NETWORK) else FREE_TRIES


def _pause(excess: int) -> float:
    """0 s within the free tries, then 1, 2, 4, 8, 16 and at most 30 s."""
    return 0.0 if excess < 1 else min(LONGEST_WAIT, 2.0 ** min(excess - 1, 5))


def _seconds_until(moment: datetime | None) -> float:
    if moment is None:
        return 0.0
    # Never more than the longest pause, also when the clock was set back (L7).
    return min(LONGEST_WAIT, max(0.0, (moment - clock.now()).total_seconds()))


def _key(name: str) -> bytes:
    return crypto.blind("throttle", name)
