"""What one may not see changes nothing for the one who may not see it (security.md R13, R14).

Two families are made alike, minute by minute; in one of them a doctor also deposits secret documents, and others read
them. Whoever is excluded then walks through everything: every page, fragment, header and letter must be the same, the
answers of a search for the very words that were deposited among them.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete

from espace import db
from espace.access import services as access
from espace.access.services import Answer
from espace.accounts.models import Throttle
from espace.documents import services as documents
from espace.documents.services.deciding import delays, states
from espace.documents.services.finding import texts
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import START, FakeClock
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

SECRET, TITLE = "Entretien Zibeline", "Compte rendu"
WORDS = ("Zibeline", "Zibalene", "entretien", "Compte", "2026")
LABORATORY = "11502-2"
_KINDS: dict[str, dict[str, bool]] = {
    "from the parents": {"representatives_see": False},
    "from the person": {"representatives_see": True, "patient_invisible": True},
    "from professionals": {"representatives_see": True},
    "until it is wanted": {"representatives_see": True},
}
_EXCLUDED = {
    "from the parents": ("mother", "father", "stranger", "visitor"),
    "from the person": ("teen", "mother", "father", "stranger"),
    "from professionals": ("reader", "asking", "stranger"),
    "until it is wanted": ("teen", "mother", "father", "stranger"),
}
_SAID = re.compile(r'<p class="says after">(?:(?!</p>).)*/documents/delais">.*?</p>', re.DOTALL)
"""That a result waits is said to its person, as they asked: the line above their list."""
_BLANK = re.compile(r"\n\s*\n")
_TOLD_OF_WAITING = ("/documents/delais", "/documents/tout-cacher", "/historique", "/VISIT", "/dossiers/ID/")
"""Where it is said, too: what waits, how many would be hidden, and that somebody read « un document » in a visit.

