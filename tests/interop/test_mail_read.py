from datetime import UTC, datetime
from random import Random

import pytest

from espace.interop import mail_tree
from espace.interop.mail_letter import Letter, ReportLine
from espace.interop.mail_read import MailError, letter_of, read
from tests.interop.mail_corpus import HEAD, MESSAGES, generated, lines, mutated, nested, wide


def message(*headers: str, text: str = "Bonjour.") -> bytes:
    """A message with some headers after the usual ones."""
    return lines(*HEAD, *headers, "", text)


def instead(name: str, value: str) -> bytes:
    """The usual message, one of its headers another; no value, no header."""
    kept = [each for each in HEAD if not each.startswith(f"{name}:")]
    return lines(*kept, *([f"{name}: {value}"] if value else []), "", "Bonjour.")


def both_ways(content: bytes) -> tuple[Letter | str, Letter | str] | None:
    """What the quick reader and the standard one make of a message; None where the quick one leaves it."""
    try:
        tree = mail_tree.quickly(content)
    except mail_tree._OddError:  # noqa: SLF001 - which road is taken is what is compared
        return None
    except MailError:
        return None
    try:
        other = mail_tree.patiently(content)
    except MailError:
        return None
    return judged(tree, len(content)), judged(other, len(content))


def judged(tree: mail_tree.Tree, size: int) -> Letter | str:
    """The letter, or why there is none."""
    try:
        return letter_of(tree, size)
    except MailError as error:
        return error.kind


def test_both_readers_make_the_same_of_what_programs_write() -> None:
    quick = 0
    for content in [*MESSAGES.values(), *(generated(Random(seed)) for seed in range(120))]:
        found = both_ways(content)
        assert found is None or found[0] == found[1]
        quick += found is not None
    assert quick > 130  # the quick road is the usual one


def test_both_readers_make_the_same_of_what_is_broken() -> None:
    base, quick = [*MESSAGES.values(), *(generated(Random(seed)) for seed in range(20)), nested(9), wide(80)], 0
    for seed in range(400):
        draw = Random(seed)
        found = both_ways(mutated(draw, draw.choice(base)))
        assert found is None or found[0] == found[1], seed
        quick += found is not None
    assert quick > 80


@pytest.mark.parametrize(
    ("name", "text", "files"),
    [
        ("plain", "Bonjour.", []),
        ("no type, accents as they are", "Ça va.", []),
        ("latin", "Élevé", []),
        ("quoted", "Ça va, c’est une ligne très longue.", []),
        ("flowed", "Un paragraphe sur deux lignes.\nUn autre.\n-- \nDr Martin", []),
        ("only HTML", "Bonjour\n\nÇa va.", []),
        ("two ways and a file", "Bonjour.", [("résultat final.pdf", "application/pdf", 265, "")]),
        ("a picture inside", "Logo Bonjour", [("piece-jointe-1.png", "image/png", 8, "logo@x")]),
        ("a message inside", "Voyez.", [("Précédent.eml", "message/rfc822", 122, "")]),
        ("an invitation twice", "Rendez-vous.", []),
        ("empty parts", "", []),
        ("unfinished", "Bonjour.", []),
        ("undivided", "Bonjour.", []),
        ("one boundary begins with the other", "Dedans.", []),
    ],
)
def test_what_a_message_says(name: str, text: str, files: list[tuple[str, str, int, str]]) -> None:
    letter = read(MESSAGES[name])
    assert letter.text == text
    assert [(each.name, each.media, len(each.content), each.content_id) for each in letter.parts] == files
    assert (letter.sender.address, letter.sender.name) == ("cabinet@pro.mssante.fr", "Cabinet Martin")
    assert (letter.subject, letter.message_id) == ("Résultat", "<1@pro.mssante.fr>")
    assert letter.date == datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_an_invitation_is_there_once_and_no_file() -> None:
    letter = read(MESSAGES["an invitation twice"])
    assert [each.name for each in letter.calendars] == ["invite.ics"]
    assert b"METHOD:REQUEST" in letter.calendars[0].content


@pytest.mark.parametrize(
    ("name", "kind", "of", "found"),
    [
        (
            "a delivery report",
            "delivery",
            "<sent@espace.fr>",
            [
                ReportLine("inconnu@example.fr", "failed", "5.1.1", "550 5.1.1 User unknown"),
                ReportLine("plein@example.fr", "delayed", "4.2.2"),
            ],
        ),
        ("a receipt", "disposition", "<sent@espace.fr>", [ReportLine("cabinet@pro.mssante.fr", "displayed")]),
        ("a failure", "delivery", "<sent@espace.fr>", [ReportLine("", "failed", "902", "Patient inconnu.")]),
    ],
)
def test_a_report_says_what_became_of_which_message(name: str, kind: str, of: str, found: list[ReportLine]) -> None:
    letter = read(MESSAGES[name])
    assert letter.report is not None
    assert (letter.report.kind, letter.report.of, list(letter.report.lines)) == (kind, of, found)
    assert letter.report.failed is (kind == "delivery")
    assert letter.automatic
    assert not letter.may_be_answered
    assert not letter.parts  # what comes back is ours already


