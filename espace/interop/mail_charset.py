"""Bytes of a message as text. Nothing here raises: what cannot be told is shown as well as it can be."""

import binascii
import re
from string import ascii_letters, digits

_NAMES = {
    "utf_8": "utf8 unicode_1_1_utf_8 us_ascii ascii ansi_x3_4_1968 unknown_8bit default",
    "cp1252": "windows_1252 iso_8859_1 iso8859_1 latin1 latin_1 l1 x_cp1252 ansi",
    "iso8859_2": "iso_8859_2 latin2",
    "iso8859_3": "iso_8859_3",
    "iso8859_4": "iso_8859_4",
    "iso8859_5": "iso_8859_5",
    "iso8859_6": "iso_8859_6",
    "iso8859_7": "iso_8859_7",
    "iso8859_8": "iso_8859_8 iso_8859_8_i",
    "cp1254": "iso_8859_9 windows_1254 latin5",
    "iso8859_10": "iso_8859_10",
    "iso8859_13": "iso_8859_13",
    "iso8859_14": "iso_8859_14",
    "iso8859_15": "iso_8859_15 latin9 latin_9",
    "iso8859_16": "iso_8859_16",
    "cp1250": "windows_1250",
    "cp1251": "windows_1251",
    "cp1253": "windows_1253",
    "cp1255": "windows_1255",
    "cp1256": "windows_1256",
    "cp1257": "windows_1257",
    "cp1258": "windows_1258",
    "cp437": "ibm437",
    "cp850": "ibm850",
    "cp858": "ibm858",
    "mac_roman": "macintosh x_mac_roman",
    "koi8_r": "",
    "koi8_u": "",
    "utf_16": "utf16",
    "utf_16_le": "utf_16le",
    "utf_16_be": "utf_16be",
    "gb18030": "gb2312 gbk cp936",
    "big5": "",
    "cp932": "shift_jis sjis windows_31j",
    "euc_jp": "",
    "iso2022_jp": "iso_2022_jp",
    "euc_kr": "ks_c_5601_1987",
}
_CODECS = {name: codec for codec, others in _NAMES.items() for name in (codec, *others.split())}
"""Only these are asked of Python: some of its codecs unpack, and it keeps every unknown name it was asked for."""
_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,60})(?:\*[A-Za-z-]{0,20})?\?([bBqQ])\?([^?\s]*)\?=")
_NOT_BASE64 = bytes(set(range(256)) - set(ascii_letters.encode() + digits.encode() + b"+/"))
_STEERING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, *range(0xD800, 0xE000))
_UNSEEN = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *_STEERING)),
    **{ord(sign): sign for sign in "\n\t"},
    **dict.fromkeys((0x85, 0x2028, 0x2029, 0x0B, 0x0C), "\n"),
}


def known(charset: str) -> bool:
    """Whether we read this set of characters."""
    return _normal(charset) in _CODECS


def decoded(content: bytes, charset: str = "") -> str:
    """The text of `content`. A set that is unknown or wrong is replaced by UTF-8, or else the Western one."""
    codec = _CODECS.get(_normal(charset), "utf_8") if charset else "utf_8"
    for each in (codec, "utf_8"):
        try:
            return content.decode(each)
        except ValueError:
            continue
    return content.decode("cp1252" if codec == "utf_8" else codec, "replace")


def decoded_header(value: bytes) -> str:
    """The text of a header, its encoded words (RFC 2047) decoded; a character cut in two by them is whole again."""
    text = decoded(value)
    found = list(_WORD.finditer(text)) if "=?" in text else []
    if not found:
        return text
    made = [text[: found[0].start()]]
    waiting, charset = bytearray(), found[0][1]
    for number, match in enumerate(found):
        if match[1].lower() != charset.lower():
            made.append(decoded(bytes(waiting), charset))
            waiting, charset = bytearray(), match[1]
        waiting += _of_word(match)
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        if between := text[match.end() : end]:
            if between.isspace() and end < len(text):
                continue
            made.append(decoded(bytes(waiting), charset))
            made.append(between)
            waiting.clear()
    made.append(decoded(bytes(waiting), charset))
    return "".join(made)


def seen(text: str) -> str:
    """The text, its lines ended as ours are, without signs nobody sees and those that turn words around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)


def base64_bytes(content: bytes | memoryview) -> tuple[bytes, bool]:
    """What base64 holds, and whether it was whole."""
    try:
        return binascii.a2b_base64(content), True
    except binascii.Error:
        kept = bytes(content).translate(None, _NOT_BASE64)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)), False


def unflowed(text: str, *, delete_space: bool) -> str:
    """The paragraphs of a text whose lines are broken for show (RFC 3676)."""
    made: list[list[str]] = []
    running, depth_before = False, 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        goes_on = words.endswith(" ") and words != "-- "
        shown = words[:-1] if goes_on and delete_space else words
        if running and depth == depth_before and words != "-- ":
            made[-1].append(shown)
        else:
            made.append([f"{'>' * depth} " if depth else "", shown])
        running, depth_before = goes_on, depth
    return "\n".join("".join(pieces) for pieces in made)


def _of_word(match: re.Match[str]) -> bytes:
    content = match[3].encode("ascii", "ignore")
    return base64_bytes(content)[0] if match[2] in "bB" else binascii.a2b_qp(content, header=True)


def _normal(charset: str) -> str:
    return charset.strip().lower().replace("-", "_").replace(" ", "_")[:40]
