"""What a file set aside says of whose it is, as far as an operator may know: traits, kind, day, author (R17).

Its title, its text and its pages are health data: nothing of them leaves this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from espace.clock import HOME_ZONE
from espace.documents.services.arriving.claimed import looks_like_xml
from espace.documents.services.types import types
from espace.identifiers import INS_OIDS
from espace.interop import cda_view, media, xdm_traits
from espace.interop.archive import ArchiveError, packed_files
from espace.interop.cda import CdaError
from espace.interop.cda_view import CdaHead, When
from espace.interop.xdm_names import FOLDER, METADATA

CDA, XDM, FILE = "cda", "xdm", "file"
_DRESS = (".XSL", ".CSS", ".HTM", ".HTML")
"""What an archive holds beside its documents, to dress them: it is no document."""
_MAX_PACKED = 100


@dataclass(frozen=True, slots=True)
class Traits:
    """Whom a file names, as far as it does. `ins` is as it is written, not checked."""

    ins: str = ""
    birth_name: str = ""
    first_names: str = ""
    birth_date: date | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a file says. `kind` is `CDA`, `XDM` or `FILE`; `type_code` is empty when its kind is not one of ours.

    `declared` is the kind in the author's words, `documents` how many would be filed.
    """

    kind: str
    people: tuple[Traits, ...] = ()
    type_code: str = ""
    declared: str = ""
    day: date | None = None
    authors: tuple[str, ...] = ()
    structures: tuple[str, ...] = ()
    documents: int = 1


def claims(content: bytes) -> Claims:
    """What a file says of whose it is; nothing of one that cannot be read."""
    if media.sniff(content) == media.ZIP:
        return _of_archive(content)
    head = _head(content)
    return Claims(FILE) if head is None else _of_heads(CDA, [head], ())


def packed(content: bytes) -> Mapping[str, bytes]:
    """The documents in an exchange archive, by their names there, whether or not its metadata can be trusted.

    Nothing but documents: not the metadata, the index, nor what dresses them. Empty when it cannot be unpacked.
    """
    try:
        found = dict(packed_files(content))
    except ArchiveError:
        return MappingProxyType({})
    inside = ((name, each) for name, each in found.items() if name.upper().startswith(FOLDER))
    kept = [(name, each) for name, each in inside if each and _is_document(name)]
    return MappingProxyType(dict(kept[:_MAX_PACKED]))


def _is_document(name: str) -> bool:
    upper = name.upper()
    return not upper.endswith((METADATA, "/", *_DRESS))


def _of_archive(content: bytes) -> Claims:
    documents = packed(content)
    heads = [head for each in documents.values() if (head := _head(each)) is not None]
    said: Iterable[Traits] = (
        Traits(one.ins, one.birth_name, one.first_names, one.birth_date, one.sex) for one in xdm_traits.named(content)
    )
    return _of_heads(XDM, heads, said, len(documents))


def _of_heads(kind: str, heads: list[CdaHead], also: Iterable[Traits], documents: int = 1) -> Claims:
    named = [_traits(each) for head in heads for each in head.patients]
    codes = {head.code for head in heads}
    days = {_day(head) for head in heads}
    authors = [author for head in heads for author in head.authors]
    [code] = codes if len(codes) == 1 else {""}
    [day] = days if len(days) == 1 else {None}
    return Claims(
        kind=kind,
        people=tuple(dict.fromkeys([*named, *also])),
        type_code=code if code in types() else "",
        declared=", ".join(dict.fromkeys(head.kind for head in heads if head.kind)),
        day=day,
        authors=tuple(dict.fromkeys(author.name for author in authors if author.name)),
        structures=tuple(dict.fromkeys(author.organisation for author in authors if author.organisation)),
        documents=documents,
    )


def _head(content: bytes) -> CdaHead | None:
    if not looks_like_xml(content):
        return None
    try:
        return cda_view.head(content)
    except CdaError:
        return None


def _traits(one: cda_view.Patient) -> Traits:
    number = one.ins if one.ins_oid in INS_OIDS else ""
    return Traits(number, one.birth_name, one.first_names, one.birth.day if one.birth else None, one.sex)


def _day(head: CdaHead) -> date | None:
    """The civil day of the care, else of the document."""
    for when in (*(service.when for service in head.services), head.when):
        if (day := _civil(when)) is not None:
            return day
    return None


def _civil(when: When | None) -> date | None:
    if when is None:
        return None
    return when.at.astimezone(HOME_ZONE).date() if when.at else when.day
