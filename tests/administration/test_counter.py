"""The counter: exact search, identities compared, a code on paper that replaces the one before (security.md R50)."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pypdfium2
import pytest
from flask import Flask

from espace import settings
from espace.accounts import services as accounts
from espace.accounts.services import letters
from espace.administration.services import counter as services
from espace.administration.services import visits
from espace.administration.services.counter import Checked, Paper
from espace.administration.services.visits import Identity, Purpose
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.identifiers import new_id
from espace.permissions import Actor
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.office import Officer

PASSPORT = Checked(Paper("passport", "K7PM"))


def typed(one: build.Citizen) -> dict[str, str]:
    """What the operator types from a card."""
    return {"ins": one.ins, "birth_date": f"{one.birth_date:%d/%m/%Y}"}


def identity(one: build.Citizen) -> Identity:
    """The same, for the services."""
    return Identity(one.ins, one.birth_date)


def found(actor: Actor, one: build.Citizen) -> UUID:
    """A visit to a person."""
    return visits.find(actor, Purpose.COUNTER, identity(one))


def at_desk(browser: Browser, one: build.Citizen) -> str:
    """Go to a person's page at the counter; gives its address."""
    page = browser.get("/admin/guichet")
    return browser.submit(page.form("ins"), typed(one), expect=200).path


def rows(one: build.Citizen, action: Action) -> list[audit.Entry]:
    """The acts of one kind in a person's record."""
    every = audit.entries(one.record_id, mine=False, holder_actor_ids=[new_id()], before=None)
    return [entry for entry in every if entry.action is action]


def text_of(letter: bytes) -> str:
    """The words of a letter."""
    with pypdfium2.PdfDocument(letter) as document:
        return " ".join(page.get_textpage().get_text_bounded() for page in document)


def code_on(letter: bytes, person_id: UUID) -> str:
    """The provisional code a letter carries: the only word of it that works."""
    words = text_of(letter).split()
    for first, second in pairwise(words):
        if len(first + second) == 8 and letters.find(person_id, first + second):
            return first + second
    raise AssertionError("no code that works on the letter")


def test_somebody_is_found_compared_and_leaves_with_a_letter(app: Flask, counter: Officer) -> None:
    person = build.citizen("Rose", "Guérin", activated=False)
    old = accounts.new_activation_code(person.person_id)
    browser = counter.browser(app)
    place = at_desk(browser, person)
    page = browser.get(place)
    assert "Guérin" in page.text
    assert person.ins not in page.text
    assert "exemple.test" not in page.text
    values = {"own_kind": "identity-card", "own_end": "x4 z9", "face": "y", "traits": "y"}
    page = browser.submit(page.form("own_kind"), values, expect=200)
    assert page.path == f"{place}/code"
    answer = browser.submit(next(form for form in page.forms if form.action == page.path), follow=False)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    code = code_on(answer.body, person.person_id)
    assert letters.find(person.person_id, old) is None
    assert code not in browser.get(f"{place}/code").text
    checked = rows(person, Action.IDENTITY_CHECKED)[0]
    assert checked.actor_name == counter.name
    assert checked.objects[0]["title"] == "carte d'identité …X4Z9"
    assert len(rows(person, Action.CODE_PRINTED)) == 1


def test_the_holder_is_told_and_the_message_says_nothing(app: Flask, counter: Officer) -> None:
    person = build.citizen("Rose", "Guérin")
    visit = found(counter.actor, person)
    services.check_identity(counter.actor, visit, PASSPORT)
    services.print_code(counter.actor, visit)
    told = build.mails_to(person.email)[-1]
    assert told["message"] == "code-printed"
    assert person.name not in str(told)


def test_a_second_letter_kills_the_first(app: Flask, counter: Officer) -> None:
    person = build.citizen(activated=False)
    visit = found(counter.actor, person)
    services.check_identity(counter.actor, visit, PASSPORT)
    first = code_on(services.print_code(counter.actor, visit), person.person_id)
    second = code_on(services.print_code(counter.actor, visit), person.person_id)
    assert letters.find(person.person_id, first) is None
    assert letters.find(person.person_id, second)
    assert letters.use(person.person_id)
    assert not letters.use(person.person_id)


