"""The segments of a JPEG: what cameras and programs hide there is taken away without decoding the picture."""

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_COMMENT = 0xFE
_KEPT = frozenset({0xE0, 0xEE})  # JFIF, and Adobe's note of how colours are written: both decide how it is drawn
_ICC = b"ICC_PROFILE\x00"


def without_hidden_data(content: bytes) -> bytes:
    """The same picture, bit by bit, without place, camera, words or previews; what is no JPEG comes back as it was."""
    if content[:2] != bytes((0xFF, _START)):
        return content
    kept = [content[:2]]
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if kind == 0xFF:  # filling
            at += 1
            continue
        if kind in (_SCAN, _END):
            break
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if not _hides(kind, content[at + 4 : at + 16]):
            kept.append(content[at:end])
        at = end
    return b"".join((*kept, content[at:]))


def _hides(kind: int, begin: bytes) -> bool:
    if kind == _COMMENT:
        return True
    if not 0xE0 <= kind <= 0xEF or kind in _KEPT:
        return False
    return not (kind == 0xE2 and begin.startswith(_ICC))