The names one may filter the history by are no such place.
"""
_MASKS = (
    (re.compile(r'nonce(="|-)[\w-]{22}'), "NONCE"),
    (re.compile(r'name="csrf_token"[^>]*value="[^"]+"|"X-CSRFToken": *"[^"]+"'), "CSRF"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "ID"),
    (re.compile(r"pouls\?v=[0-9a-f]+\.[0-9a-f]*"), "PULSE"),
    (re.compile(r"personne\d+@"), "MAIL"),
    (re.compile(r"R?\d( ?\d){9,}|\d \d\d \d\d \d{2,3} \d{3} \d{3}( \d\d)?"), "NUMBER"),
    (re.compile(r"avant=[\w%=-]{20,60}"), "CURSOR"),
    (re.compile(r"historique/visites/[\w%=-]{20,60}"), "VISIT"),
    (re.compile(r"\br=[\w%=-]{40,}"), "QUESTION"),
    (re.compile(r'<b class="num">[0-9A-Z]{4} [0-9A-Z]{4}'), "MARK"),
    (re.compile(r'name="passcode"[^>]*value="\d{6}"'), "PASSCODE"),
)
_SAME = ("Content-Type", "Vary", "Cache-Control", "ETag", "Last-Modified", "Location", "Retry-After", "Allow")


@dataclass(frozen=True)
class Family:
    """A girl of sixteen with an account of her own, her parents, and those who care for her."""

    people: dict[str, build.Citizen | build.Caregiver]
    teen: build.Citizen
    depositor: build.Caregiver

    def browser(self, app: Flask, who: str) -> Browser:
        """A browser in the hands of one of them."""
        found = self.people.get(who)
        return found.browser(app) if found else Browser(app)


def _family(app: Flask, clock: FakeClock, kind: str, *, others: int, secrets: int) -> Family:
    clock.now = START
    with db.write() as tx:
        tx.execute(delete(Throttle))  # the first family's activations are not the second's
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother, father))
    depositor, reader = build.caregiver("Aubin", "Luce"), build.caregiver("Perrin", "Luc")
    asking = build.caregiver("Roy", "Ana")
    for professional in (depositor, reader):
        build.consent(teen, professional, Answer.GRANT)
    build.consent(teen, asking)
    for number in range(others):
        clock.advance(timedelta(minutes=1))
        texts.index(teen.record_id, deposit(depositor, teen, f"{TITLE} {number}", representatives_see=True))
    held = kind == "until it is wanted"
    if held:
        known = delays.choices(teen.standing())
        delays.choose(teen.standing(), known | {delays.ResultKind.LABORATORY: None}, known=known)
    for number in range(secrets):
        clock.now = START + timedelta(minutes=30)
        made = deposit(depositor, teen, f"{SECRET} {number}", LABORATORY if held else "", **_KINDS[kind])
        if kind == "from professionals":
            states.hide(teen.standing(), made, choices=0)
        texts.index(teen.record_id, made)
    clock.now = START + timedelta(hours=1)
    everybody: dict[str, build.Citizen | build.Caregiver] = {
        "mother": mother,
        "father": father,
        "teen": teen,
        "reader": reader,
        "asking": asking,
    }
    stranger = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    family = Family({**everybody, "stranger": stranger}, teen, depositor)
    for professional in (depositor, reader):
        _read_all(professional.browser(app), teen)
    clock.now = START + timedelta(hours=3)
    return family


def deposit(by: build.Caregiver, at: build.Citizen, title: str, kind: str = "", **marks: Any) -> UUID:
    standing = by.standing(at.record_id)
    assert standing is not None
    kind = kind or _usual(by)
    command = documents.DepositDocument(
        title=title, date=date(2026, 11, 2), type_code=kind, content=title.encode(), **marks
    )
    return documents.deposit(standing, command)


def _usual(by: build.Caregiver) -> str:
    return min(access.may_deposit(by.actor.profession) & access.readable_types(by.actor.profession))


def _read_all(browser: Browser, holder: build.Citizen) -> None:
    """Look at each list once; open every document, take it away, ask what could be decided about it."""
    base = f"/pro/patients/{holder.record_id}"
    opened = re.compile(rf"{base}/documents/[0-9a-f-]{{36}}")
    listed = browser.get(f"{base}/documents")
    browser.get(f"{base}/soins")
    for place in dict.fromkeys(href for href in listed.links.values() if opened.fullmatch(href)):
        browser.get(place)
        for act in ("contenu", "original", "imprimer", "xdm", "annoncer", "parents", "supprimer"):
            browser.get(f"{place}/{act}", expect=None, follow=False)


def seen(browser: Browser, family: Family) -> Iterator[tuple[str, int, list[str | None], str]]:
    """Everything one meets: pages, parts of pages, answers to searches, and addresses one only guesses."""
    record = family.teen.record_id
    starts = [f"/dossiers/{record}/", f"/dossiers/{record}/historique", f"/dossiers/{record}/historique?qui=moi"]
    starts += [f"/pro/patients/{record}/", "/dossiers/", "/pro/"]
    for base in (f"/dossiers/{record}", f"/pro/patients/{record}"):
        starts += [f"{base}/soins", f"{base}/documents", f"{base}/documents/dossiers"]
        starts += [f"{base}/documents?{asked}" for asked in _filters(family)]
        starts += [f"{base}/documents/{place}" for place in ("delais", "tout-cacher", "tout-montrer")]
    open_to = [place for place in starts if browser.get(place, expect=None, follow=False).status == 200]
    shut = [place for place in starts if place not in open_to]
    for page in crawl(browser, *open_to, limit=1000) if open_to else ():  # all of them: the twins must not stop apart
        yield masked(page, page.path)
    for place in shut:
        yield masked(browser.get(place, expect=None, follow=False), place)
    for place, part in itertools.product(open_to[:2], ("history", "documents")):
        yield masked(browser.fragment(place, part, expect=None, follow=False), place)
    yield from _searches(browser, family)


def _filters(family: Family) -> Iterator[str]:
    """What a list may be narrowed to."""
    yield from (f"sorte={code}" for code in documents.CLASSES)
    yield from (f"vue={view}" for view in ("nouveaux", "non-lus", "favoris", "archives", "versions"))
    yield from (f"type={code}" for code in (_usual(family.depositor), LABORATORY))
    yield from ("periode=1", "du=2026-11-02&au=2026-11-02", "du=2026-11-03", "ordre=date")


def _searches(browser: Browser, family: Family) -> Iterator[tuple[str, int, list[str | None], str]]:
    """The answers to searches for the words of what was deposited, and for others."""
    for base in (f"/dossiers/{family.teen.record_id}", f"/pro/patients/{family.teen.record_id}"):
        ask = browser.get(f"{base}/documents/recherche", expect=None, follow=False)
        yield masked(ask, ask.path)
        if ask.status != 200:
            continue
        for words, place in itertools.product(WORDS, ("documents/recherche", "soins/recherche")):
            sent = {"csrf_token": ask.csrf_token, "q": words, "mots": words}
            found = browser.send("POST", f"{base}/{place}", expect=None, data=sent)
            yield masked(found, f"{found.path} for {words}")


def masked(page: Page, place: str) -> tuple[str, int, list[str | None], str]:
    def mask(text: str) -> str:
        for pattern, word in _MASKS:
            text = pattern.sub(word, text)
        return text

    text = (page.response.mimetype or "").startswith("text/")
    body = mask(page.response.get_data(as_text=True)) if text else ""
    return mask(place), page.status, [mask(page.headers.get(name, "")) for name in _SAME], body


def letters(family: Family, who: str) -> list[Any]:
    person = family.people.get(who)
    if not isinstance(person, build.Citizen):
        return []
    own = {"to": "", "subject_id": "", "notices": ""}  # ids, made anew for each family
    found = build.mails_to(person.email)
    return [{**one, **own, "values": sorted(one["values"]), "told": len(one["notices"])} for one in found]


@on_sqlite
@pytest.mark.parametrize("kind", list(_KINDS))
def test_whoever_is_excluded_meets_the_same_with_and_without_forty_of_them(
    app: Flask, clock: FakeClock, kind: str
) -> None:
    _compare(app, clock, kind, others=2, secrets=40)


def test_both_engines_keep_secrets_alike(app: Flask, clock: FakeClock) -> None:
    _compare(app, clock, "from the parents", others=1, secrets=2)


@on_sqlite
@pytest.mark.parametrize("kind", list(_KINDS))
def test_a_record_that_holds_nothing_else_looks_empty(app: Flask, clock: FakeClock, kind: str) -> None:
    _compare(app, clock, kind, others=0, secrets=1)


def _compare(app: Flask, clock: FakeClock, kind: str, *, others: int, secrets: int) -> None:
    without = _family(app, clock, kind, others=others, secrets=0)
    with_it = _family(app, clock, kind, others=others, secrets=secrets)
    for who in _EXCLUDED[kind]:
        walks = []
        for family in (without, with_it):
            clock.now = START + timedelta(hours=4)
            walks.append(list(_unsaid(seen(family.browser(app, who), family), kind)))
        assert len(walks[0]) > 10
        for one, other in zip(*walks, strict=True):
            assert SECRET not in other[3], f"{who} reads the title at {other[0]}"
            assert one == other, f"{who} can tell at {other[0]}: {difference(one[3], other[3])}"
        assert letters(without, who) == letters(with_it, who), f"{who} gets other letters"


Met = tuple[str, int, list[str | None], str]


def _unsaid(met: Iterable[Met], kind: str) -> Iterator[Met]:
    """What was met, without what a person is told of a result that waits as they chose: its title never is."""
    for place, status, headers, body in met:
        if kind != "until it is wanted":
            yield place, status, headers, body
            continue
        assert SECRET not in body, place
        if not place.endswith(_TOLD_OF_WAITING):
            yield place, status, headers, _BLANK.sub("\n", _SAID.sub("", body))


def difference(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(at - 60, 0) : at + 90]!r} / {other[max(at - 60, 0) : at + 90]!r}"


@on_sqlite
def test_whoever_is_not_excluded_sees_a_difference(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    without, with_it = (_family(app, clock, "from the parents", others=1, secrets=n) for n in (0, 1))
    walks = [list(seen(family.browser(app, "teen"), family)) for family in (without, with_it)]
    assert walks[0] != walks[1]
    assert any(SECRET in body for *_, body in walks[1])
