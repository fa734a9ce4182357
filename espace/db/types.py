"""Column types. A personal fact is `Sealed`; everything else is an id, a code, a day, an instant or a flag."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, LargeBinary, String, types

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Id(types.TypeDecorator[UUID]):
    """A UUIDv7: native on PostgreSQL, 16 raw bytes on SQLite (both keep the order of time)."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Choose the native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(types.Uuid(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """UUID -> what the driver takes."""
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """What the driver gives -> UUID; one call per value, since a list reads hundreds."""
        return _uuid if dialect.name == "sqlite" else None


class Instant(types.TypeDecorator[datetime]):
    """An aware UTC instant, kept as whole microseconds since 1970: exact and ordered alike on both engines."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Aware datetime -> microseconds."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Microseconds -> aware datetime in UTC."""
        return _instant


class Sealed(LargeBinary):
    """Bytes made by `crypto.seal`: one payload per row, opened only with the owner's key."""


class Digest(LargeBinary):
    """A keyed hash of 32 bytes (`crypto.blind`, a chain link, a token's hash)."""


class Code(String):
    """A word of a closed list, readable in the database (state, kind, nomenclature code): never free text."""
