"""What tests of the pages of messages share: people whose boxes hold letters, and the addresses of their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from espace.interop.mail_letter import Address, Part
from espace.messaging.services.boxes import Box, box_of
from espace.messaging.services.incoming.delivering import Delivered
from espace.permissions import Standing
from tests.support import build
from tests.support.build import Citizen

from .letters import DOCTOR, address_of, arrive, letter


@dataclass(frozen=True)
class Home:
    """A person with a box, and where its pages stand."""

    person: Citizen

    @property
    def box(self) -> Box:
        """The box as the person uses it."""
        return box_of(self.person.standing())

    def at(self, tail: object = "") -> str:
        """The address of a page of the box."""
        base = f"/dossiers/{self.person.record_id}/messages"
        return f"{base}/{tail}" if tail else base

    def receives(
        self,
        text: str = "Bonjour,\nvos résultats sont bons.",
        *,
        subject: str = "Votre consultation",
        sender: Address = DOCTOR,
        parts: Sequence[Part] = (),
        answers: str = "",
        secret: bool = False,
        automatic: bool = False,
    ) -> Delivered:
        """A letter comes in."""
        given = letter(
            address_of(self.person),
            sender=sender,
            subject=subject,
            text=text,
            parts=parts,
            answers=answers,
            automatic=automatic,
        )
        return arrive(given, secret=secret)[0]


def home(first_name: str = "Claire") -> Home:
    """A person with an empty box."""
    return Home(build.citizen(first_name))


def seen_by(standing: Standing) -> Box:
    """The box of a record as this standing uses it."""
    return box_of(standing)


def conversation_of(delivered: Delivered) -> UUID:
    """Where a letter went."""
    assert delivered.conversation_id is not None
    return delivered.conversation_id
