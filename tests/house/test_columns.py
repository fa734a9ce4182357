"""Nothing personal stands in a plain column: each readable one is on this list, with what it holds (R20)."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.schema import Table as AnyTable

from espace import db
from espace.db import Code, Digest, Id, Instant, Sealed
from tests.support.databases import import_models

import_models()

SHORT_DIGESTS = {
    "directory_words.word": 8,
    "document_words.word": 8,
    "documents.series_index": 16,
    "mail_words.word": 8,
    "mailbox_words.word": 8,
}
"""Digests that are not to be unique: a few other words under one do no harm, and 128 bits of a series never meet."""

# Ids, keyed hashes, sealed bytes, instants, days, flags and counts say nothing readable about a person by themselves.
UNREADABLE = (Sealed, Digest, Id, Instant, Date, Boolean, Integer, BigInteger)

READABLE = {
    "access_alerts.kind": "hour, day, snooping",
    "access_alerts.state": "open, explained, contacted, suspended",
    "access_consents.grantee_kind": "professional, team",
    "access_consents.state": "asked, valid, refused, revoked, blocked",
    "access_document_rules.effect": "keep, show",
    "access_document_rules.grantee_kind": "professional, team, carer",
    "access_emergencies.mode": "break-glass, centre-15",
    "access_emergencies.review": "asked, answered, expected, reported",
    "access_counter_codes.opens": "read, deposit",
    "access_links.kind": "share, drop",
    "accounts.role": "word of a closed list",
    "accounts.locale": "language of the pages",
    "audit_events.action": "word of a closed list",
    "audit_events.actor_kind": "word of a closed list",
    "care_lines.kind": "word of a closed list: totals and filters go by it (design 3.6)",
    "care_lines.secrecy": "a minor's, from their parents: secret, opened",
    "channel_states.channel": "word of a closed list",
    "document_sources.kind": "patient, professional, import, mail",
    "documents.body_media": "media type",
    "documents.class_code": "nomenclature code: lists filter on it (design 3.6)",
    "documents.media": "media type",
    "documents.origin": "patient, professional, import",
    "documents.state": "word of a closed list",
    "documents.type_code": "nomenclature code: the entitlements filter on it (design 3.6)",
    "enrolments.step": "how far an activation is",
    "family_carer_invitations.answer": "accepted, refused, cancelled",
    "family_carer_notices.what": "which kind of notice, and of which day or week",
    "family_invitations.state": "sent, used, cancelled",
    "family_links.kind": "word of a closed list",
    "family_requests.kind": "parent, guardian, restriction",
    "family_requests.state": "word of a closed list",
    "family_restrictions.state": "word of a closed list",
    "mail_attachments.kind": "file, xdm",
    "mail_messages.state": "received, waiting, sent, failed",
    "mail_sendings.state": "waiting, sent, received, failed",
    "mail_trust_lists.kind": "operators, rewrites",
    "mail_trust_lists.state": "proposed, active, former, refused",
    "mailboxes.kind": "PER, ORG, APP, CAB (rules.md MS-8)",
    "matrix_cells.confidence": "about the matrix, not a person",
    "matrix_cells.deposit": "about the matrix, not a person",
    "matrix_cells.profession": "about the matrix, not a person",
    "matrix_cells.type_code": "about the matrix, not a person",
    "notices.state": "word of a closed list",
    "office_visits.purpose": "counter, privacy, mandate",
    "outbox.error": "the kind of an error, never its text",
    "outbox.state": "word of a closed list",
    "outbox.topic": "word of a closed list",
    "professional_suspensions.cause": "volume, officer",
    "quarantine.reason": "word of a closed list",
    "record_heirs.state": "asked, granted, refused, ended",
    "records.state": "word of a closed list",
    "records.state_before": "word of a closed list",
    "result_delays.kind": "laboratory, imaging, report",
    "sessions.kind": "word of a closed list",
    "sessions.stage": "password, full",
    "visit_answers.side": "holder, representative",
    "visit_answers.state": "expected, asked, explained, contested, decided",
    "visit_answers.visitor_kind": "professional, patient, operator",
}


def readable(tables: list[AnyTable]) -> dict[str, object]:
    """Every column that is not of an unreadable type."""
    return {
        f"{table.name}.{column.name}": column.type
        for table in tables
        for column in table.columns
        if not isinstance(column.type, UNREADABLE)
    }


def test_every_readable_column_is_on_the_list() -> None:
    found = readable(db.Base.metadata.sorted_tables)
    assert found.keys() - READABLE.keys() == set(), "seal it, or say why it may be read"
    assert READABLE.keys() - found.keys() == set(), "no such column any more"
    assert {name for name, kind in found.items() if not isinstance(kind, Code)} == set()


def test_every_digest_is_long_enough_and_every_word_short() -> None:
    for table in db.Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Digest):
                assert column.type.length == SHORT_DIGESTS.get(f"{table.name}.{column.name}", 32)
            if isinstance(column.type, Code):
                assert column.type.length
                assert column.type.length <= 80


def test_a_readable_column_is_seen() -> None:
    columns = (Column("a", String(10)), Column("b", Text), Column("c", LargeBinary), Column("d", Date))
    bad = Table("x", MetaData(), *columns)
    assert readable([bad]).keys() == {"x.a", "x.b", "x.c"}
