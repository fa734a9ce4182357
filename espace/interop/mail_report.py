"""Messages that tell of another one: delivery reports (RFC 3464), receipts (RFC 8098), failures of MS-14."""

import re
from collections.abc import Iterable

from espace.words import one_line

from .mail_charset import decoded_header
from .mail_headers import Addresses, Headers, message_ids
from .mail_letter import Report, ReportLine
from .mail_tree import Node

MAX_LINES = 100
_MAX_BYTES = 256 * 1024
_KO = re.compile(
    r"\[\s*KO\s+Int.{1,3}gration\s+syst.{1,3}me\s*!?\s*\]\s*\[\s*([0-9A-Za-z._-]{1,12})\s*\]", re.IGNORECASE
)
_DELIVERY = ("failed", "delayed", "delivered", "relayed", "expanded")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_WORDS = 300
Fields = dict[str, str]


def of_multipart(root: Node, headers: Headers) -> Report | None:
    """What a multipart/report says, a list's footer around it or not; None for any other message."""
    found = next((node for node in (root, *root.children) if node.media == "multipart/report"), root)
    for node in found.children if found.media == "multipart/report" else ():
        if node.media == "message/disposition-notification":
            return _disposition(_blocks(node), headers)
        if node.media in ("message/delivery-status", "message/global-delivery-status"):
            return _delivery(_blocks(node), headers, found.children)
    return None


def of_plain(headers: Headers, subject: str, text: str) -> Report | None:
    """What a plain mail says that could not be taken in (rules.md MS-14), or that a server sent back; else None."""
    if found := _KO.search(subject) or _KO.search(text[:2000]):
        words = one_line(text.replace(found[0], " "))[:_WORDS]
        return Report("delivery", _answered(headers), (ReportLine("", "failed", found[1], words),))
    failed = Addresses(headers.every("x-failed-recipients")).found[:MAX_LINES]
    if failed:
        return Report("delivery", _answered(headers), tuple(ReportLine(each.address, "failed") for each in failed))
    return None


def _disposition(blocks: list[Fields], headers: Headers) -> Report:
    fields = {name: value for block in reversed(blocks) for name, value in block.items()}
    what = fields.get("disposition", "").partition(";")[2].strip().lower()
    action, _, modifier = what.partition("/")
    words = one_line(fields.get("error", "") or fields.get("failure", ""))[:_WORDS]
    if fields.get("failure") or action.strip() == "failed":
        modifier = "error"
    whom = _address(fields.get("final-recipient", "") or fields.get("original-recipient", ""))
    line = ReportLine(whom, one_line(action)[:20] or "displayed", one_line(modifier)[:20], words)
    of = message_ids(fields.get("original-message-id", ""))
    return Report("disposition", of[0] if of else _answered(headers), (line,))


def _delivery(blocks: list[Fields], headers: Headers, children: Iterable[Node]) -> Report:
    lines = []
    for block in blocks:
        action = block.get("action", "").strip().lower()
        whom = _address(block.get("final-recipient", "")) or _address(block.get("original-recipient", ""))
        if action not in _DELIVERY:
            if not whom:
                continue
            action = "delayed" if block.get("status", "").startswith("4") else "failed"
        status = _STATUS.search(block.get("status", ""))
        words = one_line(block.get("diagnostic-code", "").partition(";")[2] or block.get("diagnostic-code", ""))
        lines.append(ReportLine(whom, action, status[0] if status else "", words[:_WORDS]))
    return Report("delivery", _returned(blocks, children) or _answered(headers), tuple(lines[:MAX_LINES]))


def _returned(blocks: list[Fields], children: Iterable[Node]) -> str:
    """The Message-ID of what came back with the report."""
    for node in children:
        if node.media in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
            head = next(iter(_blocks(node)), {})
            if ids := message_ids(head.get("message-id", "")):
                return ids[0]
    for block in blocks:
        if ids := message_ids(block.get("x-original-message-id", "") or block.get("original-message-id", "")):
            return ids[0]
    return ""


def _answered(headers: Headers) -> str:
    """What it answers, by its own headers."""
    ids = (*message_ids(headers.raw("references"))[-1:], *message_ids(headers.raw("in-reply-to"))[:1])
    return ids[-1] if ids else ""


def _blocks(node: Node) -> list[Fields]:
    """The groups of fields of a part, divided by blank lines; the first value of each field."""
    content = node.content()[0][:_MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    made: list[Fields] = []
    for block in content.strip(b"\n").split(b"\n\n", 2 * MAX_LINES)[: 2 * MAX_LINES]:
        fields: Fields = {}
        for line in re.sub(rb"\n[ \t]+", b" ", block).split(b"\n"):
            name, colon, value = line.partition(b":")
            if colon:
                fields.setdefault(name.decode("ascii", "replace").strip().lower(), decoded_header(value.strip()))
        made.append(fields)
    return made


def _address(value: str) -> str:
    """The address of `rfc822; somebody@somewhere`."""
    found = Addresses([value.rpartition(";")[2]]).found
    return found[0].address if found else ""
