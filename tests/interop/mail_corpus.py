"""Messages as mail programs of all sorts write them, and the ways in which they are broken."""

import base64
from email import policy
from email.message import EmailMessage
from random import Random

_PHRASE = "Bonjour résultat élevé à jeun glycémie œdème naïve — « ça » 0,92 g/L ordonnance Île €"
_BREAKS = (
    *(b"\r\n--", b"\r\n\r\n", b"\r\n", b"=?utf-8?b?", b"?=", b"\0", b"\r", b"\n"),
    *(b'"', b"<", b">", b";", b":", b"("),
)
_SWAPS = (
    (b"utf-8", b"utf-7"),
    (b"utf-8", b"zlib"),
    (b"utf-8", b"no-such-set"),
    (b"base64", b"x-uuencode"),
    (b"base64", b"quoted-printable"),
    (b"quoted-printable", b"base64"),
    (b"multipart/mixed", b"multipart/digest"),
    (b"multipart/mixed", b"message/rfc822"),
    (b"text/plain", b"multipart/mixed"),
    (b"text/plain", b"text/html"),
    (b"boundary=", b"boundary*0="),
    (b"filename=", b"filename*=utf-8''"),
    (b"\r\n", b"\n"),
    (b"From:", b"From"),
    (b"Content-", b"\tContent-"),
)


def lines(*them: str) -> bytes:
    """Lines of a message, ended as on the wire."""
    return "\r\n".join((*them, "")).encode()


HEAD = (
    "From: Cabinet Martin <cabinet@pro.mssante.fr>",
    "To: 260047505600147@patient.mssante.fr",
    "Subject: =?utf-8?q?R=C3=A9sultat?=",
    "Date: Thu, 01 Jan 2026 10:00:00 +0100",
    "Message-ID: <1@pro.mssante.fr>",
    "MIME-Version: 1.0",
)
PDF = base64.encodebytes(b"%PDF-1.4 " + bytes(range(256))).decode().strip().replace("\n", "\r\n")

