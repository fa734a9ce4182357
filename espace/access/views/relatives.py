"""Who acts for the holder of a record or helps them, as lines of the access page."""

from dataclasses import replace

from flask_babel import gettext

from espace.access.services import SeerAct, SeerKind, SeerLine, SeerState
from espace.family import services as family
from espace.family.services import Bond, CarerLine
from espace.people import services as people
from espace.permissions import Relation, Task
from espace.web.i18n import full_day
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

from .words import listed

_TASKS: dict[Task, Message] = {
    Task.READ_DOCUMENTS: N_("May read the documents."),
    Task.ADD_DOCUMENTS: N_("May add documents."),
    Task.READ_MESSAGES: N_("May read the messages."),
    Task.WRITE_MESSAGES: N_("May answer the messages."),
}
_BONDS = {
    family.PARENT: SeerKind.PARENT,
    family.GUARDIAN: SeerKind.GUARDIAN,
}


def relatives(here: Viewpoint) -> list[SeerLine]:
    """Who acts for the holder or helps them; not who looks, who knows.

    One whom a decision stops or limits stands here as before, unless the decision lets the others know (R15).
    """
    every = family.bonds_on(here.record_id)
    bonds = [one for one in every if one.represents and one.person_id != here.actor.person_id]
    known = people.persons([one.person_id for one in bonds])
    visits = family.last_acts(here.standing, known.keys())
    openly = family.limited_openly(here.record_id)
    lines = [
        replace(
            _of_bond(one, known[one.person_id].display_name, is_limited=one.person_id in openly),
            last_visit=visits.get(one.person_id),
        )
        for one in bonds
        if one.person_id in known
    ]
    lines += [_of_carer(one) for one in family.carer_lines(here.standing)]
    if here.standing.relation is Relation.HOLDER:
        return lines
    own = next((one for one in every if one.person_id == here.actor.person_id), None)
    return lines if own is None else [_oneself(own), *lines]


def _oneself(own: Bond) -> SeerLine:
    """Who looks, among those who act for the holder."""
    said = N_("You see this record and decide, without any consent.")
    return replace(_of_bond(own, str(gettext("You"))), detail=(said,), place="", acts=(), is_oneself=True)


def _of_bond(one: Bond, name: str, *, is_limited: bool = False) -> SeerLine:
    said = (
        N_("A decision limits what this person sees.")
        if is_limited
        else N_("Sees and decides as you do, without any consent.")
    )
    return SeerLine(
        _BONDS[one.kind],
        one.id,
        name,
        state=SeerState.LIMITED if is_limited else SeerState.OPEN,
        detail=(said,),
        since=one.since,
        until=one.until,
        place="/acces/parents",
    )


def _of_carer(one: CarerLine) -> SeerLine:
    """A carer, somebody asked to become one, or who was one: what they do, or what became of it, until which day."""
    state = SeerState.WAITING if one.waits else SeerState.REFUSED if one.refused else SeerState.OPEN
    return SeerLine(
        SeerKind.CARER,
        one.id,
        one.name,
        state=SeerState.ENDED if one.is_over else state,
        detail=_said_of(one),
        since=None,
        until=None,
        last_visit=one.last_act,
        place=one.place or "/acces/aidants",
        acts=(_end(one),) if one.end_place else (),
    )


def _said_of(one: CarerLine) -> tuple[Message, ...]:
    """Who helps now does so until a day, that one included; who was only asked, or is gone, sees nothing."""
    since, until = full_day(one.since), full_day(one.last_day)
    if one.waits:
        asked = N_("Asked on %(day)s, may answer until %(until)s.", day=since, until=until)
        return (N_("Sees nothing before saying yes."), asked)
    if one.refused:
        return (N_("Asked on %(day)s, said no.", day=since),)
    if one.is_over:
        return (N_("From %(since)s to %(until)s.", since=since, until=until), N_("Sees nothing any more."))
    kept = listed([gettext(words.msgid) for words in one.withheld]) if one.withheld else ""
    without = (N_("Does not see: %(what)s.", what=kept),) if kept else ()
    return (
        *(_TASKS[task] for task in one.tasks),
        *without,
        N_("Since %(since)s, until %(until)s.", since=since, until=until),
    )


def _end(one: CarerLine) -> SeerAct:
    if one.waits:
        return SeerAct(N_("Take the invitation back"), one.end_place, N_("It opens nothing any more, as of now."))
    return SeerAct(N_("End the help"), one.end_place, N_("This person sees and does nothing any more, as of now."))