def test_a_report_within_the_footer_of_a_list_is_still_one() -> None:
    inner = MESSAGES["a delivery report"]
    kind, _, body = inner.partition(b"Content-Type: ")[2].partition(b"\r\n\r\n")
    footed = lines(*HEAD, "Content-Type: multipart/mixed; boundary=f", "", "--f")
    footed += b"Content-Type: " + kind + b"\r\n\r\n" + body + lines("--f", "", "Footer", "--f--")
    letter = read(footed)
    assert letter.report == read(inner).report
    assert (letter.text, letter.parts) == ("I'm sorry.\n\nFooter", ())


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Cabinet",
        "a@x.fr, b@x.fr",
        "a@x.fr <b@y.fr>",
        "<a@x.fr> <b@y.fr>",
        "<a@x.fr> b",
        '"a@x.fr"',
        "a@x.fr, nobody",
        "group: a@x.fr, b@x.fr;",
        "<@relay.fr:a@x.fr>",
        "a@@x.fr",
        "a@x..fr",
        "a@-x.fr",
        ".a@x.fr",
        "é@x.fr",
        "a@x.fr\0",
        f"{'a' * 65}@x.fr",
        "=?utf-8?q?a=40x=2Efr?=",
    ],
)
def test_who_wrote_it_is_one_address_or_the_message_is_not_read(sender: str) -> None:
    with pytest.raises(MailError) as caught:
        read(instead("From", sender))
    assert caught.value.kind == "sender"


def test_two_senders_in_two_headers_are_refused() -> None:
    with pytest.raises(MailError):
        read(message("From: other@x.fr"))


@pytest.mark.parametrize(
    ("sender", "address", "name"),
    [
        ("a@x.fr", "a@x.fr", ""),
        ("a@x.fr (Jean)", "a@x.fr", "Jean"),
        ("a@x.fr <A@x.fr>", "A@x.fr", ""),
        ('"Martin, Jean" <a@x.fr>', "a@x.fr", "Martin, Jean"),
        ('"chef@trusted.fr" <a@x.fr>', "a@x.fr", ""),
        ("=?utf-8?q?chef=40trusted=2Efr?= <a@x.fr>", "a@x.fr", ""),
        ("=?utf-8?q?M=C3=BCller,_=C3=89?= <a@x.fr>", "a@x.fr", "Müller, É"),
        ("=?utf-8?b?w4k=?= =?utf-8?b?bGlzZQ==?= <a@x.fr>", "a@x.fr", "Élise"),
        ("=?utf-8?b?w?= =?utf-8?b?4k=?= <a@x.fr>", "a@x.fr", "�"),
        ("J\u202eean <a@x.fr>", "a@x.fr", "Jean"),
    ],
)
def test_a_name_never_passes_for_an_address(sender: str, address: str, name: str) -> None:
    found = read(instead("From", sender)).sender
    assert found.address == address
    assert name in (found.name, "�")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="lettre.pdf"', "lettre.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\dossier\\lettre.pdf"', "lettre.pdf"),
        ('attachment; filename=".htaccess"', "htaccess"),
        ("attachment; filename*=utf-8''lettre%E2%80%AEfdp.exe", "lettrefdp.exe"),
        ("attachment; filename*=utf-8''a%00%0D%0Ab.pdf", "a b.pdf"),
        ("attachment; filename*=iso-8859-1'fr'%E9t%E9.pdf", "été.pdf"),
        ("attachment; filename*0=let; filename*1=tre.pdf", "lettre.pdf"),
        ('attachment; filename="=?utf-8?q?=C3=A9t=C3=A9.pdf?="', "été.pdf"),
        ('attachment; filename="a<b>:c|d?.pdf"', "a_b__c_d_.pdf"),
        (f'attachment; filename="{"a" * 400}.pdf"', f"{'a' * 116}.pdf"),
        ("attachment", "piece-jointe-1.pdf"),
        ('attachment; filename="   "', "piece-jointe-1.pdf"),
    ],
)
def test_the_name_of_a_file_is_a_name_and_nothing_else(disposition: str, name: str) -> None:
    content = message("Content-Type: application/pdf", f"Content-Disposition: {disposition}", text="%PDF-")
    assert [each.name for each in read(content).parts] == [name]


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ((), False),
        (("Auto-Submitted: no",), False),
        (("Auto-Submitted: auto-replied (vacation)",), True),
        (("Precedence: bulk",), True),
        (("Precedence: normal",), False),
        (("List-Id: <liste.x.fr>",), True),
        (("X-Autoreply: yes",), True),
    ],
)
def test_a_program_is_told_from_a_person(headers: tuple[str, ...], automatic: bool) -> None:
    assert read(message(*headers)).automatic is automatic
    assert read(message(*headers), null_sender=True).automatic


