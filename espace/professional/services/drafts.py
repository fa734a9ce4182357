"""A deposit being prepared: the file is kept with what is known of it, until it is confirmed, left or forgotten.

What is confirmed is frozen with the draft before it is deposited, and the same deposit is filed once: a second click,
another window or a cut in between ends with one document.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from espace import clock, crypto, db, storage
from espace.access import services as access
from espace.accounts.services import throttle
from espace.documents.services import DocumentFacts
from espace.documents.services.adding import waiting
from espace.documents.services.arriving import depositing
from espace.documents.services.arriving.depositing import DepositDocument
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import stored
from espace.documents.services.finding import proposing
from espace.documents.services.types import plain_title, plain_titles, type_label, types
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.interop.media import MediaError
from espace.permissions import Actor, Permission, Standing
from espace.professional.models import Draft
from espace.words import N_

TABLE = "deposit_drafts"
LIFE = timedelta(hours=24)
"""How long a file waits for its confirmation, and its receipt can be read again."""
FEW = 25
"""More usual types than these are no short list any more."""
"""Prescription of health products: what is deposited most (NOS JDV_J07)."""
PRESCRIPTIONS = "42"
_GONE = N_("The document to replace was deleted or replaced meanwhile. This one will be added beside it.")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the professional stated about the file."""

    type_code: str
    title: str
    date: date
    representatives_see: bool | None = None
    patient_invisible: bool = False


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """One draft, as its author sees it. `deposited` is the document it became, `replaces` the one it comes after.

    `proposed` is what its own words say it is, if they do.
    """

    id: UUID
    record_id: UUID
    created_at: datetime
    file_id: UUID
    name: str
    media: str
    size: int
    pages: int
    confirmed: Confirmation | None
    deposited: UUID | None
    replaces: UUID | None = None
    proposed: Confirmation | None = None


_COLUMNS = (Draft.record_id, Draft.id, Draft.created_at, Draft.file_id, Draft.payload)


def deposit_types(profession: str) -> tuple[list[str], list[str]]:
    """The types a profession may deposit: the most usual ones natural to it, then the others; prescriptions first.

    A profession to which many types are natural (a doctor) is first offered those that have a plain title only.
    """
    plain = list(plain_titles())
    allowed = [code for code in types() if code in access.may_deposit(profession)]
    usual = set(allowed) & access.usually_deposits(profession)
    if len(usual) > FEW:
        usual &= set(plain)

    def rank(code: str) -> tuple[int, bool, str]:
        at = plain.index(code) if code in plain else len(plain)
        return at, types()[code].class_code != PRESCRIPTIONS, type_label(code)

    allowed.sort(key=rank)
    return [code for code in allowed if code in usual], [code for code in allowed if code not in usual]


def start(standing: Standing, content: bytes, name: str, replaces: UUID | None = None) -> UUID:
    """Keep a file that will be deposited, as a newer version of `replaces` if that is given; gives the draft's id.

    Raises:
        InvalidError: when it cannot be deposited, with the reason beside `file`.
        NotFoundError: when this standing may not deposit.
        ThrottledError: when this professional sends more than anybody would by hand.
    """
    _may(standing)
    throttle.admit_upload(str(standing.actor.id))
    if len(content) > checks.MAX_UPLOAD:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_UPLOAD)})
    try:
        body = depositing.judge_deposit(content)
    except MediaError as error:
        raise InvalidError({"file": checks.why_refused(error)}) from None
    depositing.scanned(standing, content, name)
    if replaces is not None:
        depositing.replaceable(standing, replaces)
    sweep(standing.actor)
    proposed = None if replaces else _proposed(standing, content, body.media)
    draft_id = new_id()
    payload = {
        "name": checks.clean_title(name)[-checks.MAX_TITLE :],
        "media": body.media,
        "size": len(content),
        "pages": body.pages,
        "confirmed": None,
        "deposited": None,
        "replaces": str(replaces) if replaces else None,
        "proposed": _packed(proposed),
    }
    with stored(standing.record_id, content) as files, db.write() as tx:
        tx.execute(
            insert(Draft).values(
                record_id=standing.record_id,
                id=draft_id,
                professional_id=standing.actor.id,
                created_at=clock.now(),
                file_id=files[0],
                payload=crypto.seal(tx, standing.record_id, TABLE, draft_id, payload),
            )
        )
    return draft_id


