"""What the people of the demo made of their documents: folders, favourites, remarks, what they hide or wait for."""

from collections.abc import Callable, Iterator
from functools import partial

from espace.access.services import KEPT, SHOWN
from espace.documents import services as documents
from espace.documents.services import DocumentFacts
from espace.documents.services.adding import adding_drafts, composing
from espace.documents.services.adding.adding_drafts import Typed
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.deciding import delays, rules, states
from espace.documents.services.deciding.delays import ResultKind
from espace.documents.services.library import folders, readers
from espace.permissions import Standing

from .acting import BuildError, Stage
from .care import hide_one, keep_one_secret
from .story import ALL, Event

_FAVOURITES = {
    "mother": ("Mon carnet de vaccination, page 4", "Certificat médical, course à pied"),
    "retired": ("Protocole de soins", "Carte de groupe sanguin"),
    "teen": ("Ordonnance, asthme",),
}
_FOLDERS = {
    ("mother", "Thyroïde"): ("Échographie de la thyroïde", "Consultation d'endocrinologie"),
    ("mother", "Grossesse de Lina"): (
        "Compte rendu d'accouchement",
        "Lettre de liaison à la sortie de la maternité",
        "Échographie de grossesse",
    ),
    ("retired", "Opération de la hernie"): (
        "Compte rendu opératoire",
        "Lettre de liaison à la sortie",
        "Attestation de sortie",
    ),
    ("retired", "Yeux"): ("Compte rendu d'ophtalmologie",),
}
_REMARKS = {
    ("mother", "Passage aux urgences"): "La cheville reste sensible par temps froid.",
    ("retired", "Consultation avant l'anesthésie"): "J'ai mal supporté le produit : le dire la prochaine fois.",
}
_ARCHIVED = {
    "mother": ("Fiche de suivi de kinésithérapie", "Ordonnance, kinésithérapie"),
    "retired": ("Attestation de sortie", "Ordonnance, kinésithérapie"),
}
_HIDDEN = {"mother": ("Bilan bucco-dentaire",)}
# One document, one person: whose, whom, and what holds for them.
_RULES = (("mother", "Passage aux urgences", "nurse", KEPT), ("mother", "Bilan bucco-dentaire", "gp", SHOWN))
# Which results wait, as chosen: whose, how many days ago, days to wait (None: with the doctor).
_WAITS: tuple[tuple[str, int, dict[ResultKind, int | None]], ...] = (
    ("mother", 40, {ResultKind.IMAGING: 7}),
    ("retired", 30, {ResultKind.LABORATORY: None}),
)


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    for number, key in enumerate(("mother", "retired", "teen", "second_parent", "carer")):
        yield Event(stage.moment(35, 20, number), partial(_read_all, stage, key))
        yield Event(stage.moment(9, 20, number), partial(_visit, stage, key))
    for (key, name), titles in _FOLDERS.items():
        yield Event(stage.moment(34, 20, 10), partial(_fill, stage, key, name, titles))
    for key, titles in _FAVOURITES.items():
        yield Event(stage.moment(34, 20, 20), partial(_each, stage, key, titles, _star))
    for (key, title), words in _REMARKS.items():
        yield Event(stage.moment(33, 20, 30), partial(_each, stage, key, (title,), partial(_remark, words=words)))
    for key, titles in _ARCHIVED.items():
        yield Event(stage.moment(33, 20, 40), partial(_each, stage, key, titles, _archive))
    for key, titles in _HIDDEN.items():
        yield Event(stage.moment(33, 20, 50), partial(_each, stage, key, titles, _hide))
    for key, title, whom, effect in _RULES:
        yield Event(stage.moment(20, 20, 30), partial(_rule, stage, key, title, whom, effect))
    for key, ago, wanted in _WAITS:
        yield Event(stage.moment(ago, 21), partial(_wait, stage, key, wanted))
    yield Event(stage.moment(1, 21), partial(hide_one, stage))
    yield Event(stage.moment(1, 21, 20), partial(keep_one_secret, stage))
    # Alone: an upload waits its turn first, counted whatever becomes of it.
    yield Event(stage.moment(1, 22), partial(_begin_adding, stage), alone=True)


def _begin_adding(stage: Stage) -> None:
    """The children's father began to add a note and was called away: it waits for him."""
    standing = stage.as_patient(ALL["second_parent"])
    note = "Tension relevée à la maison\n\nLundi soir : 13/8\nMardi soir : 12/8\n"
    begun = composing.begin(standing, [Upload("tension.txt", note.encode())])
    if begun.draft_id is None:
        raise BuildError("the note could not be kept")
    adding_drafts.keep(standing, begun.draft_id, Typed("Ma tension à la maison", "", "DOCPAT05"))


def _read_all(stage: Stage, key: str) -> None:
    standing = stage.as_patient(ALL[key])
    readers.visit(standing)
    readers.read_everything(standing)


def _visit(stage: Stage, key: str) -> None:
    readers.visit(stage.as_patient(ALL[key]))


def _wait(stage: Stage, key: str, wanted: dict[ResultKind, int | None]) -> None:
    standing = stage.as_patient(ALL[key])
    known = delays.choices(standing)
    delays.choose(standing, {**known, **wanted}, known=known)


def _fill(stage: Stage, key: str, name: str, titles: tuple[str, ...]) -> None:
    standing = stage.as_patient(ALL[key])
    folder = folders.new_folder(standing, name)
    for each in _titled(standing, titles):
        folders.put(standing, each.id, folder.id)


def _each(stage: Stage, key: str, titles: tuple[str, ...], act: Callable[[Standing, DocumentFacts], object]) -> None:
    standing = stage.as_patient(ALL[key])
    for title in titles:
        act(standing, _titled(standing, (title,))[0])


def _star(standing: Standing, one: DocumentFacts) -> None:
    readers.set_favourite(standing, one.id, favourite=True)


def _remark(standing: Standing, one: DocumentFacts, words: str) -> None:
    states.remark(standing, one.id, words, choices=one.choices)


def _archive(standing: Standing, one: DocumentFacts) -> None:
    states.archive(standing, one.id, choices=one.choices)


def _hide(standing: Standing, one: DocumentFacts) -> None:
    states.hide(standing, one.id, choices=one.choices)


def _rule(stage: Stage, key: str, title: str, whom: str, effect: str) -> None:
    standing = stage.as_patient(ALL[key])
    one = _titled(standing, (title,))[0]
    rules.rule(standing, one.id, stage.professional(whom).id, effect, choices=one.choices)


def _titled(standing: Standing, titles: tuple[str, ...]) -> list[DocumentFacts]:
    """The documents of these titles, newest first."""
    found: list[DocumentFacts] = []
    place = None
    while True:
        page = documents.page(standing, before=place)
        found += [row for row in page.rows if row.title in titles]
        place = page.next
        if place is None:
            break
    if not found:
        raise BuildError(f"no document is called {' or '.join(titles)}")
    return found
