"""The name under which a file of a message is kept: no path, no sign that deceives, never empty, never too long."""

import re
import unicodedata

from espace.words import one_line

from .mail_charset import decoded_header

_LENGTH = 120
_SPLIT = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/xml": ".xml",
    "application/rtf": ".rtf",
    "application/hl7-v2": ".hl7",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/json": ".json",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/tiff": ".tif",
    "image/svg+xml": ".svg",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "application/ics": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/xml": ".xml",
}
_NAMELESS = "piece-jointe"


def clean(raw: str, media: str, number: int) -> str:
    """The name of file `number` of a message, from what it is called there; made from its type when it says nothing."""
    decoded = unicodedata.normalize("NFC", decoded_header(raw[:4000].encode("utf-8", "replace")))
    last = _SPLIT.split(decoded)[-1]
    name = _FORBIDDEN.sub("_", one_line(last)).strip(". ")
    extension = _EXTENSIONS.get(media, "")
    if not name or (_EXTENSION.fullmatch(f".{name}") and f".{name}".lower() == extension):
        return f"{_NAMELESS}-{number}{extension}"
    if len(name) <= _LENGTH:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and _EXTENSION.fullmatch(f".{ending}"):
        return f"{stem[: _LENGTH - len(ending) - 1].rstrip('. ')}.{ending}"
    return name[:_LENGTH].rstrip(". ")


def of_message(subject: str) -> str:
    """The name of a message that another one brings, from its subject."""
    return f"{clean(subject[:80], '', 0)}.eml" if one_line(subject) else ""