def _proposed(standing: Standing, content: bytes, media: str) -> Confirmation | None:
    """What a file's own words say it is, where this profession may deposit that; to be read again, as any proposal."""
    born = date.fromisoformat(standing.holder_birth) if standing.holder_birth else None
    said = proposing.propose(content, media, born=born)
    if said.kind is None or said.kind not in access.may_deposit(standing.actor.profession):
        return None
    today = clock.today()
    day = said.date if said.date and said.date <= today else today
    return Confirmation(type_code=said.kind, title=said.title or plain_title(said.kind), date=day)


def former(standing: Standing, draft: DraftFacts) -> DocumentFacts | None:
    """The document that a draft is to take the place of, if any and if it is still there."""
    if draft.replaces is None:
        return None
    with suppress(InvalidError, NotFoundError):
        return depositing.shown_to_replace(standing, draft.replaces)
    return None


def draft(standing: Standing, draft_id: UUID) -> DraftFacts:
    """One of the actor's own drafts in this record.

    Raises:
        NotFoundError: when there is none, it is another's, or it is over.
    """
    _may(standing)
    with db.read() as tx:
        return _one(tx, standing, draft_id)


def drafts(standing: Standing) -> list[DraftFacts]:
    """The actor's unfinished drafts in this record, newest first."""
    _may(standing)
    return [one for one in _of(standing.actor, Draft.record_id == standing.record_id) if one.deposited is None]


def unfinished(actor: Actor, record_ids: Collection[UUID]) -> list[DraftFacts]:
    """The deposits the actor has begun for some of their patients (those they reach now) and not confirmed."""
    return [one for one in _of(actor, Draft.record_id.in_(list(record_ids))) if one.deposited is None]


def confirm(standing: Standing, draft_id: UUID, said: Confirmation) -> UUID:
    """Deposit a draft's file with what was said of it; gives the document's id, or that of what waits (`aside`).

    A draft confirmed before is deposited as it was confirmed then, once.

    Raises:
        InvalidError: with a sentence for each field at fault; the draft stays as it was.
        NotFoundError: see `draft`.
    """
    _may(standing)
    with db.write() as tx:
        found = _one(tx, standing, draft_id, lock=True)
        if found.deposited is not None:
            return found.deposited
        said = found.confirmed or said
        found = replace(found, confirmed=said)
        _save(tx, found)
        reader = storage.current().open(tx, standing.record_id, found.file_id)
    command = DepositDocument(
        title=said.title,
        date=said.date,
        type_code=said.type_code,
        content=reader.read_all(),
        representatives_see=said.representatives_see,
        patient_invisible=said.patient_invisible,
        replaces=found.replaces,
    )
    try:
        document_id = depositing.deposit(standing, command)
    except (InvalidError, NotFoundError) as error:
        gone = isinstance(error, NotFoundError) and found.replaces is not None and former(standing, found) is None
        with db.write() as tx:
            _save(tx, replace(found, confirmed=None, replaces=None if gone else found.replaces))
        if gone:
            raise InvalidError({"": _GONE}) from None
        raise
    with db.write() as tx:
        _save(tx, replace(found, deposited=document_id))
        db.after_commit(lambda: storage.current().delete(standing.record_id, found.file_id))
    return document_id


def aside(standing: Standing) -> list[waiting.Waiting]:
    """The deposits of the actor in this record that wait for the scanner, or that it knows as harmful.

    Raises:
        NotFoundError: when this standing may not deposit.
    """
    _may(standing)
    return waiting.waiting(standing)


