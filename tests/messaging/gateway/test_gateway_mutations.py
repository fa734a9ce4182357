"""Messages of hostile or broken programs: each is taken or refused for good, none put off by a fault of ours."""

import random

import pytest

from espace.messaging.services import boxes
from tests.messaging.gate import Gate, message
from tests.support import build
from tests.support.papers import pdf

MANY = 300
ODD = (b"\xff", b"\r\n", b"\r\n ", b"=?utf-8?b?", b"--", b'"', b"<", b":", b"\r\n\r\n", b"(" * 50, b"\xf0\x9f")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The message with some of its bytes changed, moved or left out; its lines still end with CR LF."""
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(min(len(content), 1500))
        end = start + chance.randint(0, 40)
        content = content[:start] + chance.choice([b"", chance.choice(ODD), content[end : end + 30]]) + content[end:]
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def test_mutated_messages_are_taken_or_refused_for_good(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    address = boxes.patient_address(build.citizen().ins)
    whole = message(address, text="Bonjour,\n\nvoici votre bilan.")
    whole["Cc"] = "autre@hopital.operateur.example"
    whole.add_attachment(pdf("Bilan"), maintype="application", subtype="pdf", filename="bilan réel.pdf")
    content = whole.as_bytes().replace(b"\n", b"\r\n")
    chance = random.Random(20261123)
    codes: dict[str, int] = {}
    for start in range(0, MANY, 30):  # a connection bears some errors, and is then ended
        with gate.raw() as raw:
            for number in range(start, start + 30):
                raw.begin(address)
                raw.send(mutated(content, chance) + b"\r\n.\r\n")
                answer = raw.answer()
                codes[answer[:3]] = codes.get(answer[:3], 0) + 1
                assert answer[:3] in ("250", "550", "554"), (number, answer)
    assert sum(codes.values()) == MANY
    assert codes["250"] > 10
    assert "mail_put_off" not in capsys.readouterr().err
