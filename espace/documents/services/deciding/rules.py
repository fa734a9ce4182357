"""One document, one person: kept from somebody who reads the record, or shown to them though it is hidden (AR-13).

A rule holds for every version of a document and for its copies, and for the versions that come later. It never hides
a deposit from who made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, update

from espace import clock, db
from espace.access.services import (
    KEPT,
    SHOWN,
    UNPLACED_TEAM,
    Eyes,
    EyesKind,
    Grantee,
    Reason,
    Rule,
    Ruling,
    everyone,
    rules_on,
    set_rule,
    visible,
)
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.entries.folding import fold_visible, shown_through
from espace.documents.services.library.unseen import judged
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof
from espace.words import N_

from .acts import decide_saying, deciding, versions_of

_KINDS = {EyesKind.PROFESSIONAL: "professional", EyesKind.TEAM: "team", EyesKind.CARER: "carer"}
_ACTIONS = {KEPT: Action.DOCUMENT_KEPT_FROM, SHOWN: Action.DOCUMENT_SHOWN_TO, "": Action.DOCUMENT_RULE_ENDED}


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One reader of the record, and whether they see one document. `effect` is that of the rule about them, or "".

    `grantee_id` is None where no rule can be made: for parents, who see the same. `reads` is false for who has no
    access now. `is_own`: they deposited it, and see it in any case.
    """

    name: str
    kind: EyesKind
    about: str
    sees: bool
    reason: Reason
    effect: str
    since: datetime | None
    grantee_id: UUID | None
    is_own: bool = False
    reads: bool = True
    would_see: bool = False
    eyes_id: str = ""

    @property
    def may_keep(self) -> bool:
        """Whether it can be kept from them: what they see, unless they deposited it."""
        return self.grantee_id is not None and self.sees and not self.is_own

    @property
    def may_show(self) -> bool:
        """Whether it can be shown to them though it is hidden."""
        return self.grantee_id is not None and self.would_see and not self.sees and self.effect != KEPT


def persons(standing: Standing, document: DocumentFacts) -> list[PersonLine]:
    """Everybody who reads the record, with whether they see this document, then those of whom only a rule is left.

    Whoever is not the holder leaves a row of the trail: who has access is told.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    found = everyone(standing)
    with db.read() as tx:
        rules = {rule.grantee.id: rule for rule in rules_on(tx, standing.record_id, document.id)}
    lines = [_line(one, document, rules) for one in found]
    known = {one.grantee_id for one in found}
    lines += [_left(rule, standing) for rule in rules.values() if rule.grantee.id not in known]
    if standing.is_watched:
        told = [{"id": str(one.grantee_id), "name": one.name} for one in lines]
        with db.write():
            audit.record(
                standing.actor, standing.record_id, Action.ACCESSES_READ, relation=standing.relation, objects=told
            )
    return lines


def _line(one: Eyes, document: DocumentFacts, rules: Mapping[UUID, Rule]) -> PersonLine:
    assert one.standing is not None  # noqa: S101 - `everyone` names readers only
    policy, now = visible(one.standing), clock.now()
    holding = frozenset(Ruling(rule.grantee.kind, rule.grantee.id, rule.effect) for rule in rules.values())
    decision = policy.decide(judged(document, holding, now))
    own_rule = rules.get(one.grantee_id) if one.grantee_id else None
    return PersonLine(
        name=one.name,
        kind=one.kind,
        about=", ".join(filter(None, (one.about, one.place))),
        sees=decision.allowed,
        reason=decision.reason,
        effect=own_rule.effect if own_rule else "",
        since=own_rule.since if own_rule else None,
        grantee_id=one.grantee_id if one.is_ruled else None,
        is_own=one.kind is EyesKind.PROFESSIONAL and one.grantee_id == document.professional_id,
        would_see=policy.decide(judged(document._replace(hidden=False), frozenset(), now)).allowed,
        eyes_id=one.id if one.kind is not EyesKind.TEAM else "",
    )


def _left(rule: Rule, standing: Standing) -> PersonLine:
    is_unplaced = standing.places_kept and rule.grantee.kind == "team"  # a team is called by its place (R15)
    return PersonLine(
        name=UNPLACED_TEAM if is_unplaced else rule.grantee.name,
        kind=EyesKind(rule.grantee.kind),
        about="",
        sees=False,
        reason=Reason.NO_READING,
        effect=rule.effect,
        since=rule.since,
        grantee_id=rule.grantee.id,
        reads=False,
    )


def rule(standing: Standing, document_id: UUID, grantee_id: UUID, effect: str, *, choices: int) -> UUID:
    """Keep a document from one reader, show it to one though it is hidden, or go back to the general rule ("").

    Gives the document through which it is shown from now on.

    Raises:
        NotFoundError: when the document or the reader does not exist for this standing, or it keeps nothing here.
        StepUpError: showing, and ending that something is kept, open further: they ask for a fresh proof (R9).
        InvalidError: for who deposited it, from whom it cannot be kept (AR-13).
        ConflictError: when something else was decided since the page was opened.
    """
    if not standing.may(Permission.ACCESS_MANAGE) or effect not in _ACTIONS:
        raise NotFoundError
    readers = {one.grantee_id: one for one in everyone(standing) if one.is_ruled}
    with deciding(standing, document_id) as (tx, found):
        before = {one.grantee.id: one for one in rules_on(tx, standing.record_id, document_id)}
        kept = before.get(grantee_id)
        if (kept.effect if kept else "") == effect:
            return found.id
        if effect == SHOWN or (not effect and kept is not None and kept.effect == KEPT):
            demand_fresh_proof(standing.actor)
        grantee = _grantee(readers.get(grantee_id), kept)
        if effect == KEPT and grantee.id == found.professional_id:
            raise InvalidError({"": N_("They deposited this document: they see it in any case.")})
        said = {"whom_place" if grantee.kind == "team" else "whom": grantee.name}
        decide_saying(tx, standing, found, _ACTIONS[effect], choices, said)
        _hold(tx, standing, found, grantee, effect)
        return shown_through(tx, standing.record_id, document_id)


def _grantee(reader: Eyes | None, kept: Rule | None) -> Grantee:
    """Whom a rule is about: somebody who reads the record, or of whom a rule is left."""
    if reader is not None and reader.grantee_id is not None:
        return Grantee(_KINDS[reader.kind], reader.grantee_id, reader.name)
    if kept is None:
        raise NotFoundError
    return kept.grantee


def _hold(tx: Connection, standing: Standing, found: DocumentFacts, grantee: Grantee, effect: str) -> None:
    """Write the rule for a document and its other versions; copies follow by themselves."""
    others = versions_of(tx, standing, found)
    set_rule(tx, standing.record_id, [found.id, *others], grantee, effect)
    if others:
        these = (Document.record_id == standing.record_id, Document.id.in_(others))
        tx.execute(update(Document).where(*these).values(choices=Document.choices + 1))
    for one in (*others, found.id):
        fold_visible(tx, standing.record_id, one)