MESSAGES: dict[str, bytes] = {
    "plain": lines(*HEAD, "", "Bonjour."),
    "no type, accents as they are": lines(*HEAD, "", "Ça va."),
    "latin": lines(*HEAD, "Content-Type: text/plain; charset=iso-8859-1", "") + "Élevé\r\n".encode("latin-1"),
    "quoted": lines(
        *HEAD,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "=C3=87a va, c=E2=80=99est une ligne tr=C3=A8s =",
        "longue.",
    ),
    "flowed": lines(
        *HEAD,
        "Content-Type: text/plain; charset=utf-8; format=flowed",
        "",
        "Un paragraphe ",
        "sur deux lignes.",
        "Un autre.",
        "-- ",
        "Dr Martin",
    ),
    "only HTML": lines(
        *HEAD, "Content-Type: text/html; charset=utf-8", "", "<p>Bonjour<script>x()</script></p><p>Ça va.</p>"
    ),
    "two ways and a file": lines(
        *HEAD,
        'Content-Type: multipart/mixed; boundary="o"',
        "",
        "This is a message with several parts.",
        "--o",
        "Content-Type: multipart/alternative; boundary=i",
        "",
        "--i",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Bonjour.",
        "--i",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<p>Bonjour.</p>",
        "--i--",
        "--o",
        'Content-Type: application/pdf; name="=?utf-8?q?r=C3=A9sultat.pdf?="',
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment;",
        " filename*0*=utf-8''r%C3%A9sul;",
        " filename*1*=tat%20final.pdf",
        "",
        PDF,
        "--o--",
        "after",
    ),
    "a picture inside": lines(
        *HEAD,
        "Content-Type: multipart/related; boundary=r",
        "",
        "--r",
        "Content-Type: text/html",
        "",
        '<img src="cid:logo@x" alt="Logo"> Bonjour',
        "--r",
        "Content-Type: image/png",
        "Content-ID: <logo@x>",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: inline",
        "",
        "iVBORw0KGgo=",
        "--r--",
    ),
    "a message inside": lines(
        *HEAD,
        "Content-Type: multipart/mixed; boundary=m",
        "",
        "--m",
        "",
        "Voyez.",
        "--m",
        "Content-Type: message/rfc822",
        "",
        "From: a@b.fr",
        "Subject: =?utf-8?q?Pr=C3=A9c=C3=A9dent?=",
        "Content-Type: multipart/mixed; boundary=n",
        "",
        "--n",
        "",
        "Dedans.",
        "--n--",
        "--m--",
    ),
    "an invitation twice": lines(
        *HEAD,
        "Content-Type: multipart/mixed; boundary=c",
        "",
        "--c",
        "Content-Type: text/plain",
        "",
        "Rendez-vous.",
        "--c",
        'Content-Type: text/calendar; method=REQUEST; name="invite.ics"',
        "",
        "BEGIN:VCALENDAR",
        "METHOD:REQUEST",
        "END:VCALENDAR",
        "--c",
        'Content-Type: application/ics; name="invite.ics"',
        "Content-Disposition: attachment; filename=invite.ics",
        "Content-Transfer-Encoding: base64",
        "",
        base64.b64encode(b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n").decode(),
        "--c--",
    ),
    "a delivery report": lines(
        "From: MAILER-DAEMON@mx.example.fr (Mail Delivery System)",
        "To: cabinet@pro.mssante.fr",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "Message-ID: <bounce@mx.example.fr>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=d",
        "",
        "--d",
        "Content-Type: text/plain",
        "",
        "I'm sorry.",
        "--d",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.fr",
        "",
        "Final-Recipient: rfc822; inconnu@example.fr",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 User",
        " unknown",
        "",
        "Final-Recipient: rfc822; plein@example.fr",
        "Action: delayed",
        "Status: 4.2.2",
        "--d",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <sent@espace.fr>",
        "Subject: x",
        "",
        "y",
        "--d--",
    ),
    "a receipt": lines(
        *HEAD,
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=n",
        "",
        "--n",
        "",
        "Lu.",
        "--n",
        "Content-Type: message/disposition-notification",
        "",
        "Final-Recipient: rfc822;cabinet@pro.mssante.fr",
        "Original-Message-ID: <sent@espace.fr>",
        "Disposition: manual-action/MDN-sent-manually; displayed",
        "--n--",
    ),
    "a failure": lines(
        "From: <dmp@hopital.mssante.fr>",
        "To: cabinet@pro.mssante.fr",
        "Subject: =?utf-8?q?=5BKO_Int=C3=A9gration_syst=C3=A8me_!=5D=5B902=5D?= Lettre",
        "In-Reply-To: <sent@espace.fr>",
        "",
        "Patient inconnu.",
    ),
    "empty parts": lines(*HEAD, "Content-Type: multipart/mixed; boundary=e", "", "--e", "", "--e", "", "", "--e--"),
    "unfinished": lines(*HEAD, "Content-Type: multipart/mixed; boundary=e", "", "--e", "", "Bonjour."),
    "undivided": lines(*HEAD, "Content-Type: multipart/mixed; boundary=e", "", "Bonjour."),
    "one boundary begins with the other": lines(
        *HEAD,
        "Content-Type: multipart/mixed; boundary=ab",
        "",
        "--ab",
        "Content-Type: multipart/mixed; boundary=abc",
        "",
        "--abc",
        "",
        "Dedans.",
        "--abc--",
        "--ab--",
    ),
    "the same boundary within": lines(
        *HEAD,
        "Content-Type: multipart/mixed; boundary=ab",
        "",
        "--ab",
        "Content-Type: multipart/mixed; boundary=ab",
        "",
        "--ab",
        "",
        "Dedans.",
        "--ab--",
        "--ab--",
    ),
}


def generated(draw: Random) -> bytes:
    """A well-formed message, of parts drawn by lot, written by the standard library."""
    made = EmailMessage(policy=policy.SMTP.clone(max_line_length=draw.choice((60, 78, 200))))
    made["From"] = draw.choice(
        ("Élise Müller <e@pro.mssante.fr>", "e@pro.mssante.fr", '"Müller, É." <e@pro.mssante.fr>')
    )
    made["To"] = ", ".join(f"n{number}@x.fr" for number in range(draw.randint(1, 8)))
    made["Subject"] = _phrase(draw, draw.randint(1, 20))
    made["Message-ID"] = f"<{draw.getrandbits(64):x}@pro.mssante.fr>"
    made["Date"] = "Thu, 01 Jan 2026 10:00:00 +0100"
    if draw.random() < 0.3:
        made["References"] = " ".join(f"<{number}@x.fr>" for number in range(draw.randint(1, 30)))
    encoding = draw.choice(("quoted-printable", "base64", "8bit"))
    made.set_content(_phrase(draw, draw.randint(0, 60)), cte=encoding, charset=draw.choice(("utf-8", "utf-16")))
    if draw.random() < 0.5:
        made.add_alternative(f"<p>{_phrase(draw, 20)}</p>", subtype="html")
    for _ in range(draw.randint(0, 4)):
        content = draw.randbytes(draw.randint(0, 3000))
        made.add_attachment(content, "application", "pdf", filename=f"{_phrase(draw, 3)}.pdf", cte="base64")
    return bytes(made)


def mutated(draw: Random, content: bytes) -> bytes:
    """The message after one to six accidents."""
    made = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        place, end = draw.randrange(len(made) + 1), draw.randrange(len(made) + 1)
        match draw.randrange(8):
            case 0:
                del made[place:]
            case 1:
                del made[place : place + draw.randint(1, 80)]
            case 2:
                made[place:place] = draw.choice(_BREAKS) * draw.choice((1, 1, 2, 50))
            case 3:
                made[place:place] = draw.randbytes(draw.randint(1, 40))
            case 4:
                made[place:place] = made[min(place, end) : min(place, end) + 400] * draw.choice((1, 3, 30))
            case 5:
                old, new = draw.choice(_SWAPS)
                made = made.replace(old, new, draw.choice((1, -1)))
            case 6:
                made[place:place] = draw.choice(hostile_pieces())
            case _:
                if made:
                    made[place % len(made)] = draw.randrange(256)
    return bytes(made)


def hostile_pieces() -> tuple[bytes, ...]:
    """Pieces that cost a careless reader its time or its memory."""
    return (
        b"Subject: " + b"=?utf-8?q?=41?= " * 4000 + b"\r\n",
        b"X-Long: " + b"a" * 100_000 + b"\r\n",
        b"To: " + b"(" * 20_000 + b"\r\n",
        b"To: " + b'"\\' * 20_000 + b"\r\n",
        b"Content-Type: multipart/mixed; " + b'boundary="' * 2000 + b"\r\n",
        b"Content-Disposition: attachment; " + b"filename*1*=a; " * 3000 + b"\r\n",
        b"References: " + b"<a@b> " * 20_000 + b"\r\n",
        b"\r\n--o\r\n" * 300,
        b"\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 20_000,
        b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\N{BULLET}\\x\r\n",
        b"\r\r\r\n\n\n" * 100,
    )


def nested(depth: int) -> bytes:
    """Multiparts within each other, each with its own boundary."""
    made = lines(*HEAD)
    for level in range(depth):
        made += lines(f"Content-Type: multipart/mixed; boundary=b{level}", "", f"--b{level}")
    return made + lines("", "Au fond.") + b"".join(lines(f"--b{level}--") for level in reversed(range(depth)))


def wide(parts: int) -> bytes:
    """As many parts beside each other as asked for."""
    head = lines(*HEAD, "Content-Type: multipart/mixed; boundary=w", "")
    return head + b"".join(lines("--w", "", f"{number}") for number in range(parts)) + lines("--w--")


def _phrase(draw: Random, words: int) -> str:
    return " ".join(draw.choices(_PHRASE.split(), k=words))
