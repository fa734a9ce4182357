import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from espace.interop.mail_read import Letter, read
from espace.interop.mail_write import (
    About,
    Address,
    Disposition,
    NewLetter,
    Part,
    delivery_report,
    failure,
    receipt,
    write,
)

DAY = datetime(2026, 3, 14, 9, 30, tzinfo=timezone(timedelta(hours=1)))
US = Address("cabinet@pro.espace.test", "Cabinet Élise Müller, cardiologie")
THEM = Address("260047505600147@patient.mssante.fr", "Jean Martin")
LETTER = NewLetter("<1@pro.espace.test>", US, (THEM,), "Résultat d’analyses", "Bonjour,\n\nÇa va.", DAY)
ARCHIVE = Part("IHE_XDM.ZIP", "application/zip", b"PK\x03\x04" + bytes(60))
ABOUT = About("<sent@autre.fr>", "cabinet@pro.espace.test", "Lu : Résultat")

_SIGNS = st.characters(exclude_categories=("C", "Z"), exclude_characters="@＠'")
_WORDS = st.lists(st.text(_SIGNS, min_size=1, max_size=40), max_size=12).map(" ".join)
_LOCAL = st.from_regex(r"[a-z0-9!#$%&*+/=?^_`{|}~-]{1,30}(\.[a-z0-9]{1,10})?", fullmatch=True)
_DOMAIN = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,8}){1,3}", fullmatch=True)
_ADDRESSES = st.builds(
    Address, st.builds("{}@{}".format, _LOCAL, _DOMAIN), _WORDS.map(lambda words: words[:100].strip(" '"))
)
_IDS = st.from_regex(r"<[A-Za-z0-9.$_-]{1,60}@[a-z0-9.-]{1,40}>", fullmatch=True)
_LINES = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=300)
_TEXTS = st.lists(_LINES, max_size=12).map(lambda lines: "\n".join(lines).strip("\n"))
_NAMES = st.from_regex(r"[A-Za-zÀ-ÿ0-9_ ()-]{1,60}", fullmatch=True).map(lambda name: f"{name.strip() or 'a'}.pdf")
_PARTS = st.lists(
    st.builds(Part, _NAMES, st.sampled_from(("application/pdf", "image/png", "text/plain")), st.binary(max_size=400)),
    max_size=4,
)
_LETTERS = st.builds(
    NewLetter,
    message_id=_IDS,
    sender=_ADDRESSES,
    to=st.lists(_ADDRESSES, min_size=1, max_size=5).map(tuple),
    cc=st.lists(_ADDRESSES, max_size=3).map(tuple),
    subject=_WORDS.filter(lambda words: "=?" not in words and "[" not in words),
    text=_TEXTS.filter(lambda text: bool(text.strip()) or not text),
    date=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
    in_reply_to=st.one_of(st.just(""), _IDS),
    references=st.lists(_IDS, max_size=30, unique=True).map(tuple),
    parts=_PARTS.map(tuple),
    wants_receipt=st.booleans(),
    automatic=st.booleans(),
    mss=st.just({"X-MSS-INS": ("O",), "X-MSS-NIL": ("LPS12",)}),
    calendar=st.one_of(
        st.none(), st.just(Part("invitation.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST"))
    ),
)


def as_written(letter: NewLetter, content: bytes) -> Letter:
    """What a reader must make of the letter."""
    found = read(content)
    return replace(
        found,
        message_id=letter.message_id,
        sender=letter.sender,
        to=letter.to,
        cc=letter.cc,
        subject=letter.subject,
        text=letter.text,
        date=letter.date,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        parts=letter.parts,
        calendars=(letter.calendar,) if letter.calendar else (),
        wants_receipt=letter.sender.address if letter.wants_receipt else "",
        automatic=letter.automatic,
        mss=letter.mss,
        report=None,
        faults=(),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_LETTERS)
