"""Who acts for the holder of a record or helps them, as lines of the access page."""

from dataclasses import replace
from uuid import UUID

from flask_babel import gettext

from espace.access.services import SeerAct, SeerKind, SeerLine, SeerState
from espace.family import services as family
from espace.family.services import Bond
from espace.people import services as people
from espace.permissions import Relation, Task
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

_TASKS: dict[Task, Message] = {
    Task.READ_DOCUMENTS: N_("May read the documents."),
    Task.ADD_DOCUMENTS: N_("May add documents."),
}
_BONDS = {
    family.PARENT: SeerKind.PARENT,
    family.GUARDIAN: SeerKind.GUARDIAN,
    family.CARER: SeerKind.CARER,
}


def relatives(here: Viewpoint) -> list[SeerLine]:
    """Who acts for the holder or helps them; not who looks, who knows, nor who sees nothing of it now (R15)."""
    every = family.bonds_on(here.record_id)
    bonds = [one for one in every if one.opens and one.person_id != here.actor.person_id]
    known = people.persons([one.person_id for one in bonds])
    lines = [_of_bond(one, known[one.person_id].display_name) for one in bonds if one.person_id in known]
    if here.standing.relation is Relation.HOLDER:
        return lines
    own = next((one for one in every if one.person_id == here.actor.person_id), None)
    return lines if own is None else [_oneself(own), *lines]


def _oneself(own: Bond) -> SeerLine:
    """Who looks, among those who act for the holder."""
    said = N_("You see this record and decide, without any consent.")
    return replace(_of_bond(own, str(gettext("You"))), detail=(said,), place="", acts=())


def _of_bond(one: Bond, name: str) -> SeerLine:
    if one.kind == family.CARER:
        return SeerLine(
            SeerKind.CARER,
            one.id,
            name,
            detail=tuple(_TASKS[task] for task in Task if task in one.tasks and task in _TASKS),
            since=one.since,
            until=one.until,
            place=f"/acces/aidants/{one.id}",
            acts=(_end(one.id),),
        )
    said = (
        N_("Sees what came before a decision, and nothing since.")
        if one.is_frozen
        else N_("Sees and decides as you do, without any consent.")
    )
    return SeerLine(
        _BONDS[one.kind],
        one.id,
        name,
        state=SeerState.LIMITED if one.is_frozen else SeerState.OPEN,
        detail=(said,),
        since=one.since,
        until=one.until,
        place="/acces/parents" if one.kind == family.PARENT else "",
    )


def _end(carer_id: UUID) -> SeerAct:
    said = N_("This person sees and does nothing any more, as of now.")
    return SeerAct(N_("End the help"), f"/acces/aidants/{carer_id}/fin", said)
