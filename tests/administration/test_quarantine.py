"""The quarantine desk: two operators give a document to a record, or discard it; neither reads it (R17, R41)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Thread
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.administration.services import quarantine
from espace.administration.services.quarantine import Act, Target
from espace.administration.services.visits import Identity
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OFFICE
from espace.documents import services as documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.arriving import importing
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.interop import cda_view
from espace.people import services as people
from espace.permissions import Actor, Role
from espace.settings import Settings
from tests.support import build, office
from tests.support.clinical import clinical, patient, sample_folder, section
from tests.support.clock import FakeClock
from tests.support.office import Officer
from tests.support.papers import pdf

SECRET = "Plume-Canari"
UNKNOWN = patient(ins="177127512345646")
DAY = date(2025, 11, 14)


@pytest.fixture
def second(app: object) -> Officer:
    """Another operator of the desk, of the other role."""
    return office.officer(Role.ADMINISTRATOR, "Ghislain Bouvet")


@pytest.fixture
def person(app: object) -> build.Citizen:
    """Whose the document is."""
    return build.citizen("Claire", "Fontenay")


def strange(**given: str) -> bytes:
    """A document that names nobody who is known here."""
    return clinical(section(f"<paragraph>{SECRET}</paragraph>"), UNKNOWN, title=f"Bilan {SECRET}", **given)


def aside(content: bytes, name: str = "envoi.xml") -> UUID:
    """Have a file come in and wait; gives its id."""
    taken = importing.taken_in(content, importing.FILES, name)
    assert {one.outcome for one in taken} == {importing.Outcome.ASIDE}, taken
    with db.read() as tx:
        return tx.execute(select(Quarantined.id).order_by(Quarantined.id.desc()).limit(1)).scalar_one()


def target(one: build.Citizen, **changed: object) -> Target:
    """The person's traits as an operator types them."""
    given = {
        "identity": Identity(one.ins, one.birth_date),
        "birth_name": people.person(one.person_id).birth_name.lower(),
        "sex": people.person(one.person_id).sex,
        "type_code": "11502-2",
        "day": DAY,
        "words": "Le laboratoire a confirmé par téléphone.",
    }
    return Target(**(given | changed))  # type: ignore[arg-type]


def seen(actor: Actor, aside_id: UUID) -> str:
    """What a confirmation names."""
    proposal = quarantine.case(actor, aside_id).proposal
    assert proposal is not None
    return proposal.seen


@contextmanager
def refused(words: str) -> Iterator[None]:
    """What follows is refused with a sentence that holds these words."""
    with pytest.raises(InvalidError) as found:
        yield
    assert any(words in sentence for sentence in found.value.problems.values()), found.value.problems


def lying() -> int:
    """How many files wait."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Quarantined)).scalar_one()


def filed() -> int:
    """How many documents there are, whosever."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Document)).scalar_one()


def titles(one: build.Citizen) -> list[str]:
    """What stands in a record."""
    return [row.title for row in documents.page(one.standing()).rows]


