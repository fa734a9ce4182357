"""Private mode: neutral titles, masked lists and a quick way out, for who may be looked at (security.md R53)."""

from datetime import timedelta

from sqlalchemy import select, update

from espace import clock, crypto, db
from espace.accounts.models import Session
from espace.audit import services as audit
from espace.errors import RefusedError
from espace.permissions import Actor

from . import account_rows, sessions

SHOWN_FOR = timedelta(minutes=5)
"""How long the pages stay readable once the person wants to see them."""


def is_chosen(actor: Actor) -> bool:
    """Whether the actor's account is in private mode."""
    return bool(account_rows.held(actor.id).facts.get("private"))


def choose(actor: Actor, *, on: bool) -> None:
    """Switch private mode, from the next page on, in every open session of the account and those to come."""
    with db.write() as tx:
        held = account_rows.locked(tx, actor.id)
        if bool(held.facts.get("private")) is on:
            return
        account_rows.change(tx, held, private=on)
        own = select(Session.id, Session.payload).where(Session.subject_id == actor.id).with_for_update()
        for row in tx.execute(own).all():
            facts = crypto.unseal(tx, actor.id, "sessions", row.id, row.payload)
            facts |= {"private": "1" if on else "", "unveiled_until": ""}
            kept = {name: fact for name, fact in facts.items() if fact}
            sealed = crypto.seal(tx, actor.id, "sessions", row.id, kept)
            tx.execute(update(Session).where(Session.id == row.id).values(payload=sealed))
        audit.record(actor, actor.id, audit.Action.PRIVATE_MODE_ON if on else audit.Action.PRIVATE_MODE_OFF)


def show(actor: Actor) -> None:
    """Lift the veil of private mode for five minutes.

    Raises:
        RefusedError: beside a helper, where the person's code is asked for instead.
    """
    if actor.helper:
        raise RefusedError("assisted")
    if actor.is_private:
        sessions.change_facts(actor, unveiled_until=(clock.now() + SHOWN_FOR).isoformat())


def hide(actor: Actor) -> None:
    """Put the veil back at once, in private mode and in an assisted session."""
    sessions.change_facts(actor, unveiled_until="")
