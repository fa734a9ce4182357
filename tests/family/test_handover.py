"""The day of majority: parents are out at once, told with the date, and the space is handed over (rules.md MI-4)."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import update

from espace import db
from espace.access import services as access
from espace.access.services.passing import makers
from espace.accounts.services import letters
from espace.documents import services as documents
from espace.family.cli import coming_of_age
from espace.family.models import Link
from espace.family.services.growing.majority import farewells, letters_due, tell_ahead
from espace.machines import Machines
from espace.permissions import Permission
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

BORN, DAY = date(2008, 12, 10), date(2026, 12, 10)
MIDNIGHT = datetime(2026, 12, 9, 23, tzinfo=UTC)
"""When the day begins where they live."""


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    return build.citizen("Claire")


@pytest.fixture
def father(machines: Machines) -> Citizen:
    return build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))


@pytest.fixture
def teen(mother: Citizen, father: Citizen) -> Citizen:
    return build.citizen("Léa", birth=BORN, parents=(mother, father), activated=False)


@pytest.mark.parametrize("before", [timedelta(seconds=1), timedelta(hours=5)])
def test_the_parents_are_out_from_the_first_second_of_the_day(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen, before: timedelta
) -> None:
    added = build.document(mother.standing(teen.record_id), "Radio")
    clock.now = MIDNIGHT - before
    places = [
        f"/dossiers/{teen.record_id}/{rest}" for rest in ("", "documents", f"documents/{added}", "acces", "soins")
    ]
    browser = mother.browser(app)
    assert {browser.get(place).status for place in places} == {200}
    clock.now = MIDNIGHT
    browser = browser if before < timedelta(minutes=1) else mother.browser(app)
    assert {browser.get(place, expect=None).status for place in places} == {404}
    assert str(teen.record_id) not in browser.get("/compte/proches").text


def test_both_are_told_with_the_date_and_who_was_stopped_before_is_not(
    clock: FakeClock, mother: Citizen, father: Citizen, teen: Citizen
) -> None:
    with db.write() as tx:
        tx.execute(update(Link).where(Link.person_id == father.person_id).values(frozen_at=clock.now))
    clock.now = MIDNIGHT + timedelta(hours=9)
    assert tell_ahead() == 1
    told = [one for one in build.mails_to(mother.email) if one["message"] == "majority-ended"]
    assert [one["values"]["day"] for one in told] == ["10 décembre 2026"]
    assert not [one for one in build.mails_to(father.email) if one["message"].startswith("majority")]
    assert tell_ahead() == 0


def test_what_parents_gave_away_opens_nothing_from_that_day_on(
    clock: FakeClock, mother: Citizen, teen: Citizen
) -> None:
    maker = makers.written(mother.standing(teen.record_id))
    clock.now = MIDNIGHT - timedelta(seconds=1)
    assert makers.still_decides(teen.record_id, maker) is not None
    clock.now = MIDNIGHT
    assert makers.still_decides(teen.record_id, maker) is None


def test_the_farewell_stands_for_some_weeks_and_names_the_day(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen
) -> None:
    clock.now = MIDNIGHT + timedelta(days=3)
    page = mother.browser(app).get("/compte/proches")
    assert "Léa a atteint la majorité" in page.text
    assert "Depuis le jeudi 10 décembre 2026" in page.text or "Depuis le 10 décembre 2026" in page.text
    clock.now = MIDNIGHT + timedelta(days=92)
    assert farewells(mother.actor) == []


def test_letters_are_for_who_has_no_account_and_open_the_space(
    clock: FakeClock, mother: Citizen, teen: Citizen, tmp_path: Path
) -> None:
    build.citizen("Ana", birth=BORN, parents=(mother,))  # has an account
    build.citizen("Lou", birth=date(2012, 1, 1), parents=(mother,), activated=False)
    assert list(letters_due()) == []
    clock.now = MIDNIGHT + timedelta(days=1)
    sheet = tmp_path / "letters.csv"
    done = CliRunner().invoke(coming_of_age, [str(sheet)])
    assert done.output == "1 letters\n"
    [code] = [word for word in re.split("[,;\n]", sheet.read_text("utf-8-sig")) if letters.find(teen.person_id, word)]
    assert not letters.find(teen.person_id, code).is_used  # type: ignore[union-attr]
    grown = build.walked(teen, "lea@exemple.test")
    assert grown.standing().may(Permission.ACCESS_MANAGE)
    clock.advance(timedelta(minutes=1))
    assert list(letters_due()) == []


def test_what_parents_added_stays_and_secret_marks_mean_nothing_any_more(
    app: Flask, clock: FakeClock, mother: Citizen, teen: Citizen
) -> None:
    access.ensure_matrix()
    build.document(mother.standing(teen.record_id), "Radio du poignet")
    doctor = build.caregiver()
    access.note_encounter(doctor.actor, teen.record_id)
    standing = doctor.standing(teen.record_id)
    assert standing is not None
    kind = min(access.may_deposit(doctor.actor.profession))
    command = documents.DepositDocument(
        title="Entretien", date=date(2026, 11, 2), type_code=kind, content=b"Bien.", representatives_see=False
    )
    secret = documents.deposit(standing, command)
    clock.now = MIDNIGHT + timedelta(days=1)
    grown = build.walked(teen, "lea@exemple.test")
    browser = grown.browser(app)
    listed = browser.get(f"/dossiers/{teen.record_id}/documents").text
    assert "Radio du poignet" in listed
    assert "Entretien" in listed
    page = browser.get(f"/dossiers/{teen.record_id}/documents/{secret}").text
    assert "Il était gardé secret pour vos parents." in page
    assert "Le montrer à mes parents" not in page
    page = browser.get(f"/dossiers/{teen.record_id}/grandir").text
    assert "Vos parents ne voient plus rien de votre dossier" in page
    clock.now = MIDNIGHT + timedelta(days=92)
    assert grown.browser(app).get(f"/dossiers/{teen.record_id}/grandir").path == f"/dossiers/{teen.record_id}/"


@on_sqlite
@pytest.mark.parametrize(
    ("age", "by_child", "by_parent"),
    [
        (11, None, "n'est pas affiché"),
        (13, "Dites-le au professionnel", "peut demander à un professionnel de garder certains soins"),
        (17, "Vous pouvez le faire vous-même", "Ni le compte de Léa"),
    ],
)
def test_the_page_of_the_stages_says_what_holds_to_each(
    app: Flask, mother: Citizen, age: int, by_child: str | None, by_parent: str
) -> None:
    child = build.citizen("Léa", birth=date(2026 - age, 6, 1), parents=(mother,))
    own = child.browser(app).get(f"/dossiers/{child.record_id}/grandir").text
    parents = mother.browser(app).get(f"/dossiers/{child.record_id}/grandir").text
    if by_child is None:
        assert "secret" not in parents.split("Âge par âge")[0]
        return
    assert by_child in own
    assert by_parent in parents
