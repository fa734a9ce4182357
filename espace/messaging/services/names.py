"""Names of what leaves: of files, with an ending that programs know, and of a patient whose number one writes to."""

import unicodedata

from espace.access import services as access
from espace.interop import media as kinds
from espace.messaging.services.boxes import Box
from espace.messaging.services.places import PlaceKind, RefusedAddressError, place_of
from espace.permissions import ActorKind, Permission

_ENDINGS = {
    kinds.PDF: "pdf",
    kinds.JPEG: "jpg",
    kinds.PNG: "png",
    kinds.TIFF: "tiff",
    kinds.TEXT: "txt",
    kinds.RTF: "rtf",
    kinds.XML: "xml",
    kinds.HEIC: "heic",
}
_LONGEST = 80


def file_name(title: str, media: str) -> str:
    """A file's name after its title; what would turn the direction of writing round, or name a folder, is left out."""
    plain = "".join(sign if _is_named(sign) else " " for sign in unicodedata.normalize("NFC", title))
    name = " ".join(plain.split()).strip(". ")[:_LONGEST].rstrip(". ") or "document"
    return f"{name}.{_ENDINGS.get(media, 'bin')}"


def _is_named(sign: str) -> bool:
    return sign in "-_.()' " or unicodedata.category(sign)[0] in "LMN"


def patient_name(box: Box, address: str) -> str:
    """The name of a patient whose page this professional may open, "" for anybody else: an address tells no name."""
    if box.is_person or box.actor.kind is not ActorKind.PROFESSIONAL:
        return ""
    try:
        place = place_of(address)
    except RefusedAddressError:
        return ""
    if place.kind is not PlaceKind.PERSON or place.box_id is None:
        return ""
    found = access.standing(box.actor, place.box_id)
    return found.holder_name if found is not None and found.may(Permission.PATIENT_PAGE) else ""
