"""Papers about a record's life: certificates of objection and closure, and the signed proof of erasure."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from babel.dates import format_date, format_datetime

from espace import clock, settings
from espace.errors import NotFoundError, TamperedError
from espace.interop.typeset import typeset
from espace.people import services as people

from . import ledger
from .facts import CLOSED, ERASED, OPPOSED, StateFacts

_MARK = b"\n%espace-erasure "
_PURPOSE = b"espace/erasure-proof|"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof of erasure states: which record, erased when."""

    record_id: UUID
    erased_at: datetime


def certificate(state: StateFacts) -> bytes:
    """The dated certificate of an objection or a closure, as PDF/UA-1. For who was let see the state.

    Raises:
        NotFoundError: in any other state.
    """
    if state.state == OPPOSED:
        return typeset("records/opposition", _facts(state))
    if state.state != CLOSED:
        raise NotFoundError
    return typeset(
        "records/closure",
        _facts(state)
        | {
            "by": "l'exploitant de l'espace, après une suspension" if state.by_house else "la personne concernée",
            "own": not state.by_house,
            "until": _day(state.ends_at),
            "erased_on": _day(state.erase_at),
        },
    )


def proof(state: StateFacts) -> bytes:
    """The proof of an erasure: a PDF, followed by the house's signature over every byte of it.

    Raises:
        NotFoundError: when the record is not erased.
    """
    if state.state != ERASED:
        raise NotFoundError
    asked_at = state.details.get("asked_at", "")
    paper = typeset(
        "records/erasure",
        _facts(state)
        | {
            "asked_at": _instant(datetime.fromisoformat(asked_at)) if asked_at else "",
            "files": state.details.get("files", "") or "tous",
        },
    )
    body = orjson.dumps({"record": str(state.record_id), "erased_at": state.state_since.isoformat()})
    signature = ledger.sign(_PURPOSE + body + b"|" + paper)
    # Readers of PDF look for the end of the document in the last kilobyte and leave alone what follows it.
    return paper + _MARK + b64encode(body) + b" " + b64encode(signature) + b"\n"


def read_proof(content: bytes) -> Proof:
    """What a proof of erasure states, once its signature was found to hold.

    Raises:
        TamperedError: when it is no proof of this house, or one byte of it was changed.
    """
    paper, _, tail = content.rpartition(_MARK)
    try:
        body, signature = (b64decode(part, validate=True) for part in tail.strip().split(b" "))
        ledger.check(signature, _PURPOSE + body + b"|" + paper)
        found = orjson.loads(body)
        return Proof(UUID(found["record"]), datetime.fromisoformat(found["erased_at"]))
    except (ValueError, KeyError, TypeError):
        raise TamperedError("this is no proof of erasure") from None


def _facts(state: StateFacts) -> dict[str, Any]:
    """What every paper says. French only: these are shown to French offices."""
    person = people.person(state.person_id)
    house = settings.current()
    return {
        "site": urlsplit(house.base_url).netloc,
        "reference": str(state.record_id),
        "made_at": _instant(clock.now()),
        "name": " ".join((*person.first_names, person.birth_name)),
        "birth": _day(person.birth_date),
        "since": _instant(state.state_since),
        "help": [line for line in (_phone(house.contact_phone), house.contact) if line],
    }


def _phone(number: str) -> str:
    return f"Par téléphone : {number}" if number else ""


def _day(day: date | datetime | None) -> str:
    if day is None:
        return ""
    local = day.astimezone(clock.HOME_ZONE).date() if isinstance(day, datetime) else day
    return format_date(local, "d MMMM y", locale="fr_FR")


def _instant(moment: datetime) -> str:
    return format_datetime(moment, "d MMMM y 'à' H 'h' mm", tzinfo=clock.HOME_ZONE, locale="fr_FR")
