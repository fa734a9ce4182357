"""What a person chooses on the page of the notifications, and the message they have sent to try it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db
from espace.audit import services as audit
from espace.errors import ConflictError, InvalidError
from espace.notifications.models import Preference
from espace.permissions import Actor
from espace.words import N_

from . import ledger, notices
from .events import RULES, Channel, Event, Reach
from .preferences import TABLE, ZONES, Preferences, as_payload

TRIALS_A_DAY = 5
_DAY = timedelta(days=1)


def choose(actor: Actor, reach: Reach, wishes: Preferences) -> None:
    """Keep what the actor wants to be told; `wishes.version` is that of the page it was chosen on.

    What waits for its hour gets the new hours. Nothing here asks for a fresh proof: what protects the account is
    sent whatever is chosen.

    Raises:
        InvalidError: for an hour, a day, a zone or a channel that is not offered.
        ConflictError: when another page changed the choices meanwhile.
    """
    _check(wishes)
    with db.write() as tx:
        sealed = crypto.seal(tx, actor.id, TABLE, actor.id, as_payload(wishes))
        values = {"version": wishes.version + 1, "payload": sealed}
        if wishes.version:
            mine = (Preference.subject_id == actor.id, Preference.version == wishes.version)
            written = tx.execute(update(Preference).where(*mine).values(**values).returning(Preference.version))
        else:
            dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
            fresh = dialect.insert(Preference).values(subject_id=actor.id, **values)
            written = tx.execute(fresh.on_conflict_do_nothing().returning(Preference.version))
        if written.first() is None:
            raise ConflictError
        audit.record(actor, actor.id, audit.Action.NOTIFICATIONS_CHOSEN)
        notices.replan(reach)


def _check(wishes: Preferences) -> None:
    problems = {}
    if wishes.zone not in ZONES:
        problems["zone"] = N_("Choose a place from the list.")
    if not 0 <= wishes.hour <= 23:
        problems["hour"] = N_("Choose an hour from the list.")
    if not 0 <= wishes.weekday <= 6:
        problems["weekday"] = N_("Choose a day from the list.")
    if any(not channels <= RULES[event].offered for event, channels in wishes.choices.items()):
        problems[""] = N_("Choose among what is offered.")
    if problems:
        raise InvalidError(problems)


def send_trial(reach: Reach) -> None:
    """Send a trial message by every channel that reaches its person, at any hour.

    Raises:
        InvalidError: when five went out within a day.
    """
    since = clock.now() - _DAY
    told = ledger.latest(_subject(reach), limit=200)
    # By e-mail each time: an SMS beside it is the same trial.
    trials = [one for one in told if (one.event, one.channel) == (Event.TRIAL, Channel.EMAIL) and one.made_at > since]
    if len(trials) >= TRIALS_A_DAY:
        raise InvalidError({"": N_("Five trial messages were sent today. Try again tomorrow.")})
    notices.notify(reach, Event.TRIAL)


def _subject(reach: Reach) -> UUID:
    if reach.subject_id is None:
        raise ValueError("a trial is for who has an account")
    return reach.subject_id
