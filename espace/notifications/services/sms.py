"""SMS: one documented HTTP request to the operator's gateway (docs/sms.md), made by the worker (design 3.7, 3.11)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import structlog

from espace import db, outbox, settings
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.notifications.messages.sms import compose, values_of
from espace.words import N_

from . import ledger, numbers, trouble
from .carriage import Burden
from .events import Channel, Event

TOPIC = "sms"
TIMEOUT_SECONDS = 10
# The gateway understood and will never take this message: trying again would not help, and says nothing of others.
_REFUSED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY})
_ASKED_BY_ANYBODY = frozenset({"activation-code"})  # before any proof: a small share of the number's day
_log = structlog.get_logger()


class GatewayError(Exception):
    """The gateway cannot be reached, is too slow, or does not take SMS at the moment."""


def can_send() -> bool:
    """Whether the house has a gateway for SMS."""
    return bool(settings.current().sms_url)


def send_sms(
    to: str,
    locale: str,
    message: str,
    *,
    until: datetime | None = None,
    subject_id: UUID | None = None,
    **values: str,
) -> None:
    """Have `message` (a key of `messages.sms`) sent to `to` (E.164), once the open unit of work is committed.

    After `until` it is dropped instead: a code that came too late would only confuse. With `subject_id` (an account)
    it is listed among what this subject was sent.

    Raises:
        ValueError: when the number is not in E.164 form, or the values are not the message's.
        InvalidError: when the house sends nothing to this number, or has sent it too many SMS today.
    """
    with db.write():
        burden = Burden(subject_id, (new_id(),) if subject_id else (), until)
        _check(to, message, values)
        if not numbers.is_served(to):
            raise InvalidError({"": N_("We do not send SMS to this number. Choose another way.")})
        if not _admit(to, message, subject_id):
            raise InvalidError({"": N_("Too many SMS went to this number today. Choose another way.")})
        ledger.note_code(burden, Channel.SMS, _write(to, locale, message, values, burden))


def _admit(to: str, message: str, subject_id: UUID | None) -> bool:
    """Count an SMS to a number, and whoever caused it; False when one of them had its share of the day."""
    if message == Event.ACCOUNT_RECOVERY.value:
        return numbers.admit_warning(to)
    if message in _ASKED_BY_ANYBODY and not numbers.admit_asked(to):
        return False
    if message == "code" and subject_id is not None and not numbers.admit_sender(subject_id):
        return False
    return numbers.admit(to)


def post(to: str, locale: str, message: str, values: Mapping[str, str], burden: Burden) -> UUID | None:
    """Write the delivery of a message; gives its id, or None for a number that gets no (more) SMS today.

    Raises:
        ValueError: when the number is not in E.164 form, or the values are not the message's.
    """
    _check(to, message, values)
    if not (numbers.is_served(to) and numbers.admit(to)):
        return None
    return _write(to, locale, message, values, burden)


def _check(to: str, message: str, values: Mapping[str, str]) -> None:
    if not (to.startswith("+") and to[1:].isascii() and to[1:].isdecimal()):
        raise ValueError("not a number in E.164 form")
    if values.keys() != values_of(message):
        raise ValueError(f"the message {message} takes other values")


def _write(to: str, locale: str, message: str, values: Mapping[str, str], burden: Burden) -> UUID:
    payload = {"to": to, "locale": locale, "message": message, "values": dict(values)}
    return outbox.post(TOPIC, payload | burden.as_payload())


def deliver_sms(delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Carry one SMS to the gateway; the handler of the outbox topic `sms`. The delivery's id tells a second try.

    Raises:
        GatewayError: when the gateway cannot be reached, is too slow, or does not work for the moment.
    """
    if ledger.is_over(payload):
        return
    try:
        status = _ask_gateway(delivery_id, payload)
    except httpx.HTTPError as error:
        trouble.note(Channel.SMS)
        raise GatewayError from error
    if status in _REFUSED:
        _log.warning("sms_refused", status=status)
        ledger.reported(payload, "failed")
    elif httpx.codes.is_success(status) or status == httpx.codes.CONFLICT:  # conflict: it has this id already
        trouble.clear(Channel.SMS)
        ledger.reported(payload, "sent")
    else:
        trouble.note(Channel.SMS)
        raise GatewayError


def _ask_gateway(delivery_id: UUID, payload: dict[str, Any]) -> int:
    """The status of the gateway's answer; what else it says is not read."""
    given = settings.current()
    text = compose(payload["message"], payload["locale"], payload["values"])
    body = {"id": str(delivery_id), "from": given.sms_sender, "to": payload["to"], "text": text}
    headers = {"Authorization": f"Bearer {given.sms_token}"} if given.sms_token else {}
    # Neither redirects nor proxies of the environment: the number and the code go to the gateway named, or nowhere.
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", given.sms_url, json=body, headers=headers) as answer,
    ):
        return answer.status_code


def sms_in_trouble() -> bool:
    """Whether SMS do not get through now, so that a page can offer another way; asks the database only."""
    return trouble.is_on(Channel.SMS)
