"""Calendar files of strangers: read where they can be, never an error (L8)."""

import random
from datetime import UTC, datetime

from espace.interop import calendar_read

_PLAIN = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\n"
    b"DTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    b"BEGIN:VEVENT\r\nUID:1@hopital.example\r\nDTSTART;TZID=Europe/Paris:20261201T100000\r\n"
    b"DTEND;TZID=Europe/Paris:20261201T103000\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY:Consultation\r\n  de suivi\r\n"
    b"LOCATION:Cabinet\\, 2e \xc3\xa9tage\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_ODD = (b"", b"99999999T999999Z", b"TZID=", b"\x00", b"\xff\xfe", b"BEGIN:VEVENT\r\n" * 50, b"-1", b";" * 200)


def test_the_first_appointment_is_understood() -> None:
    found = calendar_read.read(_PLAIN)
    assert found is not None
    assert (found.method, found.summary, found.place) == ("REQUEST", "Consultation de suivi", "Cabinet, 2e étage")
    assert found.starts == datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_a_day_without_an_hour_and_an_hour_without_a_zone_are_ours() -> None:
    for written, hour in ((b"DTSTART;VALUE=DATE:20261201", 23), (b"DTSTART:20261201T100000", 9)):
        found = calendar_read.read(_PLAIN.replace(b"DTSTART;TZID=Europe/Paris:20261201T100000", written))
        assert found is not None
        assert found.starts is not None
        assert found.starts.hour == hour


def test_two_thousand_mutations_are_never_an_error() -> None:
    chance = random.Random(71)
    for _ in range(2000):
        made = bytearray(_PLAIN)
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(made))
            made[at : at + chance.randrange(12)] = chance.choice((*_ODD, bytes([chance.randrange(256)])))
        calendar_read.read(bytes(made))


def test_what_is_too_large_is_no_invitation() -> None:
    assert calendar_read.read(_PLAIN + b" " * calendar_read.MAX_BYTES) is None
