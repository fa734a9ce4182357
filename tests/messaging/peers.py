"""Another operator beside a house of ours, for tests: Postfix and Dovecot, and the gateway they speak to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from uuid import UUID

from espace import assembly, db, outbox, storage
from espace.machines import Machines
from espace.messaging.services.facts import MessageFacts
from espace.settings import Settings
from tests.messaging.gate import Gate, open_gate, trust, with_gateway
from tests.messaging.letters import attachments, messages
from tests.support.certificates import OURS, Certificates
from tests.support.mail_peer import Dovecot, House, Operator, needs, open_folder, until
from tests.support.ports import free_port

DOMAIN, NAME = "anjou.mssante.test", "mail.anjou.mssante.test"
PATIENTS, MAILBOXES = "patient.espace.test", "cabinets.espace.test"
CARDIOLOGIST, SECRETARY = f"karim.belhadj@{DOMAIN}", f"secretariat@{DOMAIN}"
GHOST = f"fantome@{DOMAIN}"
"""Postfix takes mail for this address, and Dovecot then has no such mailbox."""


@dataclass
class Neighbour:
    """The other operator, at work, and the port at which it looks for our gateway."""

    operator: Operator
    certificates: Certificates
    gateway_port: int = field(default_factory=free_port)

    def settings(self, given: Settings) -> Settings:
        """The settings of a house that is this one's neighbour: its relay is that operator itself.

        What came there for the house before is thrown away.
        """
        self.operator.dovecot.empty()
        ours = self.certificates.gateway
        return replace(
            with_gateway(given, self.certificates, patient_domain=PATIENTS, mailbox_domains=MAILBOXES),
            mail_port=self.gateway_port,
            smtp_host="127.0.0.1",
            smtp_port=self.operator.smtp_port,
            smtp_certificate=str(ours.certificate),
            smtp_key=str(ours.key),
            smtp_ca_file=str(self.certificates.ca_file),
        )

    def writes(
        self,
        to: str,
        subject: str,
        text: str = "Bonjour,",
        *,
        files: tuple[tuple[str, bytes], ...] = (),
        answers: EmailMessage | None = None,
        cc: str = "",
        sender: str = CARDIOLOGIST,
    ) -> EmailMessage:
        """A professional there writes with their mail program."""
        letter = EmailMessage()
        letter["From"] = f"Karim Belhadj <{sender}>"
        letter["To"] = to
        if cc:
            letter["Cc"] = cc
        letter["Subject"] = subject
        letter["Message-ID"] = make_msgid(domain=DOMAIN)
        if answers is not None:
            letter["In-Reply-To"] = answers["Message-ID"]
            letter["References"] = f"{answers['References'] or ''} {answers['Message-ID']}".strip()
        letter.set_content(text)
        for name, content in files:
            letter.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        self.operator.send(sender, letter)
        return letter


@contextmanager
def neighbour() -> Iterator[Neighbour]:
    """The other operator, running inside the block; skipped where Debian's programs or root are missing."""
    needs("postfix", "dovecot", root=True)
    with open_folder() as folder:
        made = Certificates(folder)
        pair = made.operator("anjou", NAME)
        dovecot = Dovecot(folder / "dovecot", pair, made.ca_file, (CARDIOLOGIST, SECRETARY))
        found = Neighbour(Operator(folder, DOMAIN, NAME, pair, dovecot, (GHOST,)), made)
        house = House(found.gateway_port, OURS, PATIENTS, MAILBOXES, (made.gateway.fingerprint,))
        with found.operator.running(house):
            yield found


@contextmanager
def opened(machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """Our house with its gateway, which knows the other operator."""
    assembly.open_house(machines)
    trust((("Messagerie d'Anjou", DOMAIN, NAME),))
    with open_gate(machines, certificates) as gate:
        yield gate


def carried() -> None:
    """Have the worker do what waits."""
    while outbox.work():
        pass


def arrived(box_id: UUID, count: int = 1) -> list[MessageFacts]:
    """The messages of a box as soon as there are `count`."""
    return [said for said, _row in _arrived(box_id, lambda found: len(found) >= count)]


def came_back(box_id: UUID) -> MessageFacts:
    """The message of a box that failed, as soon as one has."""
    found = _arrived(box_id, lambda rows: any(row.state == "failed" for _said, row in rows))
    return next(said for said, row in found if row.state == "failed")


def _arrived(box_id: UUID, enough: Callable[[list[tuple[MessageFacts, Any]]], bool]) -> list[tuple[MessageFacts, Any]]:
    return until(lambda: found if enough(found := messages(box_id)) else None, f"messages of {box_id}")


def contents(box_id: UUID) -> dict[str, bytes]:
    """The files that came into a box, by their names."""
    with db.read() as tx:
        return {
            facts.name: storage.current().open(tx, box_id, file_id).read_all() for file_id, facts in attachments(box_id)
        }


def files_of(letter: EmailMessage) -> dict[str, bytes]:
    """What is attached to a letter in another operator's mailbox."""
    return {part.get_filename() or "": part.get_content() for part in letter.iter_attachments()}
