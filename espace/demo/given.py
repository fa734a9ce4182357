"""What the mother gave away: a code at a counter, a link to a doctor abroad, a file that somebody left her."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from espace import clock
from espace.access import services as access
from espace.access.services import Window
from espace.access.services.passing import codes, counter
from espace.documents import services as documents
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.passing import choosing, guests, receiving, sharing
from espace.documents.services.passing.guests import Deposit
from espace.documents.services.passing.sharing import MadeShare, NewShare
from espace.interop.typeset import typeset
from espace.people import services as people
from espace.permissions import Visitor

from .acting import BuildError, Stage, at
from .cast import DIRECTORY
from .papers import heading, items, text
from .story import ALL, Event

_ABROAD = Visitor("192.0.2.14", browser="Safari", system="iPhone")
_PASSCODE = "740362"


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    yield Event(stage.moment(9, 11, 20), partial(_at_the_counter, stage), alone=True)
    yield Event(stage.moment(3, 20, 10), partial(_to_lisbon, stage), alone=True)
    yield Event(stage.moment(2, 17, 30), partial(_left, stage), alone=True)


def _at_the_counter(stage: Stage) -> None:
    """A biologist reads what the last laboratory found, while she stands there."""
    mother = ALL["mother"]
    standing = stage.as_patient(mother)
    shown = codes.code(standing, codes.make(standing, Window.DEPOSIT, 20))
    found = people.find_professional(DIRECTORY["biologist"].rpps)
    if found is None:
        raise BuildError("the biologist is not in the directory")
    actor = people.actor_of(found, found.structures[0])
    record_id = counter.use(actor, shown.digits, mother.born(stage.today))
    with clock.bound(at(clock.now() + timedelta(minutes=3))):
        reader = access.standing(actor, record_id)
        if reader is None:
            raise BuildError("the code opened nothing")
        for one in documents.page(reader, limit=20).rows[:2]:
            documents.document(reader, one.id)


def _to_lisbon(stage: Stage) -> None:
    """A link for a month, opened once."""
    standing = stage.as_patient(ALL["mother"])
    newest = [one.id for one in choosing.choices(standing).documents[:4]]
    asked = NewShare(
        document_ids=newest, classes=(), label="Médecin à Lisbonne", passcode=_PASSCODE, hours=720, most=10
    )
    made = sharing.share(standing, asked, "Documents de santé")
    with clock.bound(at(clock.now() + timedelta(hours=14))):
        _read_abroad(made)


def _read_abroad(made: MadeShare) -> None:
    token = made.address.partition("/partage/")[2].partition("#")[0]
    visit, key = receiving.enter(token, "Dra. Inês Carvalho", _PASSCODE, made.address, _ABROAD)
    guest = receiving.guest(token, visit, key)
    for one in receiving.documents(guest)[:2]:
        receiving.opened(guest, one.id)


def _left(stage: Stage) -> None:
    """A physiotherapist without access here leaves the summary of some sessions."""
    standing = stage.as_patient(ALL["mother"])
    made = guests.make(standing, "Ma kiné de Doué", 168)
    token = made.address.rpartition("/")[2]
    upload = Upload("bilan-seances.pdf", typeset("demo/document", _summary(stage)))
    words = "Bilan de vos dix séances. Bonne continuation."
    refused = guests.leave(token, Deposit("Sarah Lemoine, kinésithérapeute", words, [upload]), _ABROAD)
    if refused:
        raise BuildError("the guest's file was refused")


def _summary(stage: Stage) -> dict[str, object]:
    mother = ALL["mother"]
    return {
        "title": "Bilan de rééducation",
        "author": "Sarah Lemoine",
        "role": "Kinésithérapeute",
        "place": "Cabinet de la place aux Fontaines",
        "city": "Doué-en-Anjou",
        "day": f"{(stage.today - timedelta(days=2)):%d/%m/%Y}",
        "patient": f"{mother.civility} {mother.name}".strip(),
        "identity": "Dix séances faites",
        "ink": "#34406b",
        "footer": "Personne inventée, document de démonstration",
        "signature": "Sarah Lemoine",
        "blocks": (
            heading("Séances"),
            items("Mobilité de l'épaule droite retrouvée", "Douleur presque disparue", "Renforcement bien supporté"),
            heading("Suite"),
            text("Exercices à la maison trois fois par semaine. Pas d'autre séance prévue."),
        ),
    }