def test_two_operators_give_a_document_to_its_record_and_it_is_read_there(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    first = privacy.browser(app)
    page = first.get("/admin/quarantaine")
    page = first.get(f"/admin/quarantaine/{aside_id}")
    page = first.get(f"/admin/quarantaine/{aside_id}/ranger")
    values = {
        "ins": person.ins,
        "birth_name": "fontenay",
        "birth_date": f"{person.birth_date:%d/%m/%Y}",
        "sex": "F",
        "type_code": "11502-2",
        "words": "Le laboratoire a confirmé.",
    }
    page = first.submit(page.form("ins"), values, expect=200)
    assert page.path == f"/admin/quarantaine/{aside_id}"
    assert filed() == 0
    other = second.browser(app)
    page = other.get(f"/admin/quarantaine/{aside_id}/confirmer")
    page = other.submit(page.form("seen"), {}, expect=200)
    assert titles(person) == [f"Bilan {SECRET}"]
    assert lying() == 0
    [row] = documents.page(person.standing()).rows
    holder = person.browser(app)
    assert SECRET in holder.get(f"/dossiers/{person.record_id}/documents/{row.id}").text
    assert "Ghislain Bouvet" in holder.get(f"/dossiers/{person.record_id}/historique").text


def test_operators_see_whom_a_document_names_and_nothing_it_says(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    for officer in (privacy, second):
        browser = officer.browser(app)
        acts = ("", "/retirer") if officer is privacy else ("", "/confirmer", "/retirer")
        for place in ("/admin/quarantaine", *(f"/admin/quarantaine/{aside_id}{act}" for act in acts)):
            page = browser.get(place)
            assert SECRET not in page.text, place
        assert "FONTENAY" in browser.get(f"/admin/quarantaine/{aside_id}").text
        assert "FONTENAY" not in browser.get("/admin/quarantaine").text


def test_a_number_is_written_as_on_the_card_and_an_unknown_kind_in_the_sender_s_words(
    app: Flask, privacy: Officer, person: build.Citizen
) -> None:
    known, odd = aside(strange()), aside(strange(code="00000-0", number="2"), "ancien.xml")
    browser = privacy.browser(app)
    page = browser.get(f"/admin/quarantaine/{known}").text
    assert quarantine.grouped("177127512345646") in page
    assert "Sorte, selon l'expéditeur" not in page
    assert "Sorte, selon l'expéditeur" in browser.get(f"/admin/quarantaine/{odd}").text


def test_the_one_who_proposed_never_confirms(privacy: Officer, person: build.Citizen) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    with refused("two persons"):
        quarantine.confirm(privacy.actor, aside_id, seen(privacy.actor, aside_id))
    quarantine.propose_discard(privacy.actor, aside_id, "twice", "")
    with refused("two persons"):
        quarantine.confirm(privacy.actor, aside_id, seen(privacy.actor, aside_id))
    assert (filed(), lying()) == (0, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_name": "Fontenai"},
        {"sex": "M"},
        {"sex": ""},
        {"birth_name": ""},
        {"identity": "other-day"},
        {"identity": "other-number"},
    ],
)
def test_traits_that_are_not_exact_find_nobody_and_all_misses_look_alike(
    privacy: Officer, person: build.Citizen, changed: dict[str, object]
) -> None:
    aside_id = aside(strange())
    if changed.get("identity") == "other-day":
        changed = {"identity": Identity(person.ins, person.birth_date + timedelta(days=1))}
    elif changed.get("identity") == "other-number":
        changed = {"identity": Identity("177127512345646", person.birth_date)}
    with pytest.raises(InvalidError) as refused:
        quarantine.propose_assignment(privacy.actor, aside_id, target(person, **changed))
    assert refused.value.problems == {
        "": "Nobody is known under these four traits. Check the number, the name, the birth date and the sex.",
    }
    assert quarantine.case(privacy.actor, aside_id).proposal is None


def test_guessing_traits_is_counted(settings: Settings, privacy: Officer, person: build.Citizen) -> None:
    aside_id = aside(strange())
    wrong = target(person, birth_name="Autre")
    for _ in range(settings.search_misses_per_hour):
        with pytest.raises(InvalidError):
            quarantine.propose_assignment(privacy.actor, aside_id, wrong)
    with pytest.raises(ThrottledError):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))


def test_a_document_that_names_somebody_else_known_here_is_never_given_to_another(
    privacy: Officer, person: build.Citizen
) -> None:
    twin = build.citizen("Inès", "Fontenay", birth=person.birth_date)
    named = patient(twin.ins, "FONTENAY", f"{twin.birth_date:%Y%m%d}", "M")
    aside_id = aside(clinical(section("x"), named))
    with refused("another person"):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    quarantine.propose_assignment(privacy.actor, aside_id, target(twin))


def test_what_was_proposed_anew_is_not_confirmed_unseen(
    privacy: Officer, second: Officer, person: build.Citizen, clock: FakeClock
) -> None:
    third = office.officer(Role.PRIVACY_OFFICER, "Maud Delorme")
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    clock.advance(timedelta(seconds=5))
    quarantine.propose_discard(third.actor, aside_id, "not-ours", "")
    with pytest.raises(ConflictError):
        quarantine.confirm(second.actor, aside_id, looked)
    quarantine.withdraw(privacy.actor, aside_id)
    with refused("Nothing awaits"):
        quarantine.confirm(second.actor, aside_id, looked)
    assert (filed(), lying()) == (0, 1)


