"""Names of the files that leave with a message: what they are, and an ending that programs know."""

import unicodedata

from espace.interop import media as kinds

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
