"""Counter codes and share links as lines of the access page."""

from dataclasses import replace

from espace.access.policy import Window
from espace.access.services.seeing.seers import SeerAct, SeerKind, SeerLine, SeerState
from espace.permissions import Standing
from espace.words import N_, Message

from .codes import CodeLine, CodeState, codes
from .links import LinkKind, LinkLine, LinkState, links

_OPENS = {
    Window.READ: N_("Reads what their profession may read."),
    Window.DEPOSIT: N_("Reads what their profession may read, and deposits documents."),
}
_CODES = {
    CodeState.OFFERED: SeerState.WAITING,
    CodeState.OPEN: SeerState.OPEN,
    CodeState.CLOSED: SeerState.ENDED,
}
_MOST_PAST = 10


def passing_lines(standing: Standing) -> list[SeerLine]:
    """Codes that wait or are open, share links that open, then those that are over.

    Raises:
        NotFoundError: for who does not decide about the record.
    """
    found = [_of_code(one) for one in codes(standing) if one.state is not CodeState.OVER]
    found += [_of_link(one) for one in links(standing, LinkKind.SHARE)]
    now = [one for one in found if not one.state.is_past]
    past = sorted((one for one in found if one.state.is_past), key=lambda one: one.id, reverse=True)
    return now + past[:_MOST_PAST]


def _of_code(line: CodeLine) -> SeerLine:
    place = f"/acces/code/{line.id}"
    made = SeerLine(
        kind=SeerKind.CODE,
        id=line.id,
        name=line.name,
        state=_CODES[line.state],
        about=", ".join(filter(None, (line.profession, line.structure))),
        detail=() if _CODES[line.state].is_past else (_OPENS[line.opens],),
        since=line.used_at or line.made_at,
        until=line.until or line.offered_until,
        last_visit=line.used_at,
        place=place,
    )
    if line.state is CodeState.OFFERED:
        return replace(made, acts=(_press(N_("Cancel this code"), place, N_("Nobody can use it any more.")),))
    if line.state is CodeState.OPEN:
        said = N_("%(name)s sees nothing any more, as of now.", name=line.name)
        return replace(made, acts=(_press(N_("Close now"), place, said),))
    return made


def _of_link(line: LinkLine) -> SeerLine:
    place = f"/acces/liens/{line.id}"
    is_open = line.state is LinkState.OPEN
    state = (SeerState.OPEN if line.used else SeerState.WAITING) if is_open else SeerState.ENDED
    used = N_("Opened %(used)s times of %(most)s.", used=line.used, most=line.most)
    acts = (_press(N_("Close the link now"), place, N_("It shows nothing any more, as of now.")),) if is_open else ()
    return SeerLine(
        kind=SeerKind.LINK,
        id=line.id,
        name=line.label,
        state=state,
        detail=(N_("Shows the documents chosen for it, to who has the link and its code."), used)
        if is_open
        else (used,),
        since=line.made_at,
        until=line.closed_at or line.until,
        place=place,
        acts=acts,
    )


def _press(label: Message, place: str, consequence: Message) -> SeerAct:
    return SeerAct(label, f"{place}/fermer", consequence)