def test_what_its_headers_ask_and_carry() -> None:
    letter = read(
        message(
            "Received: from a by b",
            "Received: from b by c",
            "Disposition-Notification-To: Dr <dr@x.fr>",
            "X-MSS-INS: O",
            "X-Mss-CodeCDA: 11502-2;34133-9",
            "In-Reply-To: <0@x.fr> trailing",
            "References: <-1@x.fr>",
            "\t<0@x.fr> <0@x.fr>",
            "Reply-To: autre@x.fr",
            "Cc: Un <un@x.fr>, broken, deux@x.fr",
        )
    )
    assert (letter.hops, letter.wants_receipt) == (2, "dr@x.fr")
    assert letter.mss == {"X-MSS-INS": ("O",), "X-MSS-CODECDA": ("11502-2", "34133-9")}
    assert (letter.in_reply_to, letter.references) == ("<0@x.fr>", ("<-1@x.fr>", "<0@x.fr>"))
    assert letter.reply_to is not None
    assert letter.reply_to.address == "autre@x.fr"
    assert [each.address for each in letter.cc] == ["un@x.fr", "deux@x.fr"]
    assert letter.faults == ("address",)


def test_the_same_message_through_another_relay_is_the_same() -> None:
    plain = MESSAGES["two ways and a file"]
    trace = lines("Received: from a by b", "Return-Path: <a@b.fr>", "DKIM-Signature: v=1", "X-Spam-Score: 0")
    recoded = MESSAGES["quoted"].replace(b"quoted-printable", b"8bit").replace(b"=\r\nlongue", b"longue")
    recoded = recoded.replace(b"=C3=87", "Ç".encode()).replace(b"=C3=A8", "è".encode())
    recoded = recoded.replace(b"=E2=80=99", "’".encode())
    assert read(trace + plain).digest == read(plain).digest
    assert read(recoded).digest == read(MESSAGES["quoted"]).digest
    other = {read(each).digest for each in MESSAGES.values()}
    assert len(other) >= len(MESSAGES) - 2  # two of them only differ in their boundaries
    assert read(plain.replace(b"<p>Bonjour.", b"<p>Autre.")).digest != read(plain).digest


def test_a_message_without_a_name_gets_one_that_stays() -> None:
    letter = read(instead("Message-ID", ""))
    assert letter.message_id == read(lines("Received: x") + instead("Message-ID", "")).message_id
    assert letter.message_id.startswith("<")
    assert "no-message-id" in letter.faults
    assert read(instead("Message-ID", "") + b"Autre.").message_id != letter.message_id


@pytest.mark.parametrize("value", ["", "yesterday", "Thu, 99 Foo 2026", "1" * 5000, "Thu, 01 Jan 99999 00:00:00 +9999"])
def test_a_date_that_is_none_is_a_fault(value: str) -> None:
    letter = read(instead("Date", value))
    assert letter.date is None
    assert "no-date" in letter.faults


def test_a_long_text_is_cut_and_goes_whole_as_a_file() -> None:
    text = "Une ligne de texte.\r\n" * 8000
    letter = read(message(text=text))
    assert len(letter.text) == 100_000
    assert "long-text" in letter.faults
    assert [(each.name, len(each.content)) for each in letter.parts] == [("message.txt", len(text) - 8000 - 1)]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<p>b", "a\n\nb"),
        ("a<br>b<div>c</div>d", "a\nb\nc\nd"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a\tb\nc"),
        ('<a href="https://x.fr/a">lien</a>', "lien <https://x.fr/a>"),
        ('<a href="https://x.fr/">https://x.fr</a>', "https://x.fr"),
        ('<a href="javascript:x()">lien</a>', "lien"),
        ('<a href="mailto:a@x.fr">a@x.fr</a>', "a@x.fr"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n>> b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<style>p{}</style><script>x()</script><title>t</title>a", "a"),
        ('<div style="display: none">cachée</div>vue', "vue"),
        ("&eacute;&lt;b&gt;&#x202e;x", "é<b>x"),
        ("<b>" * 3000 + "x", "x"),
        ("<!-- c --><![CDATA[d]]>e", "e"),
        ("", ""),
    ],
)
def test_of_html_the_words_are_kept(html: str, text: str) -> None:
    assert read(message("Content-Type: text/html; charset=utf-8", text=html)).text == text


@pytest.mark.parametrize("charset", ["utf-7", "zlib", "unicode_escape", "rot13", "punycode", "idna", "x" * 300, "\0"])
def test_a_set_of_characters_nobody_knows_hides_nothing(charset: str) -> None:
    letter = read(message(f'Content-Type: text/plain; charset="{charset}"', text="Ça va."))
    assert letter.text == "Ça va."
    assert "charset" in letter.faults


def test_beyond_the_limits_a_message_is_not_read() -> None:
    cases = {
        "too-large": b"x" * (25 * 1024 * 1024 + 1),
        "too-many-parts": wide(101),
        "too-deep": nested(11),
        "headers": message(*(f"X-{number}: y" for number in range(1001))),
        "too-many-addresses": instead("To", ", ".join(f"n{number}@x.fr" for number in range(1001))),
        "broken": message("Content-Type: multipart/mixed; boundary=x", text="a\r\n" * 1_100_000),
    }
    for kind, content in cases.items():
        with pytest.raises(MailError) as caught:
            read(content)
        assert caught.value.kind == kind
    assert len(read(wide(100)).text.split()) == 100
    assert read(nested(10)).text == "Au fond."
