"""A document kept from one reader changes nothing for them: two families alike, with and without (security.md R13)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace.access.services import KEPT, Answer
from espace.documents import services as documents
from espace.documents.services import care_history
from espace.documents.services.deciding import rules
from espace.documents.services.finding import texts
from espace.machines import Machines
from espace.permissions import Task
from tests.support import build, readers
from tests.support.browser_client import Browser
from tests.support.build import Caregiver, Citizen
from tests.support.clock import START, FakeClock
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

from .seeing import deposit
from .test_noninterference import SECRET, TITLE, WORDS, Met, masked

_EXCLUDED = ("reader", "member", "carer")


class Family:
    """A person, who cares for them, and documents of which some are kept from one of these."""

    def __init__(self, clock: FakeClock, excluded: str, *, others: int, kept: int) -> None:
        clock.now = START
        self.holder = build.citizen("Léa", birth=date(1990, 6, 1))
        self.carer = build.citizen("Paul", "Marchand", sex="M", birth=date(1961, 2, 3))
        self.depositor = build.caregiver("Aubin", "Luce")
        self.reader = build.caregiver("Perrin", "Luc", structure="Cabinet du Port")
        self.member = build.caregiver("Roy", "Ana", structure="Maison de santé")
        for one in (self.depositor, self.reader):
            build.consent(self.holder, one, Answer.GRANT)
        readers.team(self.holder, self.member)
        readers.carer(self.holder, self.carer, Task.READ_DOCUMENTS)
        self.excluded: Citizen | Caregiver = getattr(self, excluded)
        for number in range(others):
            clock.advance(timedelta(minutes=1))
            texts.index(self.holder.record_id, deposit(self.depositor, self.holder, f"{TITLE} {number}"))
        for number in range(kept):
            clock.now = START + timedelta(minutes=30)
            self.keep(deposit(self.depositor, self.holder, f"{SECRET} {number}"))
        clock.now = START + timedelta(hours=1)

    def keep(self, document_id: UUID) -> None:
        """Keep a document from whoever is excluded."""
        grantee = self.excluded.person_id if isinstance(self.excluded, Citizen) else self.excluded.id
        if self.excluded is self.member:
            grantee = self.member.facts.structures[0].id
        rules.rule(self.holder.standing(), document_id, grantee, KEPT, choices=0)
        texts.index(self.holder.record_id, document_id)

    @property
    def base(self) -> str:
        """Where the pages of the record stand for whoever is excluded."""
        way = "pro/patients" if isinstance(self.excluded, Caregiver) else "dossiers"
        return f"/{way}/{self.holder.record_id}"


def _met(browser: Browser, family: Family) -> list[Met]:
    """Every page, the answers to searches, and addresses one only guesses."""
    base = family.base
    asked = ("vue=nouveaux", "vue=non-lus", "vue=versions", "forme=frise", "periode=1", "ordre=date")
    starts = [f"{base}/documents", f"{base}/documents/filtrer", *(f"{base}/documents?{one}" for one in asked)]
    starts += [f"{base}/documents?sorte={code}" for code in documents.CLASSES]
    open_to = [place for place in starts if browser.get(place, expect=None, follow=False).status == 200]
    found = [masked(page, page.path) for page in crawl(browser, *open_to, limit=80)]
    ask = browser.get(f"{base}/documents/recherche")
    for words in WORDS:
        for place in ("documents/recherche", "soins/recherche"):
            sent = {"csrf_token": ask.csrf_token, "q": words, "mots": words}
            page = browser.send("POST", f"{base}/{place}", expect=None, data=sent)
            found.append(masked(page, f"{place} for {words}"))
    shut = ("historique", "acces", "documents/delais")
    return found + [masked(browser.get(f"{base}/{place}", expect=None, follow=False), place) for place in shut]


@on_sqlite
@pytest.mark.parametrize("excluded", _EXCLUDED)
@pytest.mark.parametrize(("others", "kept"), [(2, 20), (0, 1)])
def test_what_is_kept_from_somebody_changes_nothing_for_them(
    app: Flask, clock: FakeClock, excluded: str, others: int, kept: int
) -> None:
    walks = []
    for count in (0, kept):
        family = Family(clock, excluded, others=others, kept=count)
        clock.now = START + timedelta(hours=4)
        walks.append(_met(family.excluded.browser(app), family))
    for one, other in zip(*walks, strict=True):
        assert SECRET not in other[3], other[0]
        assert one == other, other[0]


@on_sqlite
def test_whoever_is_not_excluded_sees_a_difference(app: Flask, clock: FakeClock) -> None:
    """The comparison can fail."""
    family = Family(clock, "carer", others=1, kept=1)
    family.excluded = family.reader
    clock.now = START + timedelta(hours=4)
    assert any(SECRET in one[3] for one in _met(family.reader.browser(app), family))


@on_sqlite
def test_a_kept_document_answers_as_one_that_does_not_exist(app: Flask, clock: FakeClock) -> None:
    for excluded in _EXCLUDED:
        family = Family(clock, excluded, others=1, kept=0)
        made = deposit(family.depositor, family.holder, SECRET)
        family.keep(made)
        browser, absent = family.excluded.browser(app), UUID(int=made.int ^ 1)
        for place in ("", "/contenu", "/original", "/imprimer", "/xdm", "/pages/1", "/images/1", "/supprimer"):
            there = browser.get(f"{family.base}/documents/{made}{place}", expect=None, follow=False)
            nowhere = browser.get(f"{family.base}/documents/{absent}{place}", expect=None, follow=False)
            assert there.status == 404, place
            assert masked(there, "") == masked(nowhere, "")


@on_sqlite
def test_the_letters_of_a_carer_tell_nothing_of_what_is_kept_from_them(machines: Machines, clock: FakeClock) -> None:
    family = Family(clock, "carer", others=0, kept=0)
    before = build.mails_to(family.carer.email)
    made = deposit(family.depositor, family.holder, SECRET)
    family.keep(made)
    assert build.mails_to(family.carer.email) == before


@on_sqlite
def test_lines_of_care_are_the_same_with_and_without(app: Flask, clock: FakeClock) -> None:
    family = Family(clock, "reader", others=0, kept=1)
    build.care_line(family.holder, "Consultation de contrôle")
    standing = family.reader.standing(family.holder.record_id)
    assert standing is not None
    assert standing.bound_by
    unbound = replace(standing, bound_by=frozenset())
    assert care_history.history(standing) == care_history.history(unbound)