def test_what_is_written_is_what_is_read(letter: NewLetter) -> None:
    content = write(letter)
    assert read(content) == as_written(letter, content)
    assert write(letter) == content
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    head = content.partition(b"\r\n\r\n")[0]
    assert head.isascii()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_LETTERS)
def test_the_standard_library_reads_the_same(letter: NewLetter) -> None:
    found = email.message_from_bytes(write(letter), policy=email.policy.default)
    assert not found.defects
    assert [each.addr_spec for each in found["To"].addresses] == [each.address for each in letter.to]
    files = [each for each in found.iter_attachments() if each.get_content_disposition() == "attachment"]
    assert [each.get_payload(decode=True) for each in files] == [each.content for each in letter.parts]
    assert [each.get_filename() for each in files] == [each.name for each in letter.parts]


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0", "\x0b", "\x1b", "\x7f", "\ud800"])
@pytest.mark.parametrize(
    "change",
    [
        lambda bad: {"subject": f"a{bad}Bcc: x@y.fr"},
        lambda bad: {"sender": Address("a@x.fr", f"a{bad}b")},
        lambda bad: {"sender": Address(f"a{bad}@x.fr")},
        lambda bad: {"to": (Address(f"a@x.fr{bad}"),)},
        lambda bad: {"message_id": f"<a{bad}@x.fr>"},
        lambda bad: {"in_reply_to": f"<a@x.fr>{bad}"},
        lambda bad: {"references": (f"<a@x.fr>{bad}X: y",)},
        lambda bad: {"parts": (Part(f"a{bad}.pdf", "application/pdf", b""),)},
        lambda bad: {"parts": (Part("a.pdf", "application/pdf", b"", f"a{bad}b"),)},
        lambda bad: {"mss": {"X-MSS-INS": (f"O{bad}X: y",)}},
    ],
)
def test_nothing_is_let_into_a_header(sign: str, change: object) -> None:
    assert callable(change)
    with pytest.raises(ValueError):
        write(replace(LETTER, **change(sign)))


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@x.fr", "a b@x.fr", "a@x.fr,b@x.fr", "<a@x.fr>", "é@x.fr", "a..b@x.fr"]
)
def test_an_address_is_an_address(address: str) -> None:
    with pytest.raises(ValueError):
        write(replace(LETTER, to=(Address(address),)))


@pytest.mark.parametrize("odd", ["<no-at>", f"<{'a' * 240}@x.fr>", "<a@b@c>", '<"a b"@x>'.replace(" ", "")])
def test_whatever_was_read_can_be_answered(odd: str) -> None:
    asked = write(LETTER).replace(b"<1@pro.espace.test>", odd.encode())
    named = read(asked).message_id
    assert named == odd
    answer = read(write(replace(LETTER, in_reply_to=named, references=(named,))))
    assert (answer.in_reply_to, answer.references) == (odd, (odd,))


def test_a_part_never_brings_headers_of_its_own() -> None:
    odd = Part("a.eml", "message/rfc822; x=y\r\nX: y", b"From: a@b.fr\r\n\r\nx")
    found = read(write(replace(LETTER, parts=(odd,)))).parts[0]
    assert (found.media, found.content) == ("application/octet-stream", odd.content)


def test_a_boundary_stands_in_no_part() -> None:
    boundary = re.search(rb'boundary="([^"]+)"', write(replace(LETTER, parts=(ARCHIVE,))))
    assert boundary is not None
    text = f"--{boundary[1].decode()}--"
    content = write(replace(LETTER, parts=(ARCHIVE,), text=text))
    assert read(content).text == text
    assert read(content).parts == (ARCHIVE,)


def test_a_code_of_a_document_goes_with_an_archive_only() -> None:
    coded = replace(LETTER, mss={"X-MSS-CODECDA": ("11502-2", "34133-9")})
    with pytest.raises(ValueError):
        write(coded)
    found = read(write(replace(coded, parts=(ARCHIVE,))))
    assert found.mss == {"X-MSS-CODECDA": ("11502-2", "34133-9")}
    assert found.parts == (ARCHIVE,)


