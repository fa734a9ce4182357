"""The one list of who sees a record: every kind of right told, to those only who manage it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, update

from espace import clock as clocks
from espace import crypto, db
from espace.access import services as access
from espace.access.services import Answer, Window
from espace.access.services.passing import codes, counter
from espace.family.models import Link
from espace.family.services.carers import links
from espace.family.services.growing.majority import in_words
from espace.identifiers import new_id
from espace.machines import Machines
from tests.documents.house import statements
from tests.family import caring
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    """A mother."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


@pytest.fixture
def father(machines: Machines) -> Citizen:
    """The other parent."""
    return build.citizen("Mathieu", "Lecomte", sex="M")


@pytest.fixture
def child(mother: Citizen, father: Citizen) -> Citizen:
    """Their child, without an account."""
    return build.citizen("Jules", "Lecomte", birth=date(2017, 9, 3), parents=[mother, father], activated=False)


def page_of(browser: Browser, record: Citizen) -> Page:
    """The access page."""
    return browser.get(f"/dossiers/{record.record_id}/acces")


def carer_of(record: Citizen, person: Citizen) -> None:
    """Make somebody a carer who reads documents."""
    link_id = new_id()
    with db.write() as tx:
        tx.execute(
            insert(Link).values(
                record_id=record.record_id,
                id=link_id,
                person_id=person.person_id,
                kind="carer",
                since=clocks.now(),
                until=clocks.now() + timedelta(days=30),
                version=1,
                payload=crypto.seal(
                    tx, record.record_id, "family_links", link_id, {"tasks": ["read-documents"], "withheld": []}
                ),
            )
        )


def test_parents_see_each_other_and_the_professionals_of_their_child(
    app: Flask, mother: Citizen, father: Citizen, child: Citizen
) -> None:
    doctor = build.caregiver("Belhadj", "Karim")
    access.give(mother.standing(child.record_id), doctor.id, days=90)
    for parent, other in ((mother, father), (father, mother)):
        page = page_of(parent.browser(app), child)
        assert "Dr Karim Belhadj" in page.text
        assert f"{other.name} Accès ouvert" in page.text
        assert "Vous Accès ouvert" in page.text
        assert other.email not in page.text


def test_a_parent_decides_and_the_other_sees_by_whom(
    app: Flask, mother: Citizen, father: Citizen, child: Citizen
) -> None:
    doctor = build.caregiver("Belhadj", "Karim")
    line_id = access.give(mother.standing(child.record_id), doctor.id, days=90)
    one = father.browser(app).get(f"/dossiers/{child.record_id}/acces/{line_id}")
    assert "Accès donné par Claire Fontenay" in one.text
    line = access.consent(father.standing(child.record_id), line_id)
    access.answer(father.standing(child.record_id), line_id, Answer.REVOKE, version=line.version)
    assert (
        "Accès retiré par Mathieu Lecomte"
        in mother.browser(app).get(f"/dossiers/{child.record_id}/acces/{line_id}").text
    )


@pytest.mark.parametrize("sees_before", [False, True], ids=["shut-out", "sees-before"])
def test_a_frozen_parent_is_not_served_and_the_other_reads_nothing_of_it(
    app: Flask, mother: Citizen, father: Citizen, child: Citizen, *, sees_before: bool
) -> None:
    until = clocks.now() if sees_before else None
    with db.write() as tx:
        tx.execute(
            update(Link)
            .where(Link.record_id == child.record_id, Link.person_id == father.person_id)
            .values(frozen_at=clocks.now(), sees_before=until)
        )
    for way in ("", "/donner", "/professions"):
        assert father.browser(app).get(f"/dossiers/{child.record_id}/acces{way}", expect=None).status == 404
    text = page_of(mother.browser(app), child).text
    assert "Accès limité" not in text  # told only where the decision says so (R15)
    assert father.name in text


def test_a_carer_is_on_the_list_with_one_press_to_end_it_and_manages_nothing(
    app: Flask, mother: Citizen, father: Citizen
) -> None:
    carer_of(mother, father)
    page = page_of(mother.browser(app), mother)
    assert "Mathieu Lecomte Accès ouvert Peut lire les documents" in page.text
    theirs = father.browser(app)
    for way in ("", "/donner", "/professions"):
        assert theirs.get(f"/dossiers/{mother.record_id}/acces{way}", expect=None).status == 404


def test_who_was_only_asked_to_help_counts_for_nobody_and_a_carer_until_the_same_day_as_on_their_page(
    app: Flask, mother: Citizen, father: Citizen
) -> None:
    helped, carer = caring.helped_and_carer()
    caring.invited(helped.standing(), carer, caring.scope(caring.READ))
    browser = helped.browser(app)
    page = page_of(browser, helped)
    assert "Ne voit rien avant d'avoir dit oui." in page.text
    assert page.tree.xpath("//p[@class='lead']/text()") == ["En ce moment, aucun professionnel n'y a accès."]
    one = caring.made(helped.standing(), mother, caring.scope(caring.READ))
    page = page_of(browser, helped)
    assert "1 proche aussi." in page.text
    last = in_words(one.scope.last_day, "fr")
    assert f"jusqu'au {last}." in page.text
    assert f"jusqu'au {last}." in browser.get(f"/dossiers/{helped.record_id}/acces/aidants").text
    links.end(helped.standing(), one.id)
    text = page_of(browser, helped).text
    assert "Ne voit plus rien." in text
    assert "1 proche" not in text