def test_a_proposal_ends_with_its_author(
    privacy: Officer, second: Officer, administrator: Officer, person: build.Citizen
) -> None:
    from espace.accounts.services import operators

    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    operators.disable(administrator.actor, privacy.id)
    with refused("no longer works here"):
        quarantine.confirm(second.actor, aside_id, looked)
    assert filed() == 0


def test_confirming_asks_for_a_fresh_proof_and_withdrawing_for_none(
    privacy: Officer, second: Officer, person: build.Citizen, clock: FakeClock
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    stale = second.actor
    looked = seen(stale, aside_id)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        quarantine.confirm(stale, aside_id, looked)
    quarantine.withdraw(stale, aside_id)


def test_a_page_that_one_may_not_use_says_why_and_leads_back(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    base = f"/admin/quarantaine/{aside_id}"
    first, other = privacy.browser(app), second.browser(app)
    late = other.get(f"{base}/ecarter")
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    page = first.get(f"{base}/confirmer")
    assert page.path == base
    assert "un autre opérateur doit le confirmer" in page.text
    form = other.get(f"{base}/confirmer").form("seen")
    token = first.get(f"{base}/retirer").form("csrf_token").values["csrf_token"]
    page = first.post(f"{base}/confirmer", {"seen": form.values["seen"], "csrf_token": token}, expect=200)
    assert "un autre opérateur doit le confirmer" in page.text
    assert "déjà une proposition" in other.get(f"{base}/ranger").text
    other.submit(form, {}, expect=200)
    assert titles(person) == [f"Bilan {SECRET}"]
    for place in (base, f"{base}/retirer"):
        page = first.get(place, expect=404)
        assert page.h1 == first.get("/admin/quarantaine").h1
        assert "a déjà décidé" in page.text
    page = other.submit(late.form("kind"), {"kind": "twice"}, expect=200)
    assert "a déjà décidé" in page.text


def test_of_two_who_confirm_at_once_one_files(
    machines: object, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    third = office.officer(Role.PRIVACY_OFFICER, "Maud Delorme")
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    outcomes: list[str] = []

    def confirm(actor: Actor) -> None:
        machines.bind()  # type: ignore[attr-defined]
        try:
            outcomes.append(quarantine.confirm(actor, aside_id, looked).value)
        except (NotFoundError, InvalidError, ConflictError) as error:
            outcomes.append(type(error).__name__)

    threads = [Thread(target=confirm, args=(officer.actor,)) for officer in (second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "assign" in outcomes
    assert len(outcomes) == 2
    assert titles(person) == [f"Bilan {SECRET}"]


def test_discarding_takes_two_and_leaves_nothing(privacy: Officer, second: Officer) -> None:
    aside_id = aside(strange())
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "", "")
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "other", " ")
    with pytest.raises(InvalidError):
        quarantine.propose_discard(privacy.actor, aside_id, "other", "x" * 501)
    quarantine.propose_discard(privacy.actor, aside_id, "other", "Envoyé par erreur.")
    assert quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id)) is Act.DISCARD
    assert (filed(), lying()) == (0, 0)
    with pytest.raises(NotFoundError):
        quarantine.case(privacy.actor, aside_id)


def test_every_act_stands_in_the_house_s_trail_and_in_the_record_s(
    privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
    house = [entry.action for entry in audit.entries(OFFICE, mine=False, holder_actor_ids=(), before=None)]
    assert house.count(Action.QUARANTINE_PROPOSED) == house.count(Action.QUARANTINE_ASSIGNED) == 1
    own = audit.entries(person.record_id, mine=False, holder_actor_ids=(), before=None)
    told = [entry.action for entry in own]
    assert {Action.QUARANTINE_PROPOSED, Action.QUARANTINE_ASSIGNED, Action.DOCUMENT_IMPORTED} <= set(told)
    assert SECRET not in "".join(
        str(entry.detail) + str(entry.objects) for entry in own if "quarantine" in entry.action
    )


@pytest.mark.parametrize("role", [Role.COUNTER])
def test_the_counter_has_no_part_in_it(app: Flask, counter: Officer, person: build.Citizen, role: Role) -> None:
    aside_id = aside(strange())
    browser = counter.browser(app)
    for place in ("", f"/{aside_id}", f"/{aside_id}/ranger"):
        browser.get(f"/admin/quarantaine{place}", expect=404)
    for act in (
        lambda: quarantine.page(counter.actor),
        lambda: quarantine.case(counter.actor, aside_id),
        lambda: quarantine.propose_assignment(counter.actor, aside_id, target(person)),
        lambda: quarantine.propose_discard(counter.actor, aside_id, "twice", ""),
        lambda: quarantine.withdraw(counter.actor, aside_id),
        lambda: quarantine.confirm(counter.actor, aside_id, ""),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_a_closed_record_takes_nothing_even_confirmed(privacy: Officer, second: Officer, person: build.Citizen) -> None:
    from espace.administration.services import persons, visits
    from espace.administration.services.visits import Purpose

    aside_id = aside(strange())
    quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    looked = seen(second.actor, aside_id)
    visit = visits.find(privacy.actor, Purpose.PRIVACY, Identity(person.ins, person.birth_date))
    persons.suspend(privacy.actor, visit, "mixed-up", "Deux personnes mélangées.")
    with pytest.raises(InvalidError):
        quarantine.confirm(second.actor, aside_id, looked)
    with pytest.raises(InvalidError):
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
    assert (filed(), lying()) == (0, 1)


def test_the_list_goes_page_by_page(app: Flask, privacy: Officer, clock: FakeClock) -> None:
    for number in range(43):
        clock.advance(timedelta(seconds=1))
        aside(strange(number=str(number)), f"{number}.xml")
    browser = privacy.browser(app)
    page = browser.get("/admin/quarantaine")
    assert len(page.tree.find_class("row")) == 40
    older = browser.get(page.link("plus ancien"))
    assert len(older.tree.find_class("row")) == 3
    browser.get("/admin/quarantaine?avant=%00nonsense")


def test_the_pages_bear_wrong_addresses_and_answers(app: Flask, privacy: Officer) -> None:
    aside_id = aside(strange())
    browser = privacy.browser(app)
    base = f"/admin/quarantaine/{aside_id}"
    browser.get(f"{base}/autre", expect=404)
    for act in ("confirmer", "retirer"):
        assert "n'attend" in browser.get(f"{base}/{act}").text
    page = browser.get(f"{base}/ranger")
    page = browser.submit(page.form("ins"), {"ins": "12", "birth_date": "x", "care_day": "31/12/2999"}, expect=422)
    assert len(page.tree.find_class("err")) >= 4
    assert (filed(), lying()) == (0, 1)


def test_a_picture_without_a_name_takes_its_kind_from_the_operators(
    privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    aside_id = aside(pdf("Scanner"), "radio.pdf")
    quarantine.propose_assignment(privacy.actor, aside_id, target(person, type_code="18748-4"))
    quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
    [row] = documents.page(person.standing()).rows
    assert (row.type_code, row.date, row.body_media) == ("18748-4", DAY, "application/pdf")


def test_every_real_sample_goes_that_way_and_is_read_whole(
    app: Flask, privacy: Officer, second: Officer, person: build.Citizen
) -> None:
    folder = sample_folder()
    samples = sorted([*(folder / "fr_cda").glob("*.xml"), *(folder / "ccda").glob("*.xml"), folder / "xdm" / "xdm.zip"])
    assert len(samples) >= 9
    holder = person.browser(app)
    read: set[UUID] = set()
    for sample in samples:
        content = sample.read_bytes()
        aside_id = aside(content, sample.name)
        quarantine.propose_assignment(privacy.actor, aside_id, target(person))
        quarantine.confirm(second.actor, aside_id, seen(second.actor, aside_id))
        [new] = [row for row in documents.page(person.standing()).rows if row.id not in read]
        read.add(new.id)
        page = holder.get(f"/dossiers/{person.record_id}/documents/{new.id}")
        if sample.suffix == ".xml":
            said = "".join(page.text.split())
            for words in cda_view.plain_text(content)[1:]:
                assert all("".join(line.split()) in said for line in words.split("\n")), sample.name
    assert lying() == 0
