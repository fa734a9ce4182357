"""What is taken away opens on the reader's own machine: its name ends as what it is."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from flask import Flask

from espace import outbox
from espace.interop.mail_letter import Part
from espace.interop.media import PDF
from espace.messaging.services.reading import attachments
from tests.support.papers import pdf

from .letters import address_of, arrive, letter
from .support import conversation_of, home

INVITATION = b"""BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@a.example\r\n\
DTSTART:20261201T090000Z\r\nDTEND:20261201T093000Z\r\nSUMMARY:Consultation\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


def packed() -> bytes:
    """A small archive."""
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "a")
    return held.getvalue()


@pytest.mark.parametrize(
    ("part", "ending"),
    [
        (Part("invitation.ics", "text/calendar", INVITATION), "ics"),
        (Part("images.zip", "application/zip", packed()), "zip"),
        (Part("Lettre.DOCX", "application/octet-stream", packed()), "docx"),
        (Part("lettre.docx", "application/octet-stream", b"MZ" + bytes(300)), "bin"),
        (Part("lettre.docm", "application/octet-stream", packed()), "zip"),
        (Part("analyse.exe", "application/octet-stream", b"%PDF-1.4\n%%EOF"), "pdf"),
    ],
)
def test_a_file_keeps_the_ending_that_opens_it(app: Flask, part: Part, ending: str) -> None:
    claire = home()
    is_invitation = part.media == "text/calendar"
    parts, calendars = ([], [part]) if is_invitation else ([part], [])
    [came] = arrive(letter(address_of(claire.person), parts=parts, calendars=calendars))
    assert came.message_id is not None
    [line] = attachments.of_messages(claire.box, [came.message_id])[came.message_id]
    answer = claire.person.browser(app).get(claire.at(f"pieces/{line.id}/contenu"), whole=False)
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment;")
    assert f'.{ending}"' in said


def test_a_conversation_is_taken_away_as_an_archive_that_opens(app: Flask) -> None:
    claire = home()
    place = claire.at(conversation_of(claire.receives()))
    answer = claire.person.browser(app).get(f"{place}/copie", whole=False)
    assert '.zip"' in answer.headers["Content-Disposition"]


def test_a_message_without_words_says_so_and_an_invitation_bears_no_file_name(app: Flask) -> None:
    claire = home()
    given = letter(address_of(claire.person), text=" ", calendars=[Part("invite.ics", "text/calendar", INVITATION)])
    [came] = arrive(given)
    outbox.work()
    page = claire.person.browser(app).get(claire.at(conversation_of(came)))
    assert "ne contient aucun texte" in page.text
    [link] = page.tree.xpath("//div[@class='attach']//a[contains(@href, '/pieces/')]")
    assert link.text_content() == "Invitation"
    seen = claire.person.browser(app).get(link.get("href"))
    assert seen.tree.xpath("//h1")[0].text_content().strip() == "Invitation"
    assert "mardi 1er décembre" in seen.text


def test_all_that_is_missing_to_file_an_attachment_is_said_at_once(app: Flask) -> None:
    claire = home()
    [came] = arrive(letter(address_of(claire.person), parts=[Part("note.pdf", PDF, pdf("Une note"))]))
    assert came.message_id is not None
    [line] = attachments.of_messages(claire.box, [came.message_id])[came.message_id]
    browser = claire.person.browser(app)
    form = browser.get(claire.at(f"pieces/{line.id}/ranger")).form("title", "date")
    page = browser.submit(form, {"title": "", "date": "", "type_code": ""}, expect=422)
    assert {one.get("id") for one in page.tree.xpath("//p[@class='err']")} == {"title-e", "date-e", "type_code-e"}
