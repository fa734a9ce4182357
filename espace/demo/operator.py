"""The other operator of the demo: its certificate, its mailboxes, and what they do not take."""

from dataclasses import dataclass
from pathlib import Path

from .cast import DIRECTORY, HERE, OPERATOR, PATIENT_DOMAIN, THERE
from .certificates import Authority, Pair


@dataclass(frozen=True, slots=True)
class Papers:
    """The certificates of the demo's mail, in its folder: an authority of its own, the gateway's, the operator's."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that both come from; its key is kept nowhere."""
        return self._place / "ca.pem"

    @property
    def gateway(self) -> Pair:
        """What the gateway shows."""
        return self._pair("gateway")

    @property
    def operator(self) -> Pair:
        """What the other operator shows, and whoever plays it: `swaks`, a test, an outside program."""
        return self._pair("operator")

    def make(self) -> None:
        """Make them all."""
        authority = Authority(self._place, "Autorité de la démonstration d'espace")
        authority.issue("gateway", ["localhost"], addresses=["127.0.0.1", "::1"])
        authority.issue("operator", [OPERATOR])

    def told(self, port: int, sender: str) -> dict[str, object]:
        """The `smtp` of `demo.json`."""
        return {
            "host": "127.0.0.1",
            "port": port,
            "patient_domain": PATIENT_DOMAIN,
            "ca_file": str(self.ca_file),
            "client_certificate": str(self.operator.certificate),
            "client_key": str(self.operator.key),
            "sender": sender,
        }

    @property
    def _place(self) -> Path:
        return self.folder / "mail"

    def _pair(self, name: str) -> Pair:
        return Pair(self._place / f"{name}.pem", self._place / f"{name}.key")


def white_list() -> bytes:
    """The list of trusted operators, as the house imports it."""
    return f"operator,domain,certificate\nMessagerie d'Anjou,{THERE},{OPERATOR}\n".encode()


def takes(address: str) -> bool:
    """Whether the world outside takes mail for an address: the operator has a mailbox for some of the cast only."""
    address = address.lower()
    if address.endswith(f"@{HERE}") or not address.endswith(f"@{THERE}"):
        return True
    return any(pro.mssante == address for pro in DIRECTORY.values())
