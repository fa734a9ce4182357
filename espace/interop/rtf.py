"""Rich text, as people's word processors write it: read by its words, and kept without anything that could act.

Objects, templates from elsewhere and fields that fetch or run something are what such a file can do harm with.
"""

import re

from striprtf.striprtf import rtf_to_text

from .jpeg import without_hidden_data
from .media import MediaError

MAX_WORDS = 2_000_000
"""Characters read from one file."""
_MAX_NESTING = 400

# A control word is a backslash, letters and a number; `\bin` is followed by raw bytes that would hide anything.
_ACTS = re.compile(
    rb"\\(?:obj(?:ect|data|ocx|emb|link|autlink|sub|pub|icemb|html|update|class|name)|template|bin\d|"
    rb"datafield|ddeauto|mailmerge|xmlopen|nextfile|filetbl|fldinst)(?![a-z])",
    re.IGNORECASE,
)
_HARMLESS_FIELD = re.compile(rb"\\fldinst\b[^{}]{0,40}\{?[^{}\\]{0,40}?\b(?:PAGE|NUMPAGES|DATE|TIME)\b", re.IGNORECASE)
# Each turn of the loop begins otherwise and the turns are counted: no file makes the search go back and forth.
_PICTURE = re.compile(rb"\\jpegblip\b((?:\\(?!jpegblip)[a-z]+-?\d*|\s|\{\\\*[^{}]{0,400}\}){0,80})([0-9a-fA-F\s]{16,})")


def rtf_text(content: bytes) -> str:
    """The words of a rich text.

    Raises:
        MediaError: `broken` when it is none, `truncated` when its end is missing.
    """
    _check_nesting(content)
    try:
        words: str = rtf_to_text(  # type: ignore[no-untyped-call]  # the library carries no types
            content[: 8 * MAX_WORDS].decode("latin-1"), encoding="cp1252", errors="replace"
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise MediaError("broken") from None
    return "".join(c for c in words[:MAX_WORDS].replace("\r\n", "\n") if c.isprintable() or c in "\n\t\f")


def clean_rtf(content: bytes) -> bytes:
    """A rich text without anything that could act or tell a place; one that would is written anew from its words.

    Raises:
        MediaError: as `rtf_text`; `empty` when it has neither a word nor a picture.
    """
    words = rtf_text(content)
    acts = _ACTS.search(_HARMLESS_FIELD.sub(b"", content)) is not None
    if not words.strip() and (acts or b"\\pict" not in content):
        raise MediaError("empty")
    if acts:
        return _written(words)
    return _PICTURE.sub(_bare_picture, content)


def _check_nesting(content: bytes) -> None:
    """See that the braces of the text end where the file does, and nothing else follows."""
    depth, at, deepest = 0, 0, 0
    for found in re.finditer(rb"\\[\\{}]|[{}]", content):
        sign = found.group()
        if len(sign) == 2:
            continue
        depth += 1 if sign == b"{" else -1
        deepest = max(deepest, depth)
        if depth <= 0:
            at = found.end()
            break
    if depth > 0:
        raise MediaError("truncated")
    if depth < 0 or deepest > _MAX_NESTING or not content.startswith(b"{\\rtf"):
        raise MediaError("broken")
    if content[at:].strip(b" \t\r\n\x00\x1a"):
        raise MediaError("two-in-one")


def _bare_picture(found: re.Match[bytes]) -> bytes:
    before = found.group()[: len(found.group()) - len(found.group(2))]
    digits = b"".join(found.group(2).split())
    try:
        picture = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return found.group()
    bare = without_hidden_data(picture)
    return found.group() if bare == picture else before + bare.hex().encode("ascii")


def _written(words: str) -> bytes:
    """The words alone, as a rich text that any program reads."""
    lines = ("".join(_letter(each) for each in line) for line in words.split("\n"))
    return ("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0\\fs24\n" + "\\par\n".join(lines) + "}").encode("ascii")


def _letter(letter: str) -> str:
    if letter in "\\{}":
        return f"\\{letter}"
    if letter == "\t":
        return "\\tab "
    if letter.isascii():
        return letter
    units = letter.encode("utf-16-le")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'little', signed=True)}?" for at in range(0, len(units), 2))
