"""E-mail: what is written, and a real conversation with a mail server (security.md R40, R52)."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from espace import db, outbox, settings
from espace.identifiers import new_id
from espace.machines import Machines
from espace.notifications.messages import mails as messages
from espace.notifications.services import deliver_mail, send_mail
from espace.outbox.models import Delivery
from tests.support.clock import FakeClock

from .mailserver import MailServer, running

AT = "2026-11-23T09:00:00+00:00"
TO = "claire.fontenay@exemple.fr"
FORBIDDEN = ("Claire", "Fontenay", "Morvan", "cardio", "médecin", "doctor", "ordonnance", "token")


@pytest.fixture
def house(machines: Machines, server: MailServer) -> settings.Settings:
    """The house, told where its mail server is."""
    return told(machines, smtp_port=server.port)


def told(machines: Machines, **changes: Any) -> settings.Settings:
    """Bind other settings."""
    given = replace(machines.settings, **changes)
    settings.bind(given)
    outbox.on("mail", deliver_mail)
    return given


def test_a_letter_arrives_whole(house: settings.Settings, server: MailServer, clock: FakeClock) -> None:
    with db.write():
        send_mail(TO, "fr", "email-verification", code="042917")
        assert server.envelopes == [], "nothing leaves before the commit"
    assert outbox.work() == 1
    (envelope,) = server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("ne-pas-repondre@localhost", [TO])
    (letter,) = server.letters
    assert letter["To"] == TO
    assert letter["Subject"] == "Votre code de vérification"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() == "utf-8"
    text = letter.get_content()
    assert "Votre code de vérification\u00a0: 042917" in text
    assert house.base_url in text
    assert abs(parsedate_to_datetime(letter["Date"]) - clock.now) < timedelta(seconds=2)
    assert all(line.isascii() for line in envelope.content.split(b"\r\n"))
    assert b"\n" not in envelope.content.replace(b"\r\n", b"")


def test_nothing_is_sent_when_the_work_is_undone(house: settings.Settings, server: MailServer) -> None:
    def undone() -> None:
        with db.write():
            send_mail(TO, "fr", "new-document")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert outbox.work() == 0
    assert server.envelopes == []


def test_a_second_try_is_the_same_message(
    house: settings.Settings, server: MailServer, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    send_mail(TO, "fr", "new-document")
    server.refuse = 1
    outbox.work()
    assert server.envelopes == []
    clock.advance(timedelta(seconds=10))
    outbox.work()
    (letter,) = server.letters
    with db.read() as tx:
        delivery = tx.execute(select(Delivery.id, Delivery.state)).one()
    assert delivery.state == "done"
    assert letter["Message-ID"] == f"<{delivery.id}@localhost>"
    assert parsedate_to_datetime(letter["Date"]) < clock.now - timedelta(seconds=8), "the date of the asking"
    said = capfd.readouterr()
    assert "delivery_failed" in said.out + said.err
    assert TO not in said.out + said.err


def test_the_waiting_letter_is_sealed(house: settings.Settings) -> None:
    send_mail(TO, "fr", "activation-code", code="K7PM2RXD")
    with db.read() as tx:
        payload = tx.execute(select(Delivery.payload)).scalar_one()
    assert b"claire" not in payload
    assert b"K7PM2RXD" not in payload


@pytest.mark.parametrize("message", sorted(messages.KEYS))
@pytest.mark.parametrize("locale", ["fr", "en", "tlh"])
def test_every_message_says_nothing_and_leads_nowhere_secret(message: str, locale: str) -> None:
    values = {
        name: "new-document,linked-news" if name == "events" else "K7PM2RXD" for name in messages.values_of(message)
    }
    subject, text = messages.compose(message, locale, "https://espace.example", values)
    assert not any(word.lower() in (subject + text).lower() for word in FORBIDDEN)
    links = [word for word in text.split() if "://" in word]
    assert links == ["https://espace.example"]
    assert "K7PM2RXD" not in subject
    assert "{" not in text
    assert "!" not in text
    french = messages.compose(message, "fr", "https://espace.example", values)
    assert ((subject, text) == french) is (locale != "en")


HOSTILE = [
    "claire@exemple.fr\r\nBcc: autre@exemple.fr",
    "claire@exemple.fr\nRCPT TO:<autre@exemple.fr>",
    "claire@exemple.fr\x00",
    "claire@exemple.fr, autre@exemple.fr",
    "<claire@exemple.fr>",
    "claire @exemple.fr",
    "claire\u2028@exemple.fr",
    "claire",
    "@exemple.fr",
    "claire@",
    "",
]


def test_an_address_that_carries_more_is_refused_before_and_after_the_queue(machines: Machines) -> None:
    for address in HOSTILE:
        with pytest.raises(ValueError, match="not one plain"):
            send_mail(address, "fr", "new-document")
        payload = {"to": address, "locale": "fr", "message": "new-document", "values": {}, "at": AT}
        with pytest.raises(ValueError, match="not one plain"):
            deliver_mail(new_id(), payload)
    assert outbox.waiting() == 0


def test_only_the_message_s_own_values_enter(machines: Machines) -> None:
    with pytest.raises(ValueError, match="other values"):
        send_mail(TO, "fr", "new-document", title="Ordonnance")
    with pytest.raises(ValueError, match="other values"):
        send_mail(TO, "fr", "activation-code")
    with pytest.raises(KeyError):
        messages.compose("gathered", "fr", "https://espace.example", {"events": "new-document,Ordonnance"})
    with pytest.raises(KeyError):
        send_mail(TO, "fr", "newsletter")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name`, signed by its own key; gives the paths of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.crt", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return public, private


@pytest.mark.parametrize("is_trusted", [True, False])
def test_starttls_is_verified_before_any_password_is_sent(
    is_trusted: bool, machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, private = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    monkeypatch.setenv("SSL_CERT_FILE", str(public if is_trusted else certificate(tmp_path, "other.example")[0]))
    server = MailServer()
    controller = running(server, tls_context=context, require_starttls=True, authenticator=server.authenticate)
    told(
        machines,
        smtp_host="localhost",
        smtp_port=server.port,
        smtp_user="espace",
        smtp_password="un secret",
        smtp_starttls=True,
    )
    payload = {"to": TO, "locale": "fr", "message": "new-document", "values": {}, "at": AT}
    try:
        if is_trusted:
            deliver_mail(UUID(int=7), payload)
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                deliver_mail(UUID(int=7), payload)
    finally:
        controller.stop()
    assert server.encrypted == ([True] if is_trusted else [])
    assert server.logins == ([(b"espace", b"un secret")] if is_trusted else [])


def test_a_server_that_is_not_there_leaves_the_letter_waiting(machines: Machines, clock: FakeClock) -> None:
    told(machines, smtp_port=1)
    send_mail(TO, "fr", "new-document")
    outbox.work()
    assert outbox.waiting() == 1