def drop(standing: Standing, draft_id: UUID) -> None:
    """Give a draft up: its file is removed, nothing was deposited.

    Raises:
        NotFoundError: see `draft`.
        InvalidError: when it is deposited already.
    """
    _may(standing)
    with db.write() as tx:
        found = _one(tx, standing, draft_id, lock=True)
        if found.confirmed is not None:
            raise InvalidError({"": N_("This document is deposited already.")})
        _remove(tx, found)


def forget_record(record_id: UUID) -> None:
    """Take away the deposits prepared for an erased record: their key and their files are gone already (R23)."""
    with db.write() as tx:
        tx.execute(delete(Draft).where(Draft.record_id == record_id))


def named_files(tx: Connection, record_id: UUID) -> set[UUID]:
    """The stored files of a record that prepared deposits name: no orphans (see `documents.services.sweeping`)."""
    return set(tx.execute(select(Draft.file_id).where(Draft.record_id == record_id)).scalars())


def sweep(actor: Actor | None = None) -> int:
    """Remove the drafts that are over, of one professional or of all; gives how many."""
    with db.write() as tx:
        query = select(Draft.record_id, Draft.id, Draft.file_id).where(Draft.created_at <= clock.now() - LIFE)
        if actor is not None:
            query = query.where(Draft.professional_id == actor.id)
        rows = tx.execute(query).all()
        for row in rows:
            _remove(tx, row)
    return len(rows)


def _remove(tx: Connection, row: Any) -> None:
    record_id, file_id = row.record_id, row.file_id
    tx.execute(delete(Draft).where(Draft.record_id == record_id, Draft.id == row.id))
    db.after_commit(lambda: storage.current().delete(record_id, file_id))


def _may(standing: Standing) -> None:
    if not standing.may(Permission.DOCUMENTS_DEPOSIT):
        raise NotFoundError


def _of(actor: Actor, *conditions: Any) -> list[DraftFacts]:
    query = (
        select(*_COLUMNS)
        .where(Draft.professional_id == actor.id, Draft.created_at > clock.now() - LIFE, *conditions)
        .order_by(Draft.created_at.desc(), Draft.id)
        .limit(50)
    )
    with db.read() as tx:
        return [_opened(tx, row) for row in tx.execute(query).all()]


def _one(tx: Connection, standing: Standing, draft_id: UUID, *, lock: bool = False) -> DraftFacts:
    query = select(*_COLUMNS).where(
        Draft.record_id == standing.record_id,
        Draft.id == draft_id,
        Draft.professional_id == standing.actor.id,
        Draft.created_at > clock.now() - LIFE,
    )
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Any) -> DraftFacts:
    said: Mapping[str, Any] = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    return DraftFacts(
        id=row.id,
        record_id=row.record_id,
        created_at=row.created_at,
        file_id=row.file_id,
        name=said["name"],
        media=said["media"],
        size=said["size"],
        pages=said["pages"],
        confirmed=_unpacked(said["confirmed"]),
        deposited=UUID(said["deposited"]) if said["deposited"] else None,
        replaces=UUID(said["replaces"]) if said.get("replaces") else None,
        proposed=_unpacked(said.get("proposed")),
    )


def _packed(said: Confirmation | None) -> dict[str, Any] | None:
    return {**asdict(said), "date": said.date.isoformat()} if said else None


def _unpacked(said: dict[str, Any] | None) -> Confirmation | None:
    return Confirmation(**{**said, "date": date.fromisoformat(said["date"])}) if said else None


def _save(tx: Connection, facts: DraftFacts) -> None:
    payload = {
        "name": facts.name,
        "media": facts.media,
        "size": facts.size,
        "pages": facts.pages,
        "confirmed": _packed(facts.confirmed),
        "deposited": str(facts.deposited) if facts.deposited else None,
        "replaces": str(facts.replaces) if facts.replaces else None,
        "proposed": _packed(facts.proposed),
    }
    tx.execute(
        update(Draft)
        .where(Draft.record_id == facts.record_id, Draft.id == facts.id)
        .values(payload=crypto.seal(tx, facts.record_id, TABLE, facts.id, payload))
    )
