"""What the four commonest decisions cost, from the record's home on a telephone: presses counted, seconds said."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from espace.access import services as access
from espace.access.services import Answer
from espace.documents import services as documents
from espace.errors import NotFoundError
from espace.family.services.carers.invitations import invitations
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .counted import Counted
from .living import House, living

pytestmark = on_sqlite
TITLE = "Bilan du printemps"


@dataclass
class Home:
    """A person on the first page of their record, signed in a moment ago."""

    house: House
    claire: Citizen
    morvan: Caregiver
    document_id: UUID

    def phone(self, name: str) -> Counted:
        """Her telephone, nothing pressed yet."""
        hands = Counted.of(self.house.signed_in(self.claire, f"presses-{name}"))
        hands.open(f"/dossiers/{self.claire.record_id}/")
        hands.title_is("Bonjour Claire")
        return hands

    def sees(self) -> bool:
        """Whether the doctor may open the document now."""
        standing = self.morvan.standing(self.claire.record_id)
        try:
            return standing is not None and documents.document(standing, self.document_id) is not None
        except NotFoundError:
            return False


@pytest.fixture
def home(app: Flask, clock: FakeClock, chromium: Browser) -> Iterator[Home]:
    access.ensure_matrix()
    morvan = build.caregiver()
    claire = build.citizen("Claire", attending_rpps=morvan.facts.rpps)
    document_id = build.document(claire.standing(), TITLE)
    with living(app, chromium) as house:
        yield Home(house, claire, morvan, document_id)


def said(task: str, hands: Counted, most: int) -> None:
    """Print what it cost, and hold the presses."""
    print(f"\n{task}: {hands.presses} presses, {hands.typed} fields typed, {hands.seconds:.1f} s", end="")
    hands.shot("done")
    assert hands.presses <= most


def test_give_ones_gp_access(home: Home) -> None:
    phone = home.phone("give")
    phone.go("Accès")
    phone.title_is("Qui voit ce dossier")
    phone.fill("Nom, ou numéro RPPS", "morvan")
    phone.press("Chercher ce professionnel")
    phone.title_is("Donner un accès à Dr Hélène Morvan")  # the only one of this name in the directory
    phone.press("Donner accès")
    phone.reads("C'est fait. Dr Hélène Morvan voit ce dossier dès maintenant.")
    said("give one's GP access", phone, 3)
    assert home.sees(), "it is so for the doctor too"


def test_hide_one_document_from_one_person(home: Home) -> None:
    build.consent(home.claire, home.morvan, Answer.GRANT)
    assert home.sees()
    phone = home.phone("hide")
    phone.follow(TITLE)
    phone.title_is(TITLE)
    phone.follow("Choisir qui le voit")
    phone.title_is("Qui peut voir ce document ?")
    phone.use(phone.main().get_by_role("button", name="Ne plus lui montrer : Dr Hélène Morvan"))
    expect(phone.main().get_by_text("Ne le voit pas", exact=True)).to_be_visible()
    said("hide one document from one person", phone, 3)
    assert not home.sees()


def test_add_a_carer(home: Home) -> None:
    phone = home.phone("carer")
    phone.go("Accès")
    phone.title_is("Qui voit ce dossier")
    phone.follow("Aidants")
    phone.title_is("Aidants")
    phone.follow("Ajouter")
    phone.title_is("Ajouter un aidant")
    phone.fill("Prénom et nom de cette personne", "Zoé Lopez")
    phone.fill("Son adresse e-mail", "zoe.lopez@example.org")
    phone.press("Lire le résumé")
    phone.reads("Zoé Lopez")
    phone.press("Envoyer l'invitation")
    phone.reads("Zoé Lopez")
    said("add a carer", phone, 5)
    [line] = invitations(home.claire.standing())
    assert line.name == "Zoé Lopez"


def test_answer_a_strange_access(home: Home, clock: FakeClock) -> None:
    build.consent(home.claire, home.morvan, Answer.GRANT)
    standing = home.morvan.standing(home.claire.record_id)
    assert standing is not None
    documents.document(standing, home.document_id)
    clock.advance(timedelta(minutes=40))
    phone = home.phone("strange")
    phone.follow("Dr Hélène Morvan")
    phone.title_is(re.compile("^Visite.* Dr Hélène Morvan"))
    phone.press("Demander pourquoi")
    phone.reads("Où cela en est")
    said("answer a strange access", phone, 2)
