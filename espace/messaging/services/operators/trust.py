"""Whom the gateway trusts, and which addresses are written otherwise: the lists that count now (security.md R39, R17).

A list is brought in by one person and confirmed by another (`trust_desk`); from then on it counts, whole, at the next
message. Without a white list nobody outside is trusted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import crypto, db
from espace.crypto.owners import DIRECTORY
from espace.messaging.models import TrustList

from .trust_files import Line, ListKind, domain_of

ACTIVE = "active"
APICRYPT: tuple[Line, ...] = ((".apicrypt.org", "interop-mssante.apicrypt.org"),)
"""The correspondence that counts while no other is active: the bridge to Apicrypt (U, rules.md MS-18)."""

_ACTIVE = (
    select(TrustList.id)
    .where(TrustList.kind == bindparam("kind"), TrustList.state == ACTIVE)
    .order_by(TrustList.id.desc())
    .limit(1)
)
_PAYLOAD = select(TrustList.payload).where(TrustList.id == bindparam("list"))


@dataclass(frozen=True, slots=True)
class Operators:
    """The white list, opened. `certificates` says which certificates' names may send for a domain, `names` whose it is.

    A certificate is trusted for the domains that stand on a line with it, and no others.
    """

    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Self:
        """From the lines of the file: operator, domain, certificate."""
        certificates: dict[str, set[str]] = defaultdict(set)
        names: dict[str, str] = {}
        for operator, domain, certificate in lines:
            certificates[domain].add(certificate)
            names[domain] = operator
        return cls({domain: frozenset(shown) for domain, shown in certificates.items()}, names)

    def known(self, shown: frozenset[str]) -> frozenset[str]:
        """The operators whose certificate bears one of these names."""
        return frozenset(self.names[domain] for domain, trusted in self.certificates.items() if trusted & shown)

    def may_send(self, shown: frozenset[str], domain: str) -> bool:
        """Whether who shows these names may send in the name of a domain."""
        return bool(self.certificates.get(domain.lower(), frozenset()) & shown)


def active_operators() -> Operators:
    """The operators that are trusted now; none before a first list was confirmed."""
    found = active_id(ListKind.OPERATORS)
    return Operators() if found is None else _operators(found)


def rewritten(address: str) -> str:
    """The address under which somebody is reached outside: the one given, unless a correspondence says otherwise.

    An address goes before a domain, and a domain before one that it lies below.
    """
    address = address.strip()
    rules = _active_rewrites()
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in rules.values():
        return address  # it is written so already
    found = rules.get(f"{local.lower()}@{domain}") or rules.get(domain) or _above(rules, domain)
    if found is None:
        return address
    return found if "@" in found else f"{local}@{found}"


def is_reached(address: str) -> bool:
    """Whether somebody outside stands in the trust space (rules.md MS-10): with an operator of the white list, or
    behind a bridge of the correspondence. Before a first list was confirmed the relay alone decides.
    """
    domain = domain_of(rewritten(address))
    found = active_id(ListKind.OPERATORS)
    return found is None or domain in _operators(found).names or domain in map(domain_of, _active_rewrites().values())


def active_id(kind: ListKind) -> UUID | None:
    """The list of a kind that counts now; None for none."""
    with db.read() as tx:
        found: UUID | None = tx.execute(_ACTIVE, {"kind": kind.value}).scalar()
        return found


@lru_cache(maxsize=16)
def lines_of(list_id: UUID) -> tuple[Line, ...]:
    """The lines of a list. They never change: a new list is another one."""
    with db.read() as tx:
        payload = tx.execute(_PAYLOAD, {"list": list_id}).scalar_one()
        held = crypto.unseal(tx, DIRECTORY, TrustList.__tablename__, list_id, payload)
    return tuple(tuple(line) for line in held["lines"])


def active_lines(kind: ListKind) -> tuple[Line, ...]:
    """The lines that count now, those that come with the programs included."""
    found = active_id(kind)
    if found is None:
        return APICRYPT if kind is ListKind.REWRITES else ()
    return lines_of(found)


def _active_rewrites() -> Mapping[str, str]:
    return _rules(active_lines(ListKind.REWRITES))


def _above(rules: Mapping[str, str], domain: str) -> str | None:
    """The rule of a domain and all below it that is nearest to `domain`."""
    parts = domain.split(".")
    rules_above = (rules.get("." + ".".join(parts[start:])) for start in range(len(parts)))
    return next((found for found in rules_above if found), None)


@lru_cache(maxsize=4)
def _operators(list_id: UUID) -> Operators:
    return Operators.of(lines_of(list_id))


@lru_cache(maxsize=4)
def _rules(lines: tuple[Line, ...]) -> Mapping[str, str]:
    return dict(lines)  # type: ignore[arg-type]  # each has two columns


__all__ = [
    "APICRYPT",
    "ListKind",
    "Operators",
    "active_id",
    "active_lines",
    "active_operators",
    "domain_of",
    "is_reached",
    "lines_of",
    "rewritten",
]
