"""The secret connection: a minor's record opened so that those who represent them learn nothing of it (MI-6, MI-7).

It belongs to one session and one record, and lasts until it is left. Every row of the trail it leaves is marked
(`audit`), visits count for nobody but the minor (`access`), and only documents kept from the representatives may be
deposited (`documents`). It opens nothing, and is not how a record is made.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID

from espace import clock, db, settings
from espace.accounts.services import sessions
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.family.services.growing import stages
from espace.family.services.growing.stages import Change
from espace.people.services import age_on
from espace.permissions import Actor, ActorKind, Permission, Standing
from espace.words import N_, Message

MOST = 40
"""In so many records at once a session may work secretly; nobody sees as many minors in a day."""


def is_offered(standing: Standing) -> bool:
    """Whether this professional may go into secret connection here: the patient is a minor, and old enough for it."""
    return standing.may(Permission.PATIENT_PAGE) and stages.holds(standing, Change.SECRET_CONNECTION)


def why_not(birth: date) -> Message | None:
    """Why no secret connection is offered for somebody born on `birth`, before anything is looked up; None if it is."""
    if Change.SECRET_CONNECTION in stages.holding(age_on(birth, clock.today())):
        return None
    house = settings.current()
    return N_(
        "The secret connection is for patients from %(first)d to %(last)d years old. Untick it to go on.",
        first=house.secret_care_age,
        last=house.majority_age - 1,
    )


def begin(standing: Standing) -> None:
    """Go on in secret connection. What was written before stays written.

    Raises:
        NotFoundError: where it is not offered.
    """
    if not is_offered(standing):
        raise NotFoundError
    if standing.is_secret:
        return
    with db.write():
        actor = enter(standing.actor, standing.record_id)
        audit.record(actor, standing.record_id, Action.SECRET_CONNECTION_BEGUN, relation=standing.relation)


def enter(actor: Actor, record_id: UUID) -> Actor:
    """Note in the session that `actor` works secretly in this record; gives the actor as they act from now on.

    Raises:
        ConflictError: in too many records at once.
        NotFoundError: when the session is over, or is no professional's.
    """
    if actor.kind is not ActorKind.PROFESSIONAL:
        raise NotFoundError
    return _keep(actor, actor.secret_in | {record_id})


def leave(standing: Standing) -> None:
    """Come back to the normal connection: from now on the representatives are told as ever."""
    if not standing.is_secret:
        return
    with db.write():
        # Its own row is still one of the secret connection: that it ended would tell that it was.
        audit.record(standing.actor, standing.record_id, Action.SECRET_CONNECTION_LEFT, relation=standing.relation)
        _keep(standing.actor, standing.actor.secret_in - {standing.record_id})


def _keep(actor: Actor, records: frozenset[UUID]) -> Actor:
    if len(records) > MOST:
        raise ConflictError
    sessions.change_facts(actor, secret=" ".join(sorted(str(one) for one in records)))
    return replace(actor, secret_in=records)