def test_a_miss_reveals_nothing_and_misses_end(app: Flask, counter: Officer, clock: FakeClock) -> None:
    person = build.citizen()
    browser = counter.browser(app)
    wrong_day = {"ins": person.ins, "birth_date": "01/01/1950"}
    nobody = {"ins": build.ins(), "birth_date": f"{person.birth_date:%d/%m/%Y}"}
    texts = set()
    for number in range(20):
        page = browser.get("/admin/guichet")
        answer = browser.submit(page.form("ins"), [wrong_day, nobody][number % 2], expect=422)
        texts.add(answer.tree.xpath("string(//*[@id='summary'])"))
    assert len(texts) == 1
    page = browser.get("/admin/guichet")
    assert browser.submit(page.form("ins"), typed(person)).status == 429  # a good one is not looked at either
    assert not rows(person, Action.OPERATOR_FOUND)
    acts = audit.entries(counter.id, mine=True, holder_actor_ids=[counter.id], before=None)
    assert sum(entry.action is Action.OPERATOR_SEARCHED for entry in acts) == 20
    clock.advance(timedelta(hours=1, seconds=1))
    assert found(counter.actor, person)


def test_nothing_is_printed_before_the_identity_is_checked(app: Flask, counter: Officer) -> None:
    person = build.citizen()
    visit = found(counter.actor, person)
    with pytest.raises(NotFoundError):
        services.print_code(counter.actor, visit)
    page = counter.browser(app).get(f"/admin/guichet/{visit}/code")
    assert page.path == f"/admin/guichet/{visit}"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Checked(Paper("")), "own_kind"),
        (Checked(Paper("library-card", "1234")), "own_kind"),
        (Checked(Paper("family-book")), "own_kind"),
        (Checked(Paper("passport", "")), "own_end"),
        (Checked(Paper("passport", "12345")), "own_end"),
        (Checked(Paper("passport", "12é4")), "own_end"),
        (Checked(Paper("passport", "1 34")), "own_end"),
    ],
)
def test_what_was_shown_must_be_told_exactly(app: Flask, counter: Officer, said: Checked, field: str) -> None:
    visit = found(counter.actor, build.citizen())
    with pytest.raises(InvalidError) as refused:
        services.check_identity(counter.actor, visit, said)
    assert field in refused.value.problems


def test_the_face_must_be_compared(app: Flask, counter: Officer) -> None:
    browser = counter.browser(app)
    page = browser.get(at_desk(browser, build.citizen()))
    answer = browser.submit(page.form("own_kind"), {"own_kind": "passport", "own_end": "1234"}, expect=422)
    assert answer.path.endswith("/identite")


def test_a_visit_is_its_operators_alone_and_ends(app: Flask, counter: Officer, clock: FakeClock) -> None:
    from tests.support import office

    other = office.officer(counter.role, "Gaël Pons")
    person = build.citizen()
    visit = found(counter.actor, person)
    for actor, purpose in ((other.actor, Purpose.COUNTER), (counter.actor, Purpose.PRIVACY)):
        with pytest.raises(NotFoundError):
            visits.visit(actor, purpose, visit)
    services.check_identity(counter.actor, visit, PASSPORT)
    clock.advance(visits.LIFE)
    with pytest.raises(NotFoundError):
        services.print_code(counter.actor, visit)
    again = found(counter.actor, person)
    visits.end(counter.actor, Purpose.COUNTER, again)
    with pytest.raises(NotFoundError):
        services.desk(counter.actor, again)
    clock.advance(timedelta(days=-30))
    with pytest.raises(NotFoundError):
        services.desk(counter.actor, visit)


def test_printing_asks_for_a_fresh_proof(app: Flask, counter: Officer, clock: FakeClock) -> None:
    actor = counter.actor
    visit = found(actor, build.citizen())
    services.check_identity(actor, visit, PASSPORT)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        services.print_code(actor, visit)


