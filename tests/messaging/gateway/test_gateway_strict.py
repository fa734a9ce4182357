"""Line ends are strict: nobody hides a message in a message (security.md R40), nor holds more than a place allows."""

import asyncio
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from espace import db
from espace.messaging.gateway.intake import BareLineError, Intake, LeftError, LongLineError, TooLargeError, is_strict
from espace.messaging.models import Message
from espace.messaging.services import boxes
from espace.settings import Settings
from tests.messaging.gate import SENDER, Gate, Raw, message, with_gateway
from tests.support import build
from tests.support.certificates import Certificates

ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\n\n.\r\n",
    b"\r\r\n.\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\n.\r",
    b"\r\n.\r\r\n",
    b"\r\n\r.\r\n",
]


@pytest.fixture
def settings(settings: Settings, certificates: Certificates) -> Settings:
    """A house with a gateway that takes messages of a megabyte."""
    return with_gateway(settings, certificates, mail_message_mb=1)


def received() -> int:
    """How many messages lie in boxes."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Message)).scalar_one()


def crlf(address: str, text: str = "Bonjour,") -> bytes:
    """A message with right line ends, its own end left out."""
    return message(address, text=text).as_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n")


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_no_other_end_hides_a_second_message(gate: Gate, end: bytes) -> None:
    address = boxes.patient_address(build.citizen().ins)
    hidden = crlf(address, "second").replace(SENDER.encode(), b"helene.morvan@cabinets.espace.example")
    with gate.raw() as raw:
        raw.begin(address)
        smuggled = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode() + hidden
        raw.send(crlf(address) + end + smuggled + b"\r\n.\r\n")
        assert raw.answer().startswith("554 ")
        assert raw.answer() == ""  # nothing after it was taken for commands
    assert received() == 0


def test_dots_doubled_on_the_way_come_back_single(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        raw.begin(address)
        raw.send(crlf(address) + b"\r\n..\r\n..cache\r\n.\r\n")
        assert raw.answer().startswith("250 ")
    assert received() == 1


def test_commands_sent_ahead_are_answered_in_their_order(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        for _ in range(2):
            raw.send(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode())
            assert [raw.answer()[:3] for _ in range(3)] == ["250", "250", "354"]
            raw.send(crlf(address) + b"\r\n.\r\nNOOP\r\n")
            assert [raw.answer()[:3] for _ in range(2)] == ["250", "250"]
    assert received() == 2


def test_what_was_sent_ahead_of_tls_is_forgotten(gate: Gate) -> None:
    plain = socket.create_connection(("localhost", gate.settings.mail_port), timeout=20)
    raw = Raw(plain)
    assert raw.answer().startswith("220 ")
    raw.say("EHLO relais.example", 250)
    raw.send(b"STARTTLS\r\nEHLO injecte.example\r\nMAIL FROM:<x@y.example>\r\n")
    assert raw.answer().startswith("220 ")
    raw.forget()
    with Raw(gate.context(gate.certificates.peer).wrap_socket(plain, server_hostname="localhost")) as safe:
        safe.say("NOOP", 250)
        safe.say(f"MAIL FROM:<{SENDER}>", 503)  # no name was given after TLS began


def test_a_command_with_a_lone_line_feed_ends_the_connection(gate: Gate) -> None:
    with gate.raw() as raw:
        raw.send(f"MAIL FROM:<{SENDER}>\nRCPT TO:<x@y.example>\r\n".encode())
        assert raw.answer().startswith("500 ")
        assert raw.answer() == ""


def test_a_message_too_large_is_refused_declared_or_not_and_the_next_one_taken(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        raw.say(f"MAIL FROM:<{SENDER}> SIZE={2**20 + 1}", 552)
        raw.begin(address)
        raw.send(crlf(address) + (b"\r\n" + b"x" * 98) * 11_000 + b"\r\n.\r\n")
        assert raw.answer().startswith("552 ")
        raw.begin(address)
        raw.send(crlf(address) + b"\r\n.\r\n")
        assert raw.answer().startswith("250 ")
    assert received() == 1


def test_long_lines_are_refused_and_passed_over(gate: Gate) -> None:
    with gate.raw() as raw:
        raw.send(b"NOOP " + b"x" * 200_000 + b"\r\nNOOP\r\n")
        assert raw.answer().startswith("500 ")
        assert raw.answer().startswith("250 ")


def test_wrong_commands_are_answered_and_too_many_end_it(gate: Gate) -> None:
    with gate.raw() as raw:
        for line in ("MAIL FROM:", "MAIL FROM:<a b@c.example>", "MAIL TO:<a@b.example>", "MAIL FROM:<@>"):
            raw.say(line, 501)
        raw.say("RCPT TO:<a@b.example>", 503)
        raw.say("DATA", 503)
        raw.say("VRFY root", 502)
        raw.say("BDAT 10 LAST", 502)
        raw.say(f"MAIL FROM:<{SENDER}> RET=FULL", 555)
        raw.send(b"\xff\xfe\r\n")
        assert raw.answer().startswith("501 ")
        for _ in range(40):
            raw.send(b"NON\r\n")
        while line := raw.answer():
            last = line
        assert last.startswith("421 ")


Answer = TypeVar("Answer")


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Carry out a coroutine in a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


async def _read(given: list[bytes], most: int = 1000) -> tuple[bytes, bytes]:
    source = asyncio.StreamReader()
    for piece in given:
        source.feed_data(piece)
    source.feed_eof()
    intake = Intake(source)
    content = await intake.message(most, lambda _size: None)
    try:
        return content, await intake.line()
    except LeftError:
        return content, b""


@pytest.mark.parametrize(
    ("given", "content"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"\r\n\r\n\r\n.\r\n", b"\r\n\r\n\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\n...\r\n\r\n.\r\n", b"a\r\n..\r\n\r\n"),
        (b"a\n.\r\n\r\n.\r\n", b"a\n.\r\n\r\n"),
    ],
)
def test_a_message_ends_wherever_its_blocks_are_cut(given: bytes, content: bytes) -> None:
    for cut in range(1, len(given) + 1):
        pieces = [given[start : start + cut] for start in range(0, len(given), cut)]
        assert run(_read([*pieces, b"QUIT\r\n"])) == (content, b"QUIT")


def test_a_message_that_does_not_end_is_none() -> None:
    with pytest.raises(LeftError):
        run(_read([b"a\r\n.\n"]))
    with pytest.raises(LeftError):
        run(_read([b"x" * 100] * 100, most=1000))


def test_a_message_is_as_large_as_it_may_be_and_no_larger() -> None:
    assert run(_read([b"x" * 998 + b"\r\n.\r\n"], most=1000))[0] == b"x" * 998 + b"\r\n"
    with pytest.raises(TooLargeError):
        run(_read([b"x" * 999 + b"\r\n.\r\n"], most=1000))
    with pytest.raises(TooLargeError):
        run(_read([b"x" * 700, b"y" * 700, b"\r\n", b".\r", b"\n"], most=1000))


def test_lines_are_strict() -> None:
    async def lines(content: bytes) -> list[object]:
        source = asyncio.StreamReader()
        source.feed_data(content)
        source.feed_eof()
        intake, found = Intake(source), list[object]()
        while True:
            try:
                found.append(await intake.line())
            except (BareLineError, LongLineError) as error:
                found.append(type(error))
            except LeftError:
                return found

    assert run(lines(b"a\r\nb\nc\rd\r\n" + b"x" * 9000 + b"\r\ne\r\n")) == [
        b"a",
        BareLineError,
        BareLineError,
        LongLineError,
        b"e",
    ]


def test_a_strict_message_has_only_whole_line_ends() -> None:
    assert is_strict(b"a\r\nb\r\n")
    for wrong in (b"a\nb", b"a\rb", b"a\r\r\n", b"a\r\n\n", b"a\0"):
        assert not is_strict(wrong)
    assert message_from_bytes(b"a: b\r\n\r\n")["a"] == "b"
