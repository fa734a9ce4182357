"""Words that must not be found where they are not sealed, and a scanner that looks for them in every disguise."""

import lzma
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

import zstandard


def disguises(word: str) -> set[bytes]:
    """How a word may lie in bytes: as text, wide, in capitals, in hex, in base 64 at each of three offsets."""
    found: set[bytes] = set()
    for form in {word, word.upper(), word.lower(), word.casefold()}:
        plain = form.encode()
        found |= {plain, form.encode("utf-16-le"), form.encode("utf-16-be"), plain.hex().encode()}
        for offset in range(3):
            for encode in (b64encode, urlsafe_b64encode):
                # The first and last letters depend on the neighbours: leave them out.
                found.add(encode(b"\0" * offset + plain)[4 if offset else 0 :].rstrip(b"=")[:-2])
    return found


def found_in(content: bytes, words: Iterable[str]) -> list[str]:
    """The words that lie in `content`, in any disguise, compressed or not."""
    views = [content, *_inflated(content)]
    return [word for word in words if any(form in view for form in disguises(word) for view in views)]


def _inflated(content: bytes) -> list[bytes]:
    found = []
    for open_it in (
        lambda: zlib.decompress(content, wbits=47),
        lambda: zstandard.ZstdDecompressor().decompress(content, max_output_size=1 << 24),
        lambda: lzma.decompress(content),
    ):
        try:
            found.append(open_it())
        except (zlib.error, zstandard.ZstdError, lzma.LZMAError, EOFError):
            continue
    return found


def found_under(folder: Path, words: Iterable[str]) -> dict[str, list[str]]:
    """File -> the words that lie in it, of every file under `folder`."""
    words = list(words)
    return {
        path.relative_to(folder).as_posix(): found
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (found := found_in(path.read_bytes(), words) or found_in(path.name.encode(), words))
    }
