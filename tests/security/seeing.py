"""A record with documents of every sort, who reads it, and what they meet on its pages, by address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

from lxml import html
from sqlalchemy import delete

from espace import db
from espace.access import services as access
from espace.access.services import KEPT, SHOWN, Answer
from espace.documents import services as documents
from espace.documents.models import DocumentMark, DocumentReader
from espace.documents.services import DepositDocument
from espace.documents.services.deciding import rules, states
from espace.documents.services.finding import texts
from espace.permissions import Standing, Task
from tests.support import build, readers
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen

WITHHELD = "57833-6"
"""Prescriptions: the carer does not read them."""
WORDS = ("Zibeline", "compte", "2026")
_STARTS = ("/documents", "/documents/filtrer", "/soins")
_FILTERS = ("forme=frise", "vue=non-lus", "vue=nouveaux", "vue=archives", "vue=versions", "periode=1", "ordre=date")
_PAGES = re.compile(r"/(documents(/filtrer|/[0-9a-f-]{36}(/imprimer)?)?|soins(/[0-9a-f-]{36})?)")
_MASKS = (
    (re.compile(r'nonce(="|-)[\w-]{22}'), "NONCE"),
    (re.compile(r'name="csrf_token"[^>]*value="[^"]+"'), "CSRF"),
    (re.compile(r"\br=[\w%=-]{40,}"), "QUESTION"),
    (re.compile(r" disabled(?=[ >])"), ""),
    (re.compile(r"\s+"), " "),
)
_FRAME = (
    './/nav[@class="tabs"]',
    './/section[@id="unseen"]',
    './/p[starts-with(@class, "says") and .//a[contains(@href, "/documents/delais")]]',
)
"""What stands in the page beside what its reader reads: the lines of their navigation; what is not shown to them; that
a result waits, which is said to a parent and to the person once one does."""


@dataclass
class Scene:
    """A person of sixteen, their parents, who cares for them, and what their record holds."""

    holder: Citizen
    mother: Citizen
    father: Citizen
    carer: Citizen
    depositor: Caregiver
    reader: Caregiver
    nurse: Caregiver
    shown: Caregiver
    urgent: Caregiver
    documents: list[UUID] = field(default_factory=list)

    def everyone(self) -> dict[str, Citizen | Caregiver]:
        """Who is looked through, by name."""
        return {
            "depositor": self.depositor,
            "reader": self.reader,
            "nurse": self.nurse,
            "shown": self.shown,
            "urgent": self.urgent,
            "carer": self.carer,
            "father": self.father,
        }

    def base_of(self, who: Citizen | Caregiver) -> str:
        """Where the pages of the record stand for one of them."""
        way = "pro/patients" if isinstance(who, Caregiver) else "dossiers"
        return f"/{way}/{self.holder.record_id}"

    def mirror_of(self, who: Citizen | Caregiver) -> str:
        """Where they stand for who looks through their eyes."""
        eyes = who.id if isinstance(who, Caregiver) else who.person_id
        if who is self.nurse:
            assert isinstance(who, Caregiver)
            eyes_id = access.team_id(who.facts.structures[0].id, who.actor.profession)
            return f"/dossiers/{self.holder.record_id}/voir-comme/{eyes_id}"
        return f"/dossiers/{self.holder.record_id}/voir-comme/{eyes}"


def scene(seed: int, count: int = 6) -> Scene:
    """A record whose documents are hidden, secret, kept, shown or plain as chance has it."""
    chance = Random(seed)
    mother, father = build.citizen("Claire"), build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    holder = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother, father))
    carer = build.citizen("Paul", "Marchand", sex="M", birth=date(1961, 2, 3))
    made = Scene(
        holder,
        mother,
        father,
        carer,
        build.caregiver("Aubin", "Luce"),
        build.caregiver("Perrin", "Luc", structure="Cabinet du Port"),
        build.caregiver("Diarra", "Awa", profession=build.NURSE, structure="Maison de santé"),
        build.caregiver("Colin", "Eva", structure="Pharmacie du Pont", profession="21"),
        build.caregiver("Noir", "Tom", structure="Urgences"),
    )
    for one in (made.depositor, made.reader):
        build.consent(holder, one, Answer.GRANT)
    readers.team(holder, made.nurse)
    readers.window(holder, made.shown)
    readers.emergency(holder, made.urgent)
    readers.carer(holder, carer, Task.READ_DOCUMENTS, withheld=[WITHHELD])
    build.care_line(holder, "Consultation de contrôle", f"R{seed}")
    for number in range(count):
        _deposit(made, chance, number)
    return made


def _deposit(made: Scene, chance: Random, number: int) -> None:
    by = chance.choice((made.depositor, made.reader))
    secret = number == 0
    kinds = sorted(access.may_deposit(by.actor.profession) & access.readable_types(by.actor.profession))
    kind = WITHHELD if number == 2 else chance.choice(kinds)
    document_id = deposit(by, made.holder, f"Compte rendu {number}", kind, representatives_see=not secret)
    made.documents.append(document_id)
    own = made.holder.standing()
    grantees = (made.depositor.id, made.reader.id, made.nurse.facts.structures[0].id, made.shown.id, made.urgent.id)
    hides = number == 1 or (number > 2 and chance.random() < 0.4)
    if hides:
        states.hide(own, document_id, choices=0)
    for grantee in (*grantees, made.carer.person_id):
        if secret or chance.random() < 0.6:
            continue
        known = documents.document(own, document_id)
        if grantee != known.professional_id:
            rules.rule(own, document_id, grantee, SHOWN if hides else KEPT, choices=known.choices)
    texts.index(made.holder.record_id, document_id)


def deposit(by: Caregiver, at: Citizen, title: str, kind: str = "", **marks: Any) -> UUID:
    """A document that a professional deposits, of a type natural to them unless it is named."""
    standing = by.standing(at.record_id)
    assert standing is not None
    kind = kind or min(access.may_deposit(by.actor.profession) & access.readable_types(by.actor.profession))
    return documents.deposit(
        standing, DepositDocument(title=title, date=date(2026, 11, 2), type_code=kind, content=title.encode(), **marks)
    )


def met(browser: Browser, base: str, *, forget: Standing | None = None) -> dict[str, tuple[int, str]]:
    """What is met from the list of documents on, by address below `base`: the status, and the content of the page.

    `forget`: whose marks and visits are taken away before each page, as those of who looks through their eyes are none.
    """
    waiting = [*_STARTS, *(f"/documents?{asked}" for asked in _FILTERS)]
    found: dict[str, tuple[int, str]] = {}
    while waiting:
        place = waiting.pop(0)
        if place in found:
            continue
        if forget is not None:
            _forget(forget)
        page = browser.get(base + place, expect=None, follow=False)
        found[place] = (page.status, content(page, base))
        if page.status == 200:
            waiting += [one for one in _below(page, base) if one not in found]
    found |= dict(_answers(browser, base))
    return found


def _below(page: Page, base: str) -> Iterator[str]:
    for href in page.tree.xpath("//main//a/@href"):
        place = str(href).split("#")[0].removeprefix(base)
        if place != href and _PAGES.fullmatch(place):
            yield place


def _answers(browser: Browser, base: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """The answers to searches, in documents and in the care history."""
    ask = browser.get(f"{base}/documents/recherche", expect=None, follow=False)
    yield "/documents/recherche", (ask.status, content(ask, base))
    if ask.status != 200:
        return
    for words in WORDS:
        for place in ("/documents/recherche", "/soins/recherche"):
            sent = {"csrf_token": ask.csrf_token, "q": words, "mots": words}
            page = browser.send("POST", base + place, expect=None, data=sent)
            yield f"{place} for {words}", (page.status, content(page, base))


def _forget(standing: Standing) -> None:
    with db.write() as tx:
        for table in (DocumentMark, DocumentReader):
            tx.execute(delete(table).where(table.record_id == standing.record_id, table.reader_id == standing.actor.id))


def content(page: Page, base: str) -> str:
    """What a page says to its reader: the frame around it, addresses, nonces and tokens masked."""
    if page.status != 200 or not page.is_html:
        return ""
    whole: Any = html.fromstring(page.response.get_data(as_text=True))
    main = whole.xpath("//main")[0]
    for part in _FRAME:
        for element in main.xpath(part):
            element.drop_tree()
    text = html.tostring(main, encoding="unicode").replace(base, "BASE")
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text
