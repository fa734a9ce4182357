"""What tests of the quarantine desk share: a file that waits there, what an operator types, what is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select

from espace import db
from espace.administration.services import quarantine
from espace.administration.services.quarantine import Target
from espace.administration.services.visits import Identity
from espace.documents import services as documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.arriving import importing
from espace.errors import InvalidError
from espace.people import services as people
from espace.permissions import Actor
from tests.support import build
from tests.support.clinical import clinical, patient, section

SECRET = "Plume-Canari"
UNKNOWN = patient(ins="177127512345646")
DAY = date(2025, 11, 14)


def strange(**given: str) -> bytes:
    """A document that names nobody who is known here."""
    return clinical(section(f"<paragraph>{SECRET}</paragraph>"), UNKNOWN, title=f"Bilan {SECRET}", **given)


def aside(content: bytes, name: str = "envoi.xml") -> UUID:
    """Have a file come in and wait; gives its id."""
    taken = importing.taken_in(content, importing.FILES, name)
    assert {one.outcome for one in taken} == {importing.Outcome.ASIDE}, taken
    with db.read() as tx:
        return tx.execute(select(Quarantined.id).order_by(Quarantined.id.desc()).limit(1)).scalar_one()


def target(one: build.Citizen, **changed: object) -> Target:
    """The person's traits as an operator types them."""
    given = {
        "identity": Identity(one.ins, one.birth_date),
        "birth_name": people.person(one.person_id).birth_name.lower(),
        "sex": people.person(one.person_id).sex,
        "type_code": "11502-2",
        "day": DAY,
        "words": "Le laboratoire a confirmé par téléphone.",
    }
    return Target(**(given | changed))  # type: ignore[arg-type]


def seen(actor: Actor, aside_id: UUID) -> str:
    """What a confirmation names."""
    proposal = quarantine.case(actor, aside_id).proposal
    assert proposal is not None
    return proposal.seen


@contextmanager
def refused(words: str) -> Iterator[None]:
    """What follows is refused with a sentence that holds these words."""
    with pytest.raises(InvalidError) as found:
        yield
    assert any(words in sentence for sentence in found.value.problems.values()), found.value.problems


def lying() -> int:
    """How many files wait."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Quarantined)).scalar_one()


def filed() -> int:
    """How many documents there are, whosever."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Document)).scalar_one()


def titles(one: build.Citizen) -> list[str]:
    """What stands in a record."""
    return [row.title for row in documents.page(one.standing()).rows]
