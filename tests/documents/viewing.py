"""What the tests of the viewer share: documents of any kind in a record, and the addresses at which they are seen."""

from datetime import date
from uuid import UUID, uuid4

from espace import db
from espace.documents.services.entries import filing
from espace.documents.services.entries.filing import Body, NewDocument
from espace.interop import media

from .house import House


def filed(
    home: House,
    content: bytes,
    kind: str = media.PDF,
    *,
    title: str = "Document",
    pages: int = 1,
    active: bool = False,
    day: date = date(2026, 11, 22),
) -> UUID:
    """A document of the mother's, whatever is in it, as a filing that trusted it would have left it."""
    record = home.mother.record_id
    new = NewDocument(
        title=title,
        date=day,
        type_code="57833-6",
        origin="professional",
        unique_id=str(uuid4()),
        body=Body(content, kind, pages, active),
        author="Dre Hélène Morvan",
    )
    with filing.stored(record, content) as files, db.write() as tx:
        return filing.write_row(tx, record, new, files).id


def own(home: House, found: UUID, rest: str = "") -> str:
    """Where the mother sees a document."""
    return f"/dossiers/{home.mother.record_id}/documents/{found}{rest}"


def seen_by_doctor(home: House, found: UUID, rest: str = "") -> str:
    """Where her doctor sees it."""
    return f"/pro/patients/{home.mother.record_id}/documents/{found}{rest}"
