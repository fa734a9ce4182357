"""What comes back about a message that left: that it was not delivered, or that it was read (RFC 3464, RFC 8098).

A report is never a message: it changes what stands beside the one it tells of. One that tells of nothing we sent is
dropped; the trail of the box keeps that it came, once for each (security.md R42).
"""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select

from espace import clock, db, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.interop.mail_letter import Letter, Report, ReportLine
from espace.messaging.models import Message
from espace.messaging.services import apart
from espace.messaging.services.facts import Party
from espace.messaging.services.incoming import storing
from espace.messaging.services.operators.trust import active_operators, rewritten
from espace.permissions import SYSTEM

from . import sendings
from .failures import Failure, of_reply
from .sendings import News, SendingFacts, State

_ABOUT = select(Message.id).where(
    Message.box_id == bindparam("box", type_=Id),
    Message.message_index == bindparam("index", type_=Digest(32)),
    Message.outgoing.is_(True),
)
_ONCE = timedelta(days=7)
_log = structlog.get_logger()


def report(box_id: UUID, letter: Letter) -> bool:
    """Take up a report that came into a box; whether that is all there is to it, and it becomes no message.

    A plain mail that says so in its words (MS-14) is shown as well: somebody may have written it.

    Raises:
        BusyError: when nothing could be written now.
    """
    if letter.report is None:
        return False
    told = letter.report
    in_words = told.kind == "delivery" and not any(line.address for line in told.lines)
    with db.write() as tx:
        row = tx.execute(_ABOUT, {"box": box_id, "index": storing.message_index(box_id, told.of)}).first()
        if row is None:
            if not in_words:
                _drop(box_id, letter)
            return not in_words
        every = sendings.held(tx, box_id, row.id)
        for line in told.lines:
            one = _recipient(every, line, letter)
            news = _news(told, line) if one is not None else None
            if one is not None and news is not None and _is_news(one, news):
                sendings.settle(tx, box_id, one, news, tries=one.tries, since=one.since)
        sendings.judge(tx, box_id, row.id)
    return not in_words


def _recipient(every: list[SendingFacts], line: ReportLine, letter: Letter) -> SendingFacts | None:
    """Of whom a line tells: by the address as we wrote it or as it was rewritten, else by who wrote the report.

    That somebody read it is believed from their own domain only; that it failed, from no operator of another recipient.
    """
    address = (line.address or letter.sender.address).strip().lower()
    one = next((each for each in every if address in _addresses(each)), None)
    if one is None and not line.address and len(every) == 1:
        one = every[0]
    is_receipt = letter.report is not None and letter.report.kind == "disposition"
    if one is not None and is_receipt and letter.sender.domain not in {_domain(each) for each in _addresses(one)}:
        return None
    return one if one is None or is_receipt or _may_tell_failure(letter.sender.domain, one, every) else None


def _may_tell_failure(domain: str, one: SendingFacts, every: list[SendingFacts]) -> bool:
    """Whether a failure is believed: all recipients know the Message-ID, and each operator speaks for its own.

    Whoever carries our mail speaks for all of them, even where a recipient has their mailbox there.
    """
    own = {_domain(each) for each in _addresses(one)}
    others = {_domain(each) for other in every for each in _addresses(other)} - own
    if domain not in others:
        return True
    operators = active_operators()
    who = operators.names.get(domain)
    is_theirs = who is not None and who in {operators.names.get(each) for each in own}
    return is_theirs or settings.current().smtp_host.lower() in operators.certificates.get(domain, frozenset())


def _addresses(one: SendingFacts) -> set[str]:
    return {one.address.lower(), rewritten(one.address).lower()}


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _news(told: Report, line: ReportLine) -> News | None:
    """What a line says; None for what changes nothing, such as « on its way »."""
    now = clock.now()
    if told.kind == "delivery":
        if line.action == "failed":
            return News(State.FAILED, _failure(line), at=now)
        return None
    if line.status == "error" or line.action in ("failed", "error") or line.status.isdigit():
        return News(State.FAILED, Failure.NOT_FILED, at=now)
    return News(State.RECEIVED, at=now) if line.action == "displayed" else None


def _failure(line: ReportLine) -> Failure:
    """Why, from the code of the report; a code of software that could not file it is no code of mail (MS-14)."""
    if line.status.isdigit() or not line.status:
        return Failure.NOT_FILED if line.status else of_reply(500, line.words)
    return of_reply(500, line.status)


def _is_news(one: SendingFacts, news: News) -> bool:
    """Whether it says more than is known: what was read once stays read, and the first word of a kind counts."""
    return one.state is not State.RECEIVED and one.state is not news.state


def _drop(box_id: UUID, letter: Letter) -> None:
    _log.info("report_dropped")
    key = storing.message_index(box_id, letter.message_id).hex()
    if audit.seen_lately(SYSTEM, box_id, Action.MESSAGE_REFUSED, key, _ONCE):
        return
    detail = apart.whom([Party(letter.sender.address, letter.sender.name)])
    audit.record(SYSTEM, box_id, Action.MESSAGE_REFUSED, objects=[{"id": key}], detail=detail)