def test_whoever_reads_for_a_moment_is_counted_on_top_and_nobody_is_said_to_read_when_a_team_does(
    app: Flask, mother: Citizen
) -> None:
    def head() -> str:
        return str(page_of(browser, mother).tree.xpath("string(//p[@class='lead'])"))

    browser, nurse = mother.browser(app), build.caregiver("Diarra", "Awa", profession=build.NURSE)
    code_id = codes.make(mother.standing(), Window.READ, 20)
    assert head() == "En ce moment, aucun professionnel n'y a accès."  # a code that waits opens nothing yet
    digits = codes.code(mother.standing(), code_id).digits
    assert digits
    counter.use(nurse.actor, digits, date(1988, 3, 14))
    passing = "1 accès de passage est ouvert : code, lien ou urgence."
    assert head() == f"En ce moment, aucun professionnel n'a d'accès à son nom. {passing}"
    access.give(mother.standing(), nurse.id, days=90, place_id=nurse.actor.structure_id)
    assert head() == f"En ce moment, aucun professionnel n'a d'accès à son nom. 1 équipe y a accès. {passing}"
    codes.close(mother.standing(), code_id)
    assert passing not in head()


def test_who_acts_for_a_child_does_not_count_themself(app: Flask, mother: Citizen, child: Citizen) -> None:
    page = page_of(mother.browser(app), child)
    assert "1 proche aussi." in page.text
    assert page.tree.xpath("//li[.//h3='Vous']/span[@class]/text()") == ["CF"]


def test_each_way_of_emergencies_is_refused_alone_and_tells_of_the_right_person(
    app: Flask, mother: Citizen, child: Citizen
) -> None:
    place = f"/dossiers/{child.record_id}/acces/urgence"
    browser = mother.browser(app)
    page = browser.get(place)
    assert "Si Jules ne peut pas parler" in page.text
    assert "Si on appelle le 15 pour Jules, le médecin qui répond peut lire" in page.text
    page = browser.submit(next(one for one in page.forms if one.action.endswith("/soignant/refus")), expect=200)
    assert "Aucun soignant sur place n'ouvre plus ce dossier" in page.text
    assert "Même si Jules ne peut pas parler, aucun soignant sur place" in page.text
    assert "Plus personne" not in page.text
    assert "Si on appelle le 15 pour Jules, le médecin qui répond peut lire" in page.text, "the other way stays"
    assert "Si vous ne pouvez pas parler" in browser.get(f"/dossiers/{mother.record_id}/acces/urgence").text


@on_sqlite
def test_the_page_takes_the_same_statements_however_many_are_on_it(app: Flask, mother: Citizen) -> None:
    browser = mother.browser(app)
    counts = []
    for number in (1, 12):
        for _ in range(number):
            access.give(mother.standing(), build.caregiver("Petit", "Anne").id, days=90)
        page_of(browser, mother)
        with statements() as sent:
            page = page_of(browser, mother)
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert len(page.body) < 200_000


@on_sqlite
def test_what_each_profession_reads_is_told_for_every_profession_of_the_table(app: Flask, mother: Citizen) -> None:
    browser = mother.browser(app)
    place = f"/dossiers/{mother.record_id}/acces/professions"
    offered = browser.get(place).tree.xpath("//select[@name='p']/option/@value")
    assert len(offered) > 10
    for code in offered:
        page = browser.get(f"{place}?p={code.replace('#', '%23')}")
        assert "Une fois autorisé" in page.text
        assert len(page.tree.xpath("//main//tbody/tr")) == 11
        assert "officiel" in page.text or "presse" in page.text or "vérifier" in page.text
    for odd in ("", "G15_999", "<script>", "x" * 3000):
        assert "Une fois autorisé" not in browser.get(place + "?p=" + odd).text


def test_a_doctor_s_page_of_what_was_decided_is_for_nobody_else(app: Flask, mother: Citizen) -> None:
    doctor: Caregiver = build.caregiver("Belhadj", "Karim")
    line_id = access.give(mother.standing(), doctor.id, days=90)
    other = build.citizen("Lou")
    foreign = other.browser(app).get(f"/dossiers/{other.record_id}/acces/{line_id}", expect=404)
    absent = other.browser(app).get(f"/dossiers/{other.record_id}/acces/{new_id()}", expect=404)
    assert foreign.h1 == absent.h1


def test_a_helper_beside_the_person_stands_in_the_step(mother: Citizen) -> None:
    doctor = build.caregiver("Belhadj", "Karim")
    standing = mother.standing()
    helped = replace(standing, actor=replace(standing.actor, helper="Samira Haddad"))
    line_id = access.give(helped, doctor.id, days=90)
    (step,) = access.consent(mother.standing(), line_id).steps
    assert (step.helper, step.how.value) == ("Samira Haddad", "assisted")


def test_two_gifts_at_once_leave_one_line(mother: Citizen, clock: FakeClock) -> None:
    doctor = build.caregiver("Belhadj", "Karim")
    access.give(mother.standing(), doctor.id, days=90)
    clock.advance(timedelta(days=91))
    access.give(mother.standing(), doctor.id, days=1)
    (line,) = access.consents(mother.standing())
    assert len(line.steps) == 2
