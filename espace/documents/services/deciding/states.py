"""What a record's people decide about a document: hide it, put it away, say a word about it (rules.md AR-13, AR-19)."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select

from espace import db
from espace.access.services import KEPT, SHOWN, readers, rules_on, visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.entries.folding import shown_through
from espace.documents.services.finding import texts
from espace.documents.services.viewing.reading import DocumentFacts
from espace.documents.services.visibility import conditions, parameters, shape
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, some_lines

from .acts import along, decide, deciding, shown_somewhere, whole

MAX_REMARK = 500
MANY = 500
"""Beyond so many, documents are not counted: « more than 500 »."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which professionals with a valid access read a document, by name.

    `others` stop seeing it when it is hidden and see it again when it is shown; `author` deposited it and sees it in
    any case; `attending` does as well, in a house where the attending doctor sees what is hidden. `absent` deposited
    it and has no access now: they see it, hidden or not, once they are given one. `kept` are those
    from whom it is kept one by one, `shown` those to whom it is shown in any case: hiding changes nothing for either.
    """

    others: tuple[str, ...]
    author: str = ""
    attending: str = ""
    absent: str = ""
    kept: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """Everybody who sees the document while it is not hidden, who deposited it first."""
        return (*filter(None, (self.author, self.attending)), *self.shown, *self.others)


def _effects(standing: Standing, document_id: UUID) -> dict[UUID, str]:
    """What the rules about one document say of whom; most records hold none."""
    if not standing.may_hold_rules:
        return {}
    with db.read() as tx:
        return {rule.grantee.id: rule.effect for rule in rules_on(tx, standing.record_id, document_id)}


def sharing(standing: Standing, document: DocumentFacts) -> Sharing:
    """Who reads a document now, or would if it were not hidden (rules.md AR-13, AR-14).

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    others: list[str] = []
    by_effect: dict[str, list[str]] = {KEPT: [], SHOWN: []}
    author = attending = ""
    effects = _effects(standing, document.id)
    for reader in readers(standing):
        if document.type_code not in reader.readable_types:
            continue
        if reader.professional_id == document.professional_id:
            author = reader.name
        elif reader.professional_id in effects:
            by_effect[effects[reader.professional_id]].append(reader.name)
        elif reader.sees_hidden:
            attending = reader.name
        else:
            others.append(reader.name)
    absent = document.depositor if document.professional_id is not None and not author else ""
    return Sharing(tuple(others), author, attending, absent, tuple(by_effect[KEPT]), tuple(by_effect[SHOWN]))


def reading(standing: Standing) -> tuple[str, ...]:
    """Every professional who reads the record now, by name. Raises as `sharing`."""
    return tuple(reader.name for reader in readers(standing))


def hide(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Make a document unreachable for professionals, but for who deposited it, until it is shown again (AR-13).

    Its other versions go with it: they say the same. Gives the document through which it is shown from now on.

    Raises:
        NotFoundError: when the document does not exist for this standing, or it keeps nothing here.
        ConflictError: when something else was decided since the page was opened.
    """
    with deciding(standing, document_id) as (tx, found):
        if found.hidden:
            return found.id
        decide(tx, standing, found, Action.DOCUMENT_HIDDEN, choices, hidden=True)
        along(tx, standing, found, Document.hidden.is_(False), hidden=True)
        return shown_through(tx, standing.record_id, document_id)


def show(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Show a hidden document to professionals again, with its other versions. Raises as `hide`.

    Raises:
        StepUpError: without a fresh proof: this widens (R9).
    """
    demand_fresh_proof(standing.actor)
    with deciding(standing, document_id) as (tx, found):
        if not found.hidden:
            return found.id
        decide(tx, standing, found, Action.DOCUMENT_SHOWN, choices, hidden=False)
        along(tx, standing, found, Document.hidden.is_(True), hidden=False)
        return shown_through(tx, standing.record_id, document_id)


def hide_all(standing: Standing) -> int:
    """Hide from professionals every document this standing sees, or will see once it waited; gives how many.

    What comes in later is not hidden by it. The trail tells the act, not a number: readers see different ones (R13).

    Raises:
        NotFoundError: for who keeps nothing here.
    """
    return _all(standing, Action.DOCUMENTS_HIDDEN, hidden=True)


def show_all(standing: Standing) -> int:
    """Show every hidden document to professionals again. Raises as `hide_all`.

    Raises:
        StepUpError: without a fresh proof: this widens (R9).
    """
    demand_fresh_proof(standing.actor)
    return _all(standing, Action.DOCUMENTS_SHOWN, hidden=False)


def _all(standing: Standing, action: Action, *, hidden: bool) -> int:
    _keeper(standing)
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        # Never both hidden from professionals and kept from the person (AR-16): the rule leaves the second ones out.
        done = whole(tx, standing, Document.hidden.is_(not hidden), hidden=hidden)
        # Told even where there was none: that it is not would tell some reader of documents they do not see (R13).
        audit.record(standing.actor, standing.record_id, action, relation=standing.relation)
        return done


def count(standing: Standing, *, hidden: bool) -> int:
    """How many documents this standing would hide (or show again) by all of them; `MANY` + 1 stands for more.

    Raises:
        NotFoundError: for who keeps nothing here.
    """
    _keeper(standing)
    rule = replace(visible(standing), sees_held=True)
    found = (
        select(Document.id)
        .where(Document.record_id == standing.record_id, shown_somewhere(), Document.hidden.is_(hidden))
        .where(*conditions(shape(rule)))
        .limit(MANY + 1)
    )
    with db.read() as tx:
        return len(tx.execute(found, parameters(rule)).all())


def _keeper(standing: Standing) -> None:
    if not standing.may(Permission.DOCUMENTS_KEEP):
        raise NotFoundError


def archive(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Put a document away: it leaves the lists and stays readable by the same people (AR-19). Raises as `hide`."""
    with deciding(standing, document_id) as (tx, found):
        if found.state == "archived":
            return found.id
        if found.state != "current":
            raise ConflictError
        return decide(tx, standing, found, Action.DOCUMENT_ARCHIVED, choices, state="archived").id


def unarchive(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Bring an archived document back into the lists. Raises as `hide`."""
    with deciding(standing, document_id) as (tx, found):
        if found.state == "current":
            return found.id
        if found.state != "archived":
            raise ConflictError
        return decide(tx, standing, found, Action.DOCUMENT_UNARCHIVED, choices, state="current").id


def remark(standing: Standing, document_id: UUID, words: str, *, choices: int) -> UUID:
    """Write a word beside a document, read by whoever reads the document; no words take it away. Raises as `hide`.

    Raises:
        InvalidError: when it is too long.
    """
    words = some_lines(words)
    if len(words) > MAX_REMARK:
        raise InvalidError({"words": N_("Write at most %(limit)d characters.", limit=MAX_REMARK)})
    with deciding(standing, document_id) as (tx, found):
        if found.remark == words:
            return found.id
        decide(tx, standing, found, Action.DOCUMENT_REMARKED, choices, remark=words)
        texts.index_about(tx, standing.record_id, document_id)
        return document_id
