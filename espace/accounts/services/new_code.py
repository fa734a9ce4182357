"""A new provisional code, sent to the address or the telephone on file: carried out by the worker (rules.md AC-5).

The page that asks looks nobody up and answers everybody alike (security.md R5); here, where nobody measures, the
person is found, and what goes out names no one and holds no identifier (SE-7).
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from espace import clock, db, settings
from espace.errors import InvalidError
from espace.identifiers import WrongPhoneError, parse_mobile
from espace.notifications.services import admit_asked, can_send, send_mail, send_sms
from espace.people import services as people
from espace.people.services import Person

from . import letters
from .facts import account_of

Channel = Literal["email", "sms"]


def send_new_code(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Send a new provisional code; the handler of the outbox topic `accounts.code-asked`.

    It goes by the `channel` chosen (`email` unless told), or by the other one when the chosen one is not on file.
    Nothing is sent for who is unknown, has an account already, or left no contact; nor a fourth time in a day, as
    anybody may ask: the last code sent stays good. A child's code goes to the contact that its parents gave.
    """
    person = people.find_person(payload["ins"])
    if person is None or person.birth_date.isoformat() != payload["birth_date"]:
        return
    channel = _channel(person, payload.get("channel", "email"))
    if channel is None:
        return
    with suppress(InvalidError), db.write():  # too many SMS: nothing is sent, and the code there is stays
        if account_of(person.id) is None and admit_asked(str(person.id)):
            _send(person, channel)


def _channel(person: Person, wanted: str) -> Channel | None:
    """The channel to use: the one wanted when the person can be reached by it, else the other, else none."""
    on_file: dict[Channel, bool] = {"email": bool(person.email), "sms": can_send() and _is_mobile(person.phone)}
    order: tuple[Channel, ...] = ("sms", "email") if wanted == "sms" else ("email", "sms")
    return next((channel for channel in order if on_file[channel]), None)


def _is_mobile(phone: str) -> bool:
    """Whether an SMS reaches this number: insurers' lists hold fixed lines too."""
    try:
        return bool(parse_mobile(phone))
    except WrongPhoneError:
        return False


def _send(person: Person, channel: Channel) -> None:
    code = letters.new_activation_code(person.id)
    if channel == "email":
        send_mail(person.email, "fr", "activation-code", code=code)
    else:
        until = clock.now() + timedelta(days=settings.current().activation_code_life)
        send_sms(person.phone, "fr", "activation-code", until=until, code=code)
