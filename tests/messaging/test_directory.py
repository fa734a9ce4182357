"""The address book: who has an address, first of all; red lists and patients are in it for nobody."""

from uuid import uuid4

import pytest

from espace.errors import InvalidError, NotFoundError
from espace.messaging.services import boxes
from espace.messaging.services.boxes import BoxKind, MailboxFacts
from espace.messaging.services.practice import choosing, directory, mailboxes, templates
from espace.messaging.services.practice.choosing import Choices
from espace.messaging.services.practice.mailboxes import NewMailbox
from espace.messaging.services.practice.templates import Template
from tests.support import build
from tests.support.build import Caregiver

from .mailboxes import DOMAIN, doctor, own_box, ward

pytestmark = pytest.mark.usefixtures("machines")


def _choose(who: Caregiver, facts: MailboxFacts, *, listed: bool) -> None:
    choosing.change(who.actor, facts.id, Choices(facts.name, listed=listed), version=facts.version)


def test_each_line_says_whether_one_has_an_address() -> None:
    here, away = doctor("Morvan", "Hélène"), doctor("Morvan", "Anne", domain="hopital.mssante.fr")
    nowhere = doctor("Morvan", "Yves", own=False)
    here.sign_in()
    found = {line.name: (line.address, line.here) for line in directory.search("morvan").lines}
    assert found == {
        "Dr Hélène Morvan": (here.facts.mssante, True),
        "Dr Anne Morvan": (away.facts.mssante, False),
        "Dr Yves Morvan": ("", False),
    }
    assert directory.search("morvan").lines[-1].name == nowhere.facts.display_name
    assert directory.search(here.facts.rpps).lines[0].name == "Dr Hélène Morvan"


@pytest.mark.parametrize(
    ("name", "where"), [("pediatrie", ""), ("PÉDIATRIE", "rennes"), ("lilas", ""), ("pédiatrie lilas", "hôpital")]
)
def test_the_mailbox_of_a_place_is_found_by_its_name_and_its_place(name: str, where: str) -> None:
    facts = ward(doctor())
    lines = [line for line in directory.search(name, where).lines if line.is_place]
    assert [(line.name, line.address, line.place) for line in lines] == [
        (facts.name, facts.address, "Hôpital des Lilas, Rennes")
    ]


def test_what_does_not_fit_is_not_found() -> None:
    ward(doctor())
    for name, where in (("pediatrie", "lyon"), ("cardiologie", ""), ("", ""), ("pediatrie cardiologie", ""), ("@", "")):
        assert [line for line in directory.search(name, where).lines if line.is_place] == []


def test_the_red_list_is_shown_to_nobody() -> None:
    helene = doctor()
    facts, mine = ward(helene), boxes.mailbox_of(helene.actor, own_box(helene).id)
    refs = [line.ref for line in directory.search("lilas").lines + directory.search("morvan").lines]
    for one in (facts, mine):
        _choose(helene, one, listed=False)
    assert directory.search("lilas").lines == ()
    (line,) = directory.search("morvan").lines
    assert line.address == ""
    assert [found.address for ref in refs if (found := directory.line(ref))] == [""]
    for one in (facts, mine):
        _choose(helene, boxes.mailbox_of(helene.actor, one.id), listed=True)
    assert [line.address for line in directory.search("lilas").lines] == [facts.address]


def test_a_closed_mailbox_leaves_the_address_book() -> None:
    helene = doctor()
    facts, mine = ward(helene), own_box(helene)
    for one in (facts.id, mine.id):
        mailboxes.close(helene.actor, one)
    assert directory.search("lilas").lines == ()
    assert [line.address for line in directory.search("morvan").lines] == [""]
    assert directory.line(f"m-{facts.id}") is None
    mailboxes.reopen(helene.actor, facts.id)
    assert [line.address for line in directory.search("lilas").lines] == [facts.address]


def test_a_software_is_listed_only_if_one_says_so() -> None:
    helene = doctor()
    place = helene.facts.structures[0].id
    made = mailboxes.make(helene.actor, NewMailbox(BoxKind.APP, "resultats", DOMAIN, "Résultats", place))
    assert directory.search("resultats").lines == ()
    _choose(helene, boxes.mailbox_of(helene.actor, made), listed=True)
    assert [line.address for line in directory.search("resultats").lines] == [f"resultats@{DOMAIN}"]


def test_no_patient_is_in_the_address_book() -> None:
    patient = build.citizen("Claire", "Fontenay")
    for name in ("fontenay", "claire fontenay", patient.ins, boxes.patient_address(patient.ins)):
        assert directory.search(name).lines == ()
    for ref in (f"p-{patient.person_id}", f"m-{patient.record_id}", f"m-{uuid4()}", "p-", "x", ""):
        assert directory.line(ref) is None


def test_a_personal_mailbox_has_one_line_its_owner_s() -> None:
    helene = doctor()
    assert directory.line(f"m-{own_box(helene).id}") is None
    line = directory.line(f"p-{helene.id}")
    assert line is not None
    assert line.address == helene.facts.mssante


def test_templates_fill_known_places_once_and_leave_the_others_to_be_written() -> None:
    box = own_box(doctor())
    text = "Bonjour {nom_patient},\nle {date} : {nom_patient}.\n{signature}"
    kept = templates.save(box, Template("Rendez-vous", "Pour {nom_patient}", text))
    values = {"nom_patient": "{signature} {0.__class__}", "date": "3 mars"}
    subject, words = templates.filled(box, kept, values)
    assert subject == "Pour {signature} {0.__class__}"
    assert words == "Bonjour {signature} {0.__class__},\nle 3 mars : {signature} {0.__class__}.\n{signature}"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Template("", "", "x"), "name"),
        (Template("x" * 61, "", "x"), "name"),
        (Template("a", "x" * 151, "x"), "subject"),
        (Template("a", "", ""), "text"),
        (Template("a", "", "x" * 8001), "text"),
        (Template("a", "", "{mot_de_passe}"), "text"),
        (Template("a", "{ins}", "x"), "subject"),
    ],
)
def test_a_template_that_cannot_be_is_refused_beside_its_field(given: Template, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        templates.save(own_box(doctor()), given)
    assert set(refused.value.problems) == {field}


def test_templates_belong_to_their_mailbox() -> None:
    one, other = own_box(doctor()), own_box(doctor("Petit", "Luc"))
    kept = templates.save(one, Template("Zèbre", "", "x"))
    first = templates.save(one, Template("ânon", "", "y"))
    assert [each.id for each in templates.templates(one)] == [kept, first]
    templates.save(one, Template("Zèbre 2", "s", "x", kept))
    assert templates.template(one, kept).subject == "s"
    for act in (lambda: templates.template(other, kept), lambda: templates.save(other, Template("a", "", "b", kept))):
        with pytest.raises(NotFoundError):
            act()
    templates.remove(other, kept)
    templates.remove(one, first)
    templates.remove(one, first)
    assert [each.id for each in templates.templates(one)] == [kept]
    assert templates.templates(boxes.box_of(build.citizen().standing())) == []
