"""The demo's folder, its cast and their documents on paper; its pages for this machine only."""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from flask import Flask

from espace.demo import ledger
from espace.demo.cast import DIRECTORY, PEOPLE
from espace.demo.folder import MARKER, prepare
from espace.demo.lives import LIVES, papers
from espace.demo.mailbox import Mailbox
from espace.demo.papers import YEARS
from espace.documents.services import PATIENT_TYPES, types
from espace.identifiers import parse_ins, parse_rpps
from espace.settings import Settings

DAYS = [date(2026, 11, 23), date(2027, 1, 1), date(2028, 2, 29), date(2028, 3, 1), date(2031, 12, 31)]


@pytest.mark.parametrize("today", DAYS)
def test_everybody_has_their_age_and_a_valid_number_on_any_day(today: date) -> None:
    for someone in PEOPLE:
        birth = someone.born(today)
        assert today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)) == someone.years
        parse_ins(someone.ins(today))
    assert len({someone.ins(today) for someone in PEOPLE}) == len(PEOPLE)
    assert any("2B" in someone.ins(today) for someone in PEOPLE)


def test_every_professional_has_a_number_of_their_own_with_its_key() -> None:
    assert len({parse_rpps(pro.rpps, checked=True) for pro in DIRECTORY.values()}) == len(DIRECTORY)


@pytest.mark.parametrize("today", DAYS)
def test_documents_lie_in_the_past_of_their_holder_and_are_of_known_kinds(today: date) -> None:
    births = {someone.key: someone.born(today) for someone in PEOPLE}
    for key in LIVES:
        for paper in papers(key, today):
            assert births[key] <= paper.day <= today
            assert paper.type_code in types()
            assert paper.author in DIRECTORY or paper.type_code in PATIENT_TYPES


def test_the_documents_look_like_a_life() -> None:
    lives = {key: papers(key, DAYS[0]) for key in LIVES}
    everything = [paper for life in lives.values() for paper in life]
    assert len({paper.type_code for paper in everything}) >= 25
    assert len(lives["retired"]) >= 150
    assert len(lives["mother"]) >= 60
    assert (DAYS[0] - lives["retired"][0].day) > timedelta(days=(YEARS - 1) * 365)
    laboratories = {paper.author for paper in lives["retired"] if paper.type_code == "11502-2"}
    assert laboratories == {"biologist", "lab_anjou", "lab_chu"}
    assert any(paper.secret for paper in lives["teen"])
    assert sum(paper.hidden for paper in everything) >= 3


def test_an_unfinished_build_is_thrown_away(tmp_path: Path) -> None:
    first = prepare(tmp_path / "demo", fresh=False)
    (first.path / "data").mkdir()
    (first.path / "data" / "half").write_text("half")
    os.close(first.lock)
    second = prepare(tmp_path / "demo", fresh=False)
    assert not second.whole
    assert [child.name for child in second.path.iterdir()] == [MARKER]
    assert second.provider_secret == first.provider_secret
    os.close(second.lock)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_of_someone_elses_is_never_touched(tmp_path: Path, fresh: bool) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(click.ClickException, match="no demo"):
        prepare(tmp_path, fresh=fresh)
    (tmp_path / MARKER).write_text('{"kind": "something else"}')
    with pytest.raises(click.ClickException, match="not what a demo"):
        prepare(tmp_path, fresh=fresh)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_one_folder_holds_one_running_demo(tmp_path: Path) -> None:
    held = prepare(tmp_path / "demo", fresh=False)
    with pytest.raises(click.ClickException, match="already running"):
        prepare(tmp_path / "demo", fresh=True)
    os.close(held.lock)


class TestPages:
    """The demo's pages over a bare house."""

    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        """The same house, as a demo."""
        kinds = ("patients", "children", "activation", "professionals", "operators")
        ledger.write(tmp_path / ledger.NAME, {kind: [] for kind in kinds})
        return replace(
            settings,
            demo_dir=tmp_path,
            sms_url="http://localhost:8000/demo/sms",
            sms_token="un jeton",
        )

    @pytest.mark.parametrize("path", ["/demo/", "/demo/outbox"])
    def test_only_this_machine_sees_them(self, app: Flask, path: str) -> None:
        client = app.test_client()
        assert client.get(path, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
        assert client.get(path, environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
        assert client.get(path, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404

    def test_who_types_the_number_is_led_to_the_name(self, app: Flask) -> None:
        client, html = app.test_client(), {"Accept": "text/html,*/*"}
        led = client.get("/aide?x=1", base_url="http://127.0.0.1:8000", headers=html)
        assert (led.status_code, led.location) == (307, "http://localhost:8000/aide?x=1")
        assert client.get("/readyz", base_url="http://127.0.0.1:8000").status_code == 200  # machines ask no page
        assert client.get("/aide", base_url="http://elsewhere.example", headers=html).status_code == 200

    def test_mails_are_shown_as_text_newest_first(self, app: Flask, tmp_path: Path) -> None:
        box = Mailbox(tmp_path)
        for number, body in enumerate(("first", "<script>second</script>")):
            box.keep("a@example.org", ["b@example.org"], f"Subject: s{number}\r\n\r\n{body}\r\n".encode())
        page = app.test_client().get("/demo/outbox").get_data(as_text=True)
        assert page.index("s1") < page.index("s0")
        assert "<script>second" not in page

    def test_the_gateway_takes_what_the_worker_sends_once(self, app: Flask, settings: Settings) -> None:
        client, told = app.test_client(), {"Authorization": f"Bearer {settings.sms_token}"}
        asked = {"id": "7", "from": "espace", "to": "+33639981234", "text": "espace : <b>042917</b>"}
        assert client.post("/demo/sms", json=asked).status_code == 401
        assert client.post("/demo/sms", json=asked, headers={"Authorization": "Bearer x"}).status_code == 401
        assert [client.post("/demo/sms", json=asked, headers=told).status_code for _ in range(2)] == [202, 409]
        wrongs: tuple[object, ...] = ([], {}, {"id": 7}, asked | {"text": None})
        for wrong in wrongs:
            assert client.post("/demo/sms", json=wrong, headers=told).status_code == 400
        assert client.post("/demo/sms", data=b"{", headers=told).status_code == 400
        page = client.get("/demo/outbox").get_data(as_text=True)
        assert page.count("042917") == 1
        assert "<b>042917" not in page


def test_no_demo_page_exists_outside_the_demo(app: Flask) -> None:
    assert not [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/demo")]


def test_substances_are_those_of_the_reference() -> None:
    """Names on prescriptions come from the packaged vocabulary, so that later steps recognise them."""
    known = {
        "metformine", "ramipril", "atorvastatine", "amlodipine", "lévothyroxine", "paracétamol", "amoxicilline",
        "salbutamol",
    }  # fmt: skip
    written = {
        name.split(",")[0].lower()
        for key in LIVES
        for paper in papers(key, DAYS[0])
        if paper.type_code == "57833-6"
        for block in paper.blocks
        if block["kind"] == "prescription"
        for name, _how in block["items"]
    }
    assert written <= known
