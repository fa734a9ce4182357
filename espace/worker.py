"""The worker role: carries out what waits, opens records that are due, writes checkpoints, sweeps what is over.

Any number of workers may run: deliveries are leased, checkpoints take a lock, and the rest may be done twice.
"""

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType

import structlog

from . import clock, db, outbox
from .crypto.owners import refuse_wrong_keys
from .machines import Machines

IDLE_SECONDS = 0.5
_log = structlog.get_logger()


class Task:
    """Something done again and again, at most once in `every`."""

    def __init__(self, name: str, every: timedelta, act: Callable[[], object]) -> None:
        self._name = name
        self._every = every
        self._act = act
        self._next: datetime | None = None

    def run(self) -> None:
        """Do it if it is time. A failure is logged by its type, as its text may hold a person's words."""
        now = clock.now()
        # A clock set back must not put it off for longer than its own pace (L7).
        if self._next is not None and self._next - self._every <= now < self._next:
            return
        self._next = now + self._every
        try:
            self._act()
        except Exception as error:  # noqa: BLE001 - one task must not stop the others
            _log.error("task_failed", task=self._name, error=type(error).__name__)


def main(machines: Machines) -> None:
    """Work until SIGTERM or Ctrl-C, then finish the delivery at hand."""
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    run(machines, stop)


def run(machines: Machines, stop: threading.Event) -> None:
    """Work until `stop` is set; in a thread of the demo, or as the whole of `espace worker`.

    Raises:
        SettingsError: when the key file is not the one the database was made with.
    """
    from .assembly import handle_events
    from .records.services import replay as destroy_again

    machines.bind()
    with db.read() as tx:
        refuse_wrong_keys(tx)
    handle_events()
    destroy_again()
    tasks = scheduled()
    _log.info("worker_started")
    while not stop.is_set():
        for task in tasks:
            task.run()
        if not _deliver(stop):
            stop.wait(IDLE_SECONDS)
    _log.info("worker_stopped")


def _deliver(stop: threading.Event) -> bool:
    """Carry out what is due, one by one until `stop`; whether there was anything."""
    try:
        worked = False
        while not stop.is_set() and outbox.work(limit=1):
            worked = True
    except Exception as error:  # noqa: BLE001 - the database may be away for a while: try again after a pause
        _log.error("outbox_failed", error=type(error).__name__)
        return False
    return worked


def scheduled() -> list[Task]:
    """What a worker does beside delivering."""
    from .access.services.watching import explaining, snooping, volume
    from .accounts.services import drafts as activations
    from .accounts.services import one_time, password_reset, recovery, sessions, throttle
    from .administration.services import visits
    from .documents.services import care_history, sweeping
    from .documents.services.adding import adding_drafts, waiting
    from .documents.services.deciding import announcing, delays
    from .documents.services.entries.renewing import Renewal
    from .documents.services.finding.texts import Backfill
    from .documents.services.passing import guests, sharing
    from .documents.services.viewing import drawing
    from .family.services import freezing, guardians, tell_ahead
    from .family.services.asking import proofs, request_desk
    from .family.services.carers import telling as carers
    from .home.services.digest import Digest
    from .messaging.services import forgetting as messages
    from .notifications import services as notifications
    from .professional.services import drafts as deposits
    from .records.services import close_suspended, erase_due, open_due

    named_elsewhere = (deposits.named_files, proofs.named_files, messages.named_files)
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    return [
        Task("open-records", minute, open_due),
        Task("close-suspended", minute, close_suspended),
        Task("erase-records", minute, erase_due),
        Task("tell-majority", timedelta(hours=6), tell_ahead),
        Task("remind-of-carers", hour, carers.remind),
        Task("receipts-of-carers", hour, carers.send_receipts),
        Task("sweep-carer-notices", hour * 6, carers.sweep),
        Task("checkpoint", minute, _checkpoint),
        Task("release-results", minute, delays.release_due),
        Task("release-unannounced", minute * 10, announcing.release_due),
        Task("look-through-readings", hour * 6, snooping.look_back),
        Task("sweep-reaches", hour, volume.sweep),
        Task("visits-to-explain", minute * 10, explaining.tick),
        Task("visits-of-the-week", hour, Digest().run),
        Task("sweep-sessions", hour, sessions.sweep),
        Task("sweep-throttles", hour, throttle.sweep),
        Task("sweep-one-time-codes", hour, one_time.sweep),
        Task("sweep-activations", hour, activations.sweep),
        Task("lost-accesses", minute, recovery.tick),
        Task("sweep-lost-accesses", hour, recovery.sweep),
        Task("sweep-password-resets", hour, password_reset.sweep),
        Task("sweep-orphan-files", hour * 6, lambda: sweeping.sweep(named_elsewhere)),
        Task("sweep-care-history", hour * 6, care_history.sweep),
        Task("sweep-deposit-drafts", hour, deposits.sweep),
        Task("sweep-adding-drafts", hour, adding_drafts.sweep),
        Task("sweep-message-drafts", hour, messages.sweep),
        Task("scan-again", minute, waiting.retry),
        Task("sweep-waiting", hour, waiting.sweep),
        Task("sweep-office-visits", hour, visits.sweep),
        Task("sweep-drawn-pages", hour, drawing.sweep),
        Task("sweep-shared-files", minute * 10, sharing.sweep),
        Task("sweep-guest-files", hour, guests.sweep),
        Task("make-announced-links", minute, request_desk.make_due),
        Task("end-urgent-restrictions", minute, freezing.lapse),
        Task("sweep-proofs", hour, request_desk.sweep),
        Task("remind-guardians", hour * 6, guardians.remind),
        Task("late-notices", minute * 10, notifications.wake_late),
        Task("sweep-notices", hour, notifications.sweep),
        Task("read-older-documents", timedelta(seconds=2), Backfill().run),
        Task("renew-older-documents", timedelta(seconds=2), Renewal().run),
        Task("sweep-outbox", hour, outbox.sweep),
    ]


def _checkpoint() -> None:
    """The hourly checkpoint (security.md R26): due by the last one's own time, however often workers restart."""
    from .audit import services as audit

    if audit.checkpoint_due(timedelta(hours=1)):
        audit.checkpoint()
