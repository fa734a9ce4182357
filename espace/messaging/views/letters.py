"""Letters in words, for the one who reads: who wrote, as what, when, and what became of those that left."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask_babel import gettext

from espace.messaging.services import apart
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import MessageFacts, Party
from espace.messaging.services.outgoing.sendings import SendingFacts, State
from espace.messaging.services.reading.attachments import AttachmentLine
from espace.messaging.services.reading.threads import Letter
from espace.web.forms import translated
from espace.web.i18n import instant, local, moment, near_days
from espace.words import N_

_SAID = re.compile(
    r"(?:^|\n)[^\n>]{0,200}:[ \t]*\n{1,3}(?=>)|(?:^|\n)(?=>)|\n-{2,20} ?(?:Original|Message d'origine|Forwarded)"
)
"""Where a message begins to repeat what it answers."""
_DAMAGED = N_("Part of this message arrived damaged. Some words or files may be missing.")
_WRONG = {
    "cut-short": _DAMAGED,
    "structure": _DAMAGED,
    "encoding": _DAMAGED,
    "charset": N_("Some letters of this message could not be read. They may look odd."),
    "address": N_("Some addresses of this message could not be read. It may have gone to others too."),
    "long-text": N_("This message is very long. The whole text is in the file message.txt."),
}
"""What is said of a fault, by its code; one that changes nothing for who reads has no sentence."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message for one recipient, in a sentence; `kind` and `icon` are those of its badge."""

    words: str
    kind: str
    icon: str
    why: str = ""
    can_retry: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One letter, ready to be written. `about` is the line below the name; `quoted` is what it repeats of others.

    `wrongs` are sentences about what of it could not be read as it came.
    """

    id: UUID
    name: str
    about: str
    label: str
    outgoing: bool
    new: bool
    automatic: bool
    flagged: bool
    paragraphs: tuple[tuple[str, ...], ...]
    quoted: str
    copies: str
    fates: tuple[Fate, ...]
    files: tuple[AttachmentLine, ...]
    wrongs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The letters of one day."""

    title: str
    letters: tuple[Written, ...]


def days(
    box: Box,
    letters: Sequence[Letter],
    sent: Mapping[UUID, list[SendingFacts]],
    files: Mapping[UUID, list[AttachmentLine]],
) -> list[Day]:
    """Letters by the day they stand at."""
    found = []
    for day, rows in groupby(letters, key=_day):
        written = tuple(_written(box, one, sent.get(one.id, []), files.get(one.id, [])) for one in rows)
        found.append(Day(near_days([day])[0], written))
    return found


def _day(letter: Letter) -> date:
    return local(letter.at).date()


def _written(box: Box, letter: Letter, sent: Sequence[SendingFacts], files: Sequence[AttachmentLine]) -> Written:
    facts = letter.facts
    own, quoted = split(facts.text)
    name = who(box, letter)
    at = gettext("at %(time)s", time=moment(letter.at))
    about = f"{facts.sender.role}, {at}" if facts.sender.role and not letter.outgoing else at
    return Written(
        id=letter.id,
        name=name,
        about=about,
        label=gettext("Message of %(name)s, %(when)s", name=name, when=instant(letter.at)),
        outgoing=letter.outgoing,
        new=letter.new,
        automatic=facts.automatic,
        flagged=letter.flagged,
        paragraphs=paragraphs(own),
        quoted=quoted,
        copies=_copies(facts, outgoing=letter.outgoing),
        fates=tuple(_fate(one, name) for one, name in zip(sent, _reached(box, letter, sent), strict=True)),
        files=tuple(files),
        wrongs=_wrongs(facts.faults),
    )


def _wrongs(codes: Sequence[str]) -> tuple[str, ...]:
    """What could not be read as it came, each sentence once."""
    return tuple(dict.fromkeys(translated(_WRONG[code]) for code in codes if code in _WRONG))


def who(box: Box, letter: Letter) -> str:
    """Who wrote a letter: the reader, somebody else for the same box, or the other side."""
    if not letter.outgoing:
        return named(letter.facts.sender)
    if letter.mine:
        return str(gettext("You"))
    return letter.facts.signed or named(letter.facts.sender) or box.name


def named(party: Party) -> str:
    """How a side is called."""
    return party.name or party.address


def _copies(facts: MessageFacts, *, outgoing: bool) -> str:
    """The others it went to: those of a copy, and of several recipients all."""
    sides = [*facts.to, *facts.cc] if outgoing and len(facts.to) > 1 else [*facts.cc]
    if not outgoing and len(facts.to) > 1:
        sides = [*facts.to, *facts.cc]
    return ", ".join(named(one) for one in sides)


def _reached(box: Box, letter: Letter, sent: Sequence[SendingFacts]) -> list[str]:
    """How those are called whom a letter was to reach, as its reader may know them (security.md R15)."""
    if not box.places_kept:
        return [one.name or one.address for one in sent]
    roles = {one.name: one.role for one in letter.facts.recipients if one.role}
    return [apart.name_seen(box, one.name or one.address, roles.get(one.name, "")) for one in sent]


def _fate(one: SendingFacts, name: str) -> Fate:
    if one.state is State.WAITING:
        return Fate(gettext("On its way to %(name)s", name=name), "", "clock")
    if one.state is State.FAILED:
        why = translated(one.words) if one.words else ""
        return Fate(gettext("Not delivered to %(name)s", name=name), "bad", "alert", why, one.can_retry)
    if one.state is State.RECEIVED and one.settled_at:
        said = gettext("Read by %(name)s, %(when)s", name=name, when=instant(one.settled_at))
        return Fate(said, "ok", "check")
    return Fate(gettext("Delivered to %(name)s", name=name), "", "check")


def split(text: str) -> tuple[str, str]:
    """What a message says itself, and what it repeats of those before it."""
    text = text.replace("\r\n", "\n").strip()
    found = _SAID.search(text)
    if found is None or not text[: found.start()].strip():
        return text, ""
    return text[: found.start()].rstrip(), text[found.start() :].strip()


def paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """A text as paragraphs of lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return tuple(tuple(line.rstrip() for line in block.split("\n")) for block in blocks if block.strip())