def test_a_day_allows_so_many_codes(app: Flask, counter: Officer, privacy: Officer, clock: FakeClock) -> None:
    person = build.citizen(activated=False)
    settings.bind(replace(settings.current(), counter_codes_per_day=2))
    visit = found(counter.actor, person)
    services.check_identity(counter.actor, visit, PASSPORT)
    services.print_code(counter.actor, visit)
    assert not [mail for mail in build.mails_to(privacy.email) if mail["message"] == "counter-limit"]
    last = code_on(services.print_code(counter.actor, visit), person.person_id)
    assert build.mails_to(privacy.email)[-1]["message"] == "counter-limit"
    with pytest.raises(InvalidError):
        services.print_code(counter.actor, visit)
    assert letters.find(person.person_id, last)  # the refused one changed nothing
    assert len(rows(person, Action.CODE_PRINTED)) == 2
    assert services.codes_left(counter.actor) == 0
    clock.advance(timedelta(days=1))
    assert services.codes_left(counter.actor) == 2


def test_for_a_child_a_linked_parent_shows_both_identities(app: Flask, counter: Officer) -> None:
    mother, stranger = build.citizen("Awa", "Cissé"), build.citizen("Léo", "Roche")
    child = build.citizen("Aïcha", "Cissé", birth=date(2019, 3, 2), parents=(mother,), activated=False)
    browser = counter.browser(app)
    place = at_desk(browser, child)
    page = browser.get(place)
    assert not any("own_kind" in form.names for form in page.forms)
    refused = browser.submit(page.form("ins"), typed(stranger), expect=422)
    assert "Roche" not in refused.text
    page = browser.submit(page.form("ins"), typed(mother), expect=200)
    values = {"own_kind": "passport", "own_end": "AB12", "child_kind": "family-book", "face": "y", "traits": "y"}
    page = browser.submit(page.form("child_kind"), values, expect=200)
    answer = browser.submit(next(form for form in page.forms if form.action.endswith("/code")), follow=False)
    assert code_on(answer.body, child.person_id)
    titles = [thing["title"] for thing in rows(child, Action.IDENTITY_CHECKED)[0].objects]
    assert titles == ["passeport …AB12", "livret de famille"]
    assert build.mails_to(mother.email)[-1]["message"] == "code-printed"


def test_an_activation_begun_with_the_code_before_is_forgotten(app: Flask, counter: Officer) -> None:
    from espace.accounts.services import activation, drafts
    from espace.accounts.services.letter_proof import Letter

    person = build.citizen(activated=False)
    code = accounts.new_activation_code(person.person_id)
    token, _ = activation.begin(Letter(person.ins, code, person.birth_date), build.VISITOR)
    visit = found(counter.actor, person)
    services.check_identity(counter.actor, visit, PASSPORT)
    services.print_code(counter.actor, visit)
    assert drafts.current(token) is None


def test_the_number_of_the_card_stands_nowhere_in_the_house(app: Flask, counter: Officer) -> None:
    person = build.citizen()
    found(counter.actor, person)
    held = audit.office_acts()
    assert person.ins not in str(held)
    assert person.name not in str(held)


def test_only_the_counter_searches_here(app: Flask, privacy: Officer, administrator: Officer) -> None:
    person = build.citizen()
    for officer in (privacy, administrator):
        with pytest.raises(NotFoundError):
            visits.find(officer.actor, Purpose.COUNTER, identity(person))
    with pytest.raises(NotFoundError):
        visits.find(person.actor, Purpose.COUNTER, identity(person))


def test_the_throttle_tells_how_long(app: Flask, counter: Officer) -> None:
    for _ in range(20):
        with pytest.raises(InvalidError):
            visits.find(counter.actor, Purpose.COUNTER, Identity(build.ins(), date(1980, 1, 1)))
    with pytest.raises(ThrottledError) as held:
        visits.find(counter.actor, Purpose.COUNTER, Identity(build.ins(), date(1980, 1, 1)))
    assert 3500 < held.value.wait <= 3600