@pytest.mark.parametrize("mss", [{"X-MSS-MES": ("x",)}, {"Bcc": ("a@x.fr",)}, {"X-MSS-INS": ("O;X",)}])
def test_a_header_nobody_knows_is_not_invented(mss: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError):
        write(replace(LETTER, mss=mss))


def test_an_invitation_says_what_it_is_for() -> None:
    event = Part("invitation.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n")
    content = write(replace(LETTER, calendar=event, parts=(ARCHIVE,)))
    found = email.message_from_bytes(content)
    assert [each.get_param("method") for each in found.walk() if each.get_content_type() == "text/calendar"] == [
        "CANCEL"
    ]
    letter = read(content)
    assert (letter.calendars, letter.parts, letter.text) == ((event,), (ARCHIVE,), LETTER.text)


@pytest.mark.parametrize("disposition", list(Disposition))
@pytest.mark.parametrize("by_hand", [True, False])
def test_a_receipt_says_for_what_and_how(disposition: Disposition, by_hand: bool) -> None:
    content = receipt(
        ABOUT,
        to="dr@autre.fr",
        sender=US,
        message_id="<r@pro.espace.test>",
        date=DAY,
        text="Le message a été lu.",
        disposition=disposition,
        by_hand=by_hand,
    )
    letter = read(content)
    assert letter.report is not None
    assert (letter.report.kind, letter.report.of, letter.in_reply_to) == ("disposition", ABOUT.of, ABOUT.of)
    line = letter.report.lines[0]
    assert (line.address, line.action, line.status) == (ABOUT.recipient, disposition, "")
    assert letter.text == "Le message a été lu."
    assert (b"manual-action/MDN-sent-manually" in content) is by_hand
    assert not letter.may_be_answered
    assert email.message_from_bytes(content).get_param("report-type") == "disposition-notification"


def test_a_failure_is_a_plain_mail_or_the_receipt_that_was_asked_for() -> None:
    words = "Aucun patient n’est connu sous cette identité."
    plain = read(_failed(words, ""))
    assert plain.subject.startswith("[KO Intégration système !][902]")
    assert plain.report is not None
    assert (plain.report.kind, plain.report.of, plain.report.lines[0].status) == ("delivery", ABOUT.of, "902")
    asked = read(_failed(words, "accuse@autre.fr"))
    assert [each.address for each in asked.to] == ["accuse@autre.fr"]
    assert asked.report is not None
    assert (asked.report.kind, asked.report.of) == ("disposition", ABOUT.of)
    assert (asked.report.lines[0].action, asked.report.lines[0].status) == ("processed", "error")
    assert asked.report.lines[0].words.startswith("902 ")
    for each in (plain, asked):
        assert each.text == words
        assert each.report is not None
        assert each.report.failed
        assert not each.may_be_answered


def _failed(words: str, receipt_to: str) -> bytes:
    return failure(
        ABOUT,
        to="dr@autre.fr",
        sender=US,
        message_id="<f@pro.espace.test>",
        date=DAY,
        text=words,
        code="902",
        receipt_to=receipt_to,
    )


def test_a_delivery_report_says_who_did_not_get_it() -> None:
    content = delivery_report(
        ABOUT,
        to="dr@autre.fr",
        sender=US,
        message_id="<d@pro.espace.test>",
        date=DAY,
        text="Non remis.",
        status="5.1.1",
        diagnostic="550 5.1.1 inconnu à cette adresse\r\nX: y",
    )
    report = read(content).report
    assert report is not None
    assert (report.kind, report.of, report.failed) == ("delivery", ABOUT.of, True)
    line = report.lines[0]
    assert (line.address, line.action, line.status) == (ABOUT.recipient, "failed", "5.1.1")
    assert line.words == "550 5.1.1 inconnu ? cette adresse X: y"
    for status in ("", "200", "5.1", "5.1.1\r\n"):
        with pytest.raises(ValueError):
            delivery_report(ABOUT, to="a@x.fr", sender=US, message_id="<d@x.fr>", date=DAY, text="", status=status)
