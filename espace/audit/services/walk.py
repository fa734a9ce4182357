"""One chain, row after row: whether each row is whole and follows the one before, and a name for what is not.

A row that does not follow is named once the next row shows how it links: after the same predecessor (the row was
inserted), after this row but with a later number (rows before it were deleted), or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from . import chain

HOUSE = UUID(int=0)  # stands for "no chain" in faults of the checkpoints themselves
_MAX_FAULTS = 20  # per chain: beyond, the chain is not understood any more and naming further rows helps nobody
_MAX_RENUMBERED = 256  # how many deleted and renumbered rows are looked for


class Kind(StrEnum):
    """What was done to the trail."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    HEAD = "head"
    CHECKPOINT_FORGED = "checkpoint-forged"
    CHECKPOINT_MISSING = "checkpoint-missing"


@dataclass(frozen=True, slots=True)
class Fault:
    """One sign of tampering: `sequence` is the row's, or the checkpoint's number when `chain_id` is zero."""

    chain_id: UUID
    sequence: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as found. `content_ok` is None when its data key was destroyed: nothing can be said of its content."""

    plain: chain.Row
    sequence: int
    content_digest: bytes
    commitment: bytes
    link: bytes
    content_ok: bool | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A row the next one may follow: its link, and the number it was given when it was written."""

    link: bytes
    number: int
    how: str


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A row that does not follow the one before, waiting for a name."""

    row: Stored
    whole: bool
    before: UUID | None


class Walk:
    """The walk along one chain. `is_copy` tells whether an event's id stands in the chain more than once."""

    def __init__(self, chain_id: UUID, is_copy: Callable[[UUID, UUID], bool]) -> None:
        self.chain_id = chain_id
        self.faults: list[Fault] = []
        self._is_copy = is_copy
        self._last_sequence = 0
        self._last_id: UUID | None = None
        self._good = _Place(chain.START, 0, "good")
        self._places = [self._good]
        self._shift = 0  # how far rows were renumbered
        self._doubt: _Doubt | None = None

    def step(self, row: Stored) -> None:
        """Take the next row, in the order of sequences."""
        if len(self.faults) >= _MAX_FAULTS:
            return
        whole, commitments = _wholeness(row)
        gap = row.sequence - self._last_sequence - 1
        place = None
        if gap:
            self._settle(None, row.plain.id)
            self._fault(self._last_sequence + 1, Kind.DELETED)
            place = _Place(row.link, row.sequence - self._shift, "good")
        else:
            found = self._follows(row, commitments)
            self._settle(found.how if found else None, row.plain.id)
            if found:
                place = _Place(row.link, found.number + 1, "good")
        if place:
            if not whole:
                self._fault(row.sequence, Kind.EDITED)
            self._good = place
            self._places = [place]
            self._shift = row.sequence - place.number
        else:
            self._doubt = _Doubt(row, whole, self._last_id)
            self._places = [self._good, *self._mended(commitments), *self._renumbered(row)]
        self._last_sequence, self._last_id = row.sequence, row.plain.id

    def end(self, head: tuple[int, bytes] | None) -> list[Fault]:
        """Compare with the chain's head (sequence, link) as found with the last row; gives all faults."""
        if len(self.faults) >= _MAX_FAULTS:
            return self.faults
        met = next((place for place in self._places if head and (place.number, place.link) == head), None)
        if self._doubt and head and self._doubt.row.sequence > head[0]:
            self._name(self._doubt, Kind.INSERTED)
        else:
            self._settle(met.how if met else None, None)
        if head is None:
            self._fault(self._last_sequence, Kind.HEAD)
        elif met is None and self._last_sequence < head[0]:
            self._fault(self._last_sequence + 1, Kind.TRUNCATED)
        elif met is None and not self._only_moved(head[0]):
            self._fault(self._last_sequence, Kind.HEAD)
        if head and self._only_moved(head[0]):
            self.faults = [
                replace(one, kind=Kind.REORDERED) if one.kind is Kind.DELETED else one for one in self.faults
            ]
        return self.faults

    def _only_moved(self, expected: int) -> bool:
        """Whether rows changed places and none is missing: the spot one left is no deletion, nor is the head wrong."""
        return self._last_sequence == expected and any(fault.kind is Kind.REORDERED for fault in self.faults)

    def _follows(self, row: Stored, commitments: list[bytes]) -> _Place | None:
        """The place after which the row's link was made, if it is one of those known."""
        for place in self._places:
            for key in chain.audit_keys():
                for commitment in commitments:
                    made = chain.link(key, place.link, self.chain_id, place.number + 1, commitment)
                    if chain.same(made, row.link):
                        return place
        return None

    def _mended(self, commitments: list[bytes]) -> list[_Place]:
        """The row as it would be were its link what it should be: it was edited when the next one follows that."""
        return [
            _Place(chain.link(key, place.link, self.chain_id, place.number + 1, commitment), place.number + 1, "mended")
            for place in self._places
            if place.how in ("good", "mended")
            for key in chain.audit_keys()
            for commitment in dict.fromkeys(commitments)
        ]

    def _renumbered(self, row: Stored) -> list[_Place]:
        number = self._good.number + 1
        return [_Place(row.link, number, "same")] + [
            _Place(row.link, number + deleted, "renumbered") for deleted in range(1, _MAX_RENUMBERED)
        ]

    def _settle(self, how: str | None, next_id: UUID | None) -> None:
        """Name the row in doubt, now that the next one was seen to follow `how` (None: it does not either)."""
        doubt, self._doubt = self._doubt, None
        if doubt is None:
            return
        event_id = doubt.row.plain.id
        ordered = (doubt.before is None or doubt.before < event_id) and (next_id is None or event_id < next_id)
        if self._is_copy(self.chain_id, event_id) or (how == "good" and not doubt.whole):
            self._name(doubt, Kind.INSERTED)
        elif not doubt.whole or how == "mended":
            self._name(doubt, Kind.EDITED)
        elif not ordered or how == "good":
            self._name(doubt, Kind.REORDERED)
        elif how == "renumbered" or how is None:
            self._name(doubt, Kind.DELETED)
        else:
            self._name(doubt, Kind.EDITED)

    def _name(self, doubt: _Doubt, kind: Kind) -> None:
        self._doubt = None
        self._fault(doubt.row.sequence, kind)

    def _fault(self, sequence: int, kind: Kind) -> None:
        self.faults.append(Fault(self.chain_id, sequence, kind))


def _wholeness(row: Stored) -> tuple[bool, list[bytes]]:
    """Whether the row is as it was written; and the commitments its link may have been made from."""
    made = [chain.commitment(key, row.plain, row.content_digest) for key in chain.audit_keys()]
    whole = row.content_ok is not False and any(chain.same(one, row.commitment) for one in made)
    return whole, [row.commitment, *made]
