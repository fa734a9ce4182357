"""Whom an exchange archive names, read leniently: for people who decide about one that cannot be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .archive import ArchiveError, packed_files
from .cda import CdaError, harmless_tree
from .cda_xml import Element, moment
from .xdm_names import METADATA, RIM

_MAX_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody named in the metadata; `ins` is the number before its authority, whatever the authority is."""

    ins: str
    birth_name: str
    first_names: str
    birth_date: date | None
    sex: str


def named(content: bytes) -> tuple[Named, ...]:
    """The people whom the metadata of an archive name, each once; nobody when it cannot be read."""
    try:
        files = [each for name, each in packed_files(content) if name.upper().endswith(METADATA)]
    except ArchiveError:
        return ()
    found: list[Named] = []
    for each in files:
        try:
            root = harmless_tree(each)
        except CdaError:
            continue
        found += [_read(values) for values in _told(root)]
    return tuple(dict.fromkeys(found))[:_MAX_PEOPLE]


def _told(root: Element) -> Iterator[dict[str, str]]:
    """The lines `PID-5|NAME^GIVEN` of each description of a patient (HL7 v2, ITI TF-3 4.2.3.2.25)."""
    for slot in root.iter(f"{{{RIM}}}Slot"):
        if slot.get("name") != "sourcePatientInfo":
            continue
        lines = ((value.text or "").strip() for value in slot.iter(f"{{{RIM}}}Value"))
        yield dict(line.split("|", 1) for line in lines if "|" in line)


def _read(told: dict[str, str]) -> Named:
    names = [[*name.split("^"), *[""] * 7] for name in told.get("PID-5", "").split("~")]
    legal = next((name for name in names if name[6] == "L"), names[0])
    return Named(
        ins=told.get("PID-3", "").partition("^")[0].strip()[:40],
        birth_name=legal[0].strip()[:100],
        first_names=legal[1].strip()[:100],
        birth_date=moment(told.get("PID-7", "").strip()[:8]).day,
        sex=told.get("PID-8", "").strip()[:4],
    )
