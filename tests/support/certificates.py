"""Certificates of operators for tests: authorities of their own, and what one would refuse."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from espace.demo.certificates import Authority, Pair

OURS = "mail.espace.test"
PEER = "mail.voisin.test"


@dataclass(frozen=True)
class Certificates:
    """The certificates of a test, each made when it is first asked for."""

    folder: Path

    @cached_property
    def authority(self) -> Authority:
        """The authority everybody trusts."""
        return Authority(self.folder / "authority", "Autorité d'essai")

    @property
    def ca_file(self) -> Path:
        """Its certificate."""
        return self.authority.ca_file

    @cached_property
    def gateway(self) -> Pair:
        """What our gateway shows: it is reached as `localhost`, 127.0.0.1 or `OURS`."""
        return self.authority.issue("gateway", [OURS, "localhost"], addresses=["127.0.0.1", "::1"])

    @cached_property
    def peer(self) -> Pair:
        """What the other operator shows, as a client and as a server."""
        return self.operator("peer", PEER)

    @cached_property
    def expired(self) -> Pair:
        """The other operator's, over since an hour."""
        return self.authority.issue("expired", [PEER], started=timedelta(days=30), life=timedelta(hours=-1))

    @cached_property
    def foreign(self) -> Pair:
        """One with the other operator's name, from an authority nobody trusts."""
        return Authority(self.folder / "foreign", "Autre autorité").issue("foreign", [PEER])

    def operator(self, file: str, *names: str) -> Pair:
        """The certificate of an operator, good on loopback as a server's too."""
        return self.authority.issue(file, [*names, "localhost"], addresses=["127.0.0.1", "::1"])
