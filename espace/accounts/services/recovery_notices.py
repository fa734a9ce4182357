"""Who is told of a lost access, and the code on its way to the person: every address on file, each time (R4)."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_datetime

from espace import clock, db, settings
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import WrongPhoneError, parse_mobile
from espace.notifications.services import Event, Reach, admit_asked, can_send, notify, send_mail, send_sms
from espace.people import services as people

from . import letters
from .account_rows import Held
from .facts import account_of

PLACE = "/acces-perdu/refuser/"
"""Where the link of a message leads; the token follows."""


def tell_asked(account: Held, link: str, ready_at: datetime) -> None:
    """Somebody asked: by e-mail with a link that refuses, by SMS without any."""
    _tell(account, "recovery-asked", link, ready_at)


def tell_again(account: Held, link: str, ready_at: datetime) -> None:
    """Half of the delay is over: the same again, with a link of its own."""
    _tell(account, "recovery-reminder", link, ready_at)


def tell_cancelled(account: Held) -> None:
    """The request is over, and nothing was opened."""
    for email in _emails(account):
        send_mail(email, account.locale, "recovery-cancelled")


def tell_done(before: Held, after: Held) -> None:
    """The access was made anew: told where it was told before, and where the person is reached now."""
    notify(Reach(after.id, after.email, after.phone, after.locale), Event.SECURITY_CHANGE)
    for email in _emails(before):
        if email != after.email:
            notify(Reach(None, email, "", after.locale), Event.SECURITY_CHANGE)
    for phone in _phones(before):
        if phone != after.phone:
            notify(Reach(None, "", phone, after.locale), Event.SECURITY_CHANGE)


def name_of(account: Held) -> str:
    """How the person of an account is addressed."""
    return people.person(account.person_id).display_name if account.person_id else ""


def send_recovery_code(_delivery_id: Any, payload: dict[str, Any]) -> None:
    """Send a new code of the letter to who has an account; the handler of `accounts.recovery-code-asked`.

    It goes to the account's e-mail and, where it has one, its telephone. Nothing is sent for anybody else, nor a
    fourth time in a day: anybody may ask.
    """
    person = people.find_person(payload["ins"])
    if person is None or person.birth_date.isoformat() != payload["birth_date"]:
        return
    account = account_of(person.id)
    if account is None:
        return
    with db.write():
        if not admit_asked(str(person.id)):
            return
        code = letters.new_activation_code(person.id)
        send_mail(account.email, account.locale, "recovery-code", code=code)
        if can_send() and account.phone:
            until = clock.now() + timedelta(days=settings.current().activation_code_life)
            with suppress(InvalidError):  # too many SMS: the e-mail goes all the same
                send_sms(account.phone, account.locale, "activation-code", until=until, code=code)


def _tell(account: Held, message: str, token: str, ready_at: datetime) -> None:
    link = settings.current().base_url.rstrip("/") + PLACE + token
    words = "EEEE d MMMM y 'à' H 'h' mm" if account.locale == "fr" else "EEEE d MMMM y 'at' H:mm"
    day = format_datetime(ready_at, words, tzinfo=clock.HOME_ZONE, locale=account.locale)
    for email in _emails(account):
        send_mail(email, account.locale, message, link=link, day=day)
    if can_send():
        for phone in _phones(account):
            with suppress(InvalidError):  # a number we do not serve must hold up neither the request nor other warnings
                send_sms(phone, account.locale, Event.ACCOUNT_RECOVERY.value)


def _emails(account: Held) -> list[str]:
    """Those of the account and of the insurer's list, each once."""
    return _once(account.email, *(each.email for each in _on_file(account)))


def _phones(account: Held) -> list[str]:
    return [one for one in _once(account.phone, *(each.phone for each in _on_file(account))) if _is_mobile(one)]


def _on_file(account: Held) -> Iterator[people.Person]:
    if account.person_id is not None:
        try:
            yield people.person(account.person_id)
        except NotFoundError:
            return


def _once(*addresses: str) -> list[str]:
    return list({one.strip().casefold(): one for one in reversed(addresses) if one}.values())


def _is_mobile(phone: str) -> bool:
    try:
        return bool(parse_mobile(phone))
    except WrongPhoneError:
        return False
