"""SMS: one documented HTTP request to the operator's gateway (docs/sms.md), made by the worker (design 3.7, 3.11)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from espace import clock, outbox, settings
from espace.notifications.messages.sms import compose, values_of

TOPIC = "sms"
TIMEOUT_SECONDS = 10


def can_send() -> bool:
    """Whether the house has a gateway for SMS."""
    return bool(settings.current().sms_url)


def send_sms(to: str, locale: str, message: str, *, until: datetime | None = None, **values: str) -> None:
    """Have `message` (a key of `messages.sms`) sent to `to` (E.164), once the open unit of work is committed.

    After `until` it is dropped instead: a code that came too late would only confuse.

    Raises:
        ValueError: when the number is not in E.164 form, or the values are not the message's.
    """
    if not (to.startswith("+") and to[1:].isdecimal()):
        raise ValueError("not a number in E.164 form")
    if values.keys() != values_of(message):
        raise ValueError(f"the message {message} takes other values")
    payload = {"to": to, "locale": locale, "message": message, "values": values}
    outbox.post(TOPIC, payload | {"until": until.isoformat() if until else ""})


def deliver_sms(delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Carry one SMS to the gateway; the handler of the outbox topic `sms`. The delivery's id tells a second try.

    Raises:
        httpx.HTTPError: when the gateway cannot be reached or refuses.
    """
    if payload["until"] and datetime.fromisoformat(payload["until"]) <= clock.now():
        return
    given = settings.current()
    text = compose(payload["message"], payload["locale"], payload["values"])
    body = {"id": str(delivery_id), "from": given.sms_sender, "to": payload["to"], "text": text}
    headers = {"Authorization": f"Bearer {given.sms_token}"} if given.sms_token else {}
    # Neither redirects nor proxies of the environment: the number and the code go to the gateway named, or nowhere.
    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        client.post(given.sms_url, json=body, headers=headers).raise_for_status()
