"""Messages that one may not read change nothing for the one who may not (security.md R13 to R15; rules.md MI-6, MI-12).

Records are made alike, minute by minute; in one of them messages come and go of which some may not know. Whoever is
excluded walks through everything: every page, count, header and letter must be the same, the answers of a search for
the very words that were written among them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace import outbox
from espace.assembly import handle_events
from espace.interop.mail_letter import Part
from espace.messaging.services.boxes import Box, box_of
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.reading import lists, threads
from espace.messaging.services.writing import drafts
from espace.permissions import Task
from tests.messaging import letters
from tests.support import build, readers
from tests.support.browser_client import Browser, Page
from tests.support.clock import START, FakeClock
from tests.support.crawl import places
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .test_noninterference import difference
from .test_noninterference import masked as masked_by_all

Met = tuple[str, int, list[str | None], str]
SECRET, OPEN = "Entretien Zibeline", "Consultation"
WORDS = ("Zibeline", "entretien", OPEN, "gynécologie", "resultats")
_VIEWS = ("", "?vue=non-lus", "?vue=envoyes", "?vue=archives", "?vue=brouillons", "/recherche", "/ecrire")
_CHOICE = re.compile(r'name="to" value="[^"]+"')
"""Somebody one may write to, in a form: a digest of this one box."""
PARENTS = ("mother", "father", "carer")


@dataclass(frozen=True)
class Home:
    """Whose record it is, and who walks through it; `guessed` are conversations somebody may have heard of."""

    holder: build.Citizen
    people: dict[str, build.Citizen]
    guessed: list[UUID]

    @property
    def base(self) -> str:
        """Where the pages of the record are."""
        return f"/dossiers/{self.holder.record_id}"


def _came(home: Home, text: str = "Tout va bien.", *, secret: bool = False, subject: str = OPEN, **given: Any) -> UUID:
    """A letter of the doctor, read by nobody yet."""
    parts = [Part(f"{subject}.pdf", "application/pdf", pdf(subject))]
    written = letters.letter(letters.address_of(home.holder), subject=subject, text=text, parts=parts, **given)
    found = letters.arrive(written, secret=secret)[0].conversation_id
    assert found is not None
    return found


def _own(home: Home) -> Box:
    return box_of(home.holder.standing())


def _answers(home: Home, conversation_id: UUID, *, secret: bool) -> None:
    outgoing = Outgoing(
        to=[letters.DOCTOR.address],
        key=uuid4(),
        subject=SECRET if secret else OPEN,
        text=f"Merci. {SECRET if secret else ''}",
        conversation_id=conversation_id,
        secret=secret,
    )
    sending.send(_own(home), outgoing)


def _minor(clock: FakeClock, *, secrets: int) -> Home:
    """A girl of sixteen, her parents, and her aunt who helps with messages."""
    clock.now = START
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    aunt, stranger = build.citizen("Ida", "Lecomte"), build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother, father))
    readers.carer(teen, aunt, Task.READ_MESSAGES, Task.WRITE_MESSAGES)
    people = {"teen": teen, "mother": mother, "father": father, "carer": aunt, "stranger": stranger}
    home = Home(teen, people, [uuid4()])
    clock.advance(timedelta(minutes=5))
    plain = _came(home)
    for _ in range(secrets):
        clock.now = START + timedelta(minutes=20)
        kept = _came(home, f"{SECRET}, service de gynécologie.", secret=True, subject=SECRET)
        _answers(home, kept, secret=True)
        _answers(home, plain, secret=True)  # an answer to what is open begins a conversation of its own
        threads.thread(_own(home), kept)
        drafts.begin(_own(home), drafts.Typed(to=(letters.DOCTOR.address,), text=SECRET, secret=True), kept)
        home.guessed.append(kept)
    clock.now = START + timedelta(hours=1)
    _deliver()
    return home


def _deliver() -> None:
    handle_events()
    for _ in range(50):
        if not outbox.work(limit=20):
            return


def _walk(home: Home, browser: Browser) -> Iterator[Page]:
    """Every page of the record that links lead to, and what one asks for without a link."""
    waiting = ["/dossiers/", "/compte/proches", f"{home.base}/", f"{home.base}/plus", f"{home.base}/acces"]
    waiting += [f"{home.base}/messages{view}" for view in _VIEWS] + [f"{home.base}/historique"]
    known = set(waiting)
    while waiting:
        page = browser.get(waiting.pop(0), expect=None, follow=False)
        yield page
        if page.is_html:
            new = [one for one in places(page) if one.startswith(home.base) and "/ecrire" not in one]
            new = [one for one in dict.fromkeys(new) if one not in known and len(known) < 200]
            known.update(new)
            waiting += new


def _meets(home: Home, browser: Browser) -> Iterator[Met]:
    for page in _walk(home, browser):
        yield masked(page, page.path)
    ask = browser.get(f"{home.base}/messages/recherche", expect=None, follow=False)
    for words in WORDS if ask.status == 200 else ():
        sent = {"csrf_token": ask.csrf_token, "q": words, "mots": words}
        yield masked(browser.send("POST", f"{home.base}/messages/recherche", expect=None, data=sent), words)
    token = {"csrf_token": browser.get("/compte/langue").csrf_token}
    for tail in ("", "/imprimer", "/pdf", "/copie"):
        yield masked(browser.get(f"{home.base}/messages/{home.guessed[-1]}{tail}", expect=None, follow=False), tail)
    for tail in ("archiver", "desarchiver", "non-lu"):
        place = f"{home.base}/messages/{home.guessed[-1]}/{tail}"
        yield masked(browser.send("POST", place, expect=None, follow=False, data=token), tail)


def masked(page: Page, place: str) -> Met:
    """What can be told apart of a page."""
    at, status, headers, body = masked_by_all(page, place)
    return at, status, headers, _CHOICE.sub("CHOICE", body)


def _told(person: build.Citizen) -> list[str]:
    return [mail["message"] for mail in build.mails_to(person.email)]


def _compare(app: Flask, clock: FakeClock, homes: list[Home], who: str) -> None:
    """Both walks are the same, and lead further than to a door."""
    walks = []
    for home in homes:
        clock.now = START + timedelta(hours=2)
        walks.append(list(_meets(home, home.people[who].browser(app))))
    assert len(walks[0]) > 10
    for one, other in zip(*walks, strict=True):
        assert SECRET not in other[3], f"{who} reads it at {other[0]}"
        assert one == other, f"{who} can tell at {other[0]}: {difference(one[3], other[3])}"
    assert _told(homes[0].people[who]) == _told(homes[1].people[who]), f"{who} gets other letters"


@pytest.mark.parametrize("who", [*PARENTS, "stranger"])
def test_what_a_minor_keeps_secret_changes_nothing_for_anybody_else(app: Flask, clock: FakeClock, who: str) -> None:
    _compare(app, clock, [_minor(clock, secrets=count) for count in (0, 3)], who)


@on_sqlite
def test_the_girl_herself_sees_a_difference(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    homes = [_minor(clock, secrets=count) for count in (0, 1)]
    with pytest.raises(AssertionError):
        _compare(app, clock, homes, "teen")
    assert lists.unread(box_of(homes[1].holder.standing())) == 1, "she read the secret one, the open one waits"


@on_sqlite
def test_the_open_part_of_an_exchange_is_seen_by_the_parents_and_the_secret_part_by_none(
    app: Flask, clock: FakeClock
) -> None:
    home = _minor(clock, secrets=1)
    for who in PARENTS:
        page = home.people[who].browser(app).get(f"{home.base}/messages")
        assert OPEN in page.text
        assert SECRET not in page.text
    teen = home.people["teen"].browser(app)
    assert SECRET in teen.get(f"{home.base}/messages").text
    assert SECRET in teen.get(f"{home.base}/historique").text, "the minor reads the rows of what they keep secret"


def _helped(clock: FakeClock, *, messages: int) -> Home:
    """Somebody whom a carer helps with documents alone."""
    clock.now = START
    holder, carer = build.citizen("Yves", "Quéméner", sex="M"), build.citizen("Soazig", "Diallo")
    readers.carer(holder, carer, Task.READ_DOCUMENTS, Task.ADD_DOCUMENTS)
    home = Home(holder, {"carer": carer, "holder": holder}, [uuid4()])
    for _ in range(messages):
        clock.now = START + timedelta(minutes=20)
        home.guessed.append(_came(home, SECRET, subject=SECRET))
        _answers(home, home.guessed[-1], secret=False)
    clock.now = START + timedelta(hours=1)
    _deliver()
    return home


def test_a_carer_without_the_task_meets_the_same_whatever_was_written(app: Flask, clock: FakeClock) -> None:
    homes = [_helped(clock, messages=count) for count in (0, 3)]
    _compare(app, clock, homes, "carer")
    carer = homes[1].people["carer"].browser(app)
    for tail in ("", "/recherche", "/ecrire", f"/{homes[1].guessed[-1]}"):
        carer.get(f"{homes[1].base}/messages{tail}", expect=404)


def _limited(clock: FakeClock, *, later: int) -> Home:
    """A child one of whose parents reads what came until a day, and no further."""
    clock.now = START
    mother, narrowed = build.citizen("Claire"), build.citizen("Lise", "Colas")
    child = build.citizen("Jules", birth=date(2017, 6, 1), sex="M", parents=(mother, narrowed), activated=False)
    home = Home(child, {"mother": mother, "narrowed": narrowed}, [uuid4()])
    clock.advance(timedelta(minutes=5))
    before = letters.letter(letters.address_of(child), subject=OPEN, message_id="<avant@hopital.operateur.example>")
    letters.arrive(before)
    clock.advance(timedelta(minutes=5))
    readers.restrict(child, narrowed, sees_before=clock())
    for number in range(later):
        clock.now = START + timedelta(minutes=20)
        home.guessed.append(_came(home, SECRET, subject=SECRET))
        _came(home, SECRET, subject=f"Re: {OPEN}", answers=before.message_id, message_id=f"<{number}@x.example>")
    clock.now = START + timedelta(hours=1)
    _deliver()
    return home


def test_a_parent_who_reads_up_to_a_day_meets_the_same_whatever_came_later(app: Flask, clock: FakeClock) -> None:
    homes = [_limited(clock, later=count) for count in (0, 3)]
    _compare(app, clock, homes, "narrowed")
    page = homes[1].people["narrowed"].browser(app).get(f"{homes[1].base}/messages")
    assert OPEN in page.text, "what came before stays readable"


@on_sqlite
def test_the_other_parent_sees_what_came_later(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    homes = [_limited(clock, later=count) for count in (0, 1)]
    with pytest.raises(AssertionError):
        _compare(app, clock, homes, "mother")


def test_a_reading_within_a_limit_changes_nothing_in_the_box(app: Flask, clock: FakeClock) -> None:
    """Who may only read leaves a row of the trail, and every message as unread as it was."""
    home = _limited(clock, later=0)
    narrowed = box_of(home.people["narrowed"].standing(home.holder.record_id))
    [line] = lists.page(narrowed).lines
    threads.thread(narrowed, line.id)
    assert lists.page(narrowed).lines[0].unread
    assert not narrowed.may_write
