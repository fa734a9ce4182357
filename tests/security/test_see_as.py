"""« Voir comme » is what they see: the same pages, proven equal to their own (design 3.4, security.md R12, R13)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.access import services as access
from espace.access.models import Visit
from espace.audit import services as audit
from espace.documents.models import DocumentMark, DocumentReader
from espace.documents.services import care_history
from espace.documents.services.deciding import delays
from espace.permissions import Standing
from tests.support import build, readers
from tests.support.build import Caregiver
from tests.support.clock import START, FakeClock
from tests.support.marks import on_sqlite

from .seeing import Scene, deposit, met, scene

_EYES: Any = import_module("espace.access.services.seeing.eyes")
HIDDEN_FROM_LOOKERS = "Entretien Zibeline"


def _later_secrets(made: Scene) -> None:
    """What comes in after: not announced to the person, or waiting until they want to read it."""
    own = made.holder.standing()
    known = delays.choices(own)
    delays.choose(own, known | {delays.ResultKind.LABORATORY: None}, known=known)
    deposit(made.depositor, made.holder, HIDDEN_FROM_LOOKERS, representatives_see=True, patient_invisible=True)
    deposit(made.depositor, made.holder, f"{HIDDEN_FROM_LOOKERS} 2", "11502-2", representatives_see=True)


def _compare(app: Flask, made: Scene, names: set[str] | None = None) -> dict[str, list[str]]:
    """Where what is seen through somebody's eyes differs from what they see, by who they are."""
    people = {name: who for name, who in made.everyone().items() if names is None or name in names}
    theirs = {}
    for name, who in people.items():
        standing = who.standing(made.holder.record_id)
        theirs[name] = met(who.browser(app), made.base_of(who), forget=standing)
    _later_secrets(made)
    looker = made.holder.browser(app)
    found: dict[str, list[str]] = {}
    for name, who in people.items():
        mine = met(looker, made.mirror_of(who))
        found[name] = [place for place in theirs[name] if theirs[name][place] != mine.get(place)]
        found[name] += [place for place in mine if place not in theirs[name]]
    return found


@on_sqlite
@pytest.mark.parametrize("seed", [11, 12])
def test_what_is_seen_through_their_eyes_is_what_they_see(app: Flask, seed: int) -> None:
    found = _compare(app, scene(seed))
    assert found == {name: [] for name in found}
    assert len(found) == 7


def test_both_engines_show_the_same_through_their_eyes(app: Flask) -> None:
    found = _compare(app, scene(21, count=3), {"reader", "carer"})
    assert found == {"reader": [], "carer": []}


_CHANGES: dict[str, Callable[[Standing], Standing]] = {
    "rules left out": lambda one: replace(one, bound_by=frozenset()),
    "hidden shown": lambda one: replace(one, sees_hidden=True),
    "a type less": lambda one: replace(one, readable_types=frozenset(sorted(one.readable_types)[1::2])),
    "somebody else's deposits": lambda one: replace(one, actor=replace(one.actor, id=one.record_id)),
    "other types first": lambda one: replace(one, usual_types=frozenset()),
    "types not withheld": lambda one: replace(one, withheld_types=frozenset()),
}


@on_sqlite
@pytest.mark.parametrize("change", list(_CHANGES))
def test_a_difference_would_be_noticed(app: Flask, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """The comparison can fail: each of these changes of a standing seen through is noticed."""
    real = _EYES.through

    def changed(found: Standing | None, own: Standing) -> Standing | None:
        seen = real(found, own)
        return seen and _CHANGES[change](seen)

    monkeypatch.setattr(_EYES, "through", changed)
    assert any(_compare(app, scene(11), {"depositor", "reader", "carer"}).values())


@on_sqlite
def test_a_parent_meets_nothing_of_what_is_kept_from_them(app: Flask) -> None:
    """Through whosever eyes: the secret care of a minor, what is not announced, what waits (R14)."""
    made = scene(31)
    secret = made.documents[0]
    _later_secrets(made)
    looker = made.mother.browser(app)
    for who in made.everyone().values():
        for place, (_status, text) in met(looker, made.mirror_of(who)).items():
            assert HIDDEN_FROM_LOOKERS not in text, place
            assert "Compte rendu 0<" not in text, place
            assert str(secret) not in text, place
        for place in ("", "/pages/1", "/imprimer"):
            assert looker.get(f"{made.mirror_of(who)}/documents/{secret}{place}", expect=None).status == 404
        below = looker.get(f"{made.mirror_of(who)}/documents/non-montres", expect=None)
        assert str(secret) not in below.text
        assert "Compte rendu 0" not in below.text


@on_sqlite
def test_looking_leaves_nothing_of_theirs(app: Flask) -> None:
    """No row of the trail as theirs, no visit, no marker; a parent who looks leaves rows of their own."""
    made = scene(41)

    def theirs() -> list[Any]:
        with db.read() as tx:
            return [
                tx.execute(select(func.count()).select_from(one)).scalar()
                for one in (DocumentMark, DocumentReader, Visit)
            ]

    before, last = theirs(), _newest(made)
    looker = made.holder.browser(app)
    for who in made.everyone().values():
        met(looker, made.mirror_of(who))
    assert theirs() == before
    assert _newest(made) == last
    met(made.mother.browser(app), made.mirror_of(made.reader))
    rows = audit.entries(made.holder.record_id, mine=False, holder_actor_ids=[], before=None, limit=200)
    new = [one for one in rows if one.sequence > last]
    assert new
    assert {one.actor_id for one in new} == {made.mother.account_id}
    assert theirs() == before


def _newest(made: Scene) -> int:
    rows = audit.entries(made.holder.record_id, mine=False, holder_actor_ids=[], before=None, limit=1)
    return rows[0].sequence if rows else 0


@on_sqlite
def test_nothing_is_taken_away_or_changed_through_their_eyes(app: Flask) -> None:
    made = scene(51)
    looker = made.holder.browser(app)
    page = looker.get(f"{made.mirror_of(made.reader)}/documents")
    shown = next(str(one) for one in page.tree.xpath("//main//ul[@class='rows docs']//a/@href"))
    for act in ("contenu", "original", "xdm"):
        told = looker.get(f"{shown}/{act}")
        assert told.headers["Content-Type"].startswith("text/html")
        assert "Content-Disposition" not in told.headers
    one = looker.get(shown)
    for form in one.tree.xpath("//main//form[@method='post']"):
        assert all(button.get("disabled") is not None for button in form.xpath(".//button"))
    for act in ("favori", "dossier", "supprimer", "personnes", "cacher", "attente", "annoncer"):
        sent = looker.send("POST", f"{shown}/{act}", expect=None, data={"csrf_token": one.csrf_token}, follow=False)
        assert sent.status == 405
    assert looker.get(f"{made.mirror_of(made.reader)}/nulle-part", expect=None).status == 404


@on_sqlite
def test_only_who_manages_the_accesses_looks_and_a_wrong_person_is_nobody(app: Flask, clock: FakeClock) -> None:
    made = scene(61, count=2)
    stranger, unknown = build.citizen("Odile", "Marchand"), build.caregiver("Inconnu", "Jean")
    base = f"/dossiers/{made.holder.record_id}/voir-comme"
    for who in (made.carer, stranger):
        for place in ("/", f"/{made.reader.id}", f"/{made.reader.id}/documents", "/urgence/documents"):
            assert who.browser(app).get(base + place, expect=None).status == 404
    assert isinstance(made.reader, Caregiver)
    assert made.reader.browser(app).get(f"{base}/{made.reader.id}/documents", expect=None).status == 404
    looker = made.holder.browser(app)
    nobody = (unknown.id, made.holder.person_id, stranger.person_id, made.holder.record_id, "metier-XX", "equipe-", "x")
    for one in (*nobody, f"equipe-{made.reader.facts.structures[0].id}-G15_10", "equipe-" + "0" * 36 + "-G15_10"):
        for place in ("", "/documents", "/soins"):
            assert looker.get(f"{base}/{one}{place}", expect=None).status == 404, one
    # Whose access ended meanwhile sees nothing: that is said.
    assert looker.get(f"{base}/{made.urgent.id}/documents").path.endswith("/documents")
    clock.now = START + timedelta(hours=6)
    looker = made.holder.browser(app)
    assert looker.get(f"{base}/{made.urgent.id}/documents", expect=None).status == 404


@on_sqlite
def test_an_access_that_was_ended_is_said_and_a_request_shows_what_a_yes_would_open(app: Flask) -> None:
    made = scene(71, count=3)
    asking = build.caregiver("Roy", "Ana")
    build.consent(made.holder, asking)
    looker, base = made.holder.browser(app), f"/dossiers/{made.holder.record_id}/voir-comme"
    assert looker.get(f"{base}/{asking.id}/documents").path == f"{base}/{asking.id}/documents"
    assert "Roy" in looker.get(f"{base}/{asking.id}").text
    own = made.holder.standing()
    line = next(one for one in access.consents(own) if one.grantee_id == made.reader.id)
    access.answer(own, line.id, access.Answer.REVOKE, version=line.version)
    told = looker.get(f"{base}/{made.reader.id}/documents")
    assert told.path == f"{base}/{made.reader.id}"
    assert "Luc Perrin" in told.text
    part = looker.fragment(f"{base}/{made.reader.id}/documents", "documents", expect=None, follow=False)
    assert part.status == 403


@on_sqlite
def test_what_is_not_shown_is_told_with_its_reason(app: Flask) -> None:
    made = scene(81, count=8)
    looker = made.holder.browser(app)
    for who in (made.reader, made.carer, made.father):
        there = looker.get(f"{made.mirror_of(who)}/documents?ordre=date")
        below = looker.get(f"{made.mirror_of(who)}/documents/non-montres")
        missing = set(map(str, below.tree.xpath("//div[@class='hidden-row']/p[@class='t']/bdi/text()")))
        mine = looker.get(f"/dossiers/{made.holder.record_id}/documents")
        every = set(map(str, mine.tree.xpath("//main//ul[@class='rows docs']//a//bdi/text()")))
        seen = set(map(str, there.tree.xpath("//main//ul[@class='rows docs']//a//bdi/text()")))
        assert seen | missing == every
        assert seen.isdisjoint(missing)
        assert all(below.tree.xpath("//div[@class='hidden-row']//p[@class='says']//text()"))


@on_sqlite
def test_a_line_of_care_that_is_hidden_is_told_with_its_reason(app: Flask) -> None:
    made = scene(91, count=1)
    own = made.holder.standing()
    visit = care_history.history(own).visits[0]
    care_history.hide(own, visit.id)
    there = made.holder.browser(app).get(f"{made.mirror_of(made.reader)}/soins")
    assert there.tree.xpath("//section[@id='unseen']//p[@class='t']/bdi/text()") == ["Consultation de contrôle"]
    assert not there.tree.xpath("//ul[@class='rows docs']")
    mine = made.holder.browser(app).get(f"/dossiers/{made.holder.record_id}/soins")
    assert not mine.tree.xpath("//section[@id='unseen']")


@on_sqlite
def test_a_parent_learns_of_no_secret_emergency_by_looking(app: Flask) -> None:
    """A minor's secret connection leaves nothing for the parents (rules.md MI-7): no line, no eyes to look by."""
    made = scene(92, count=2)
    discreet = build.caregiver("Secret", "Ida")
    readers.emergency(made.holder, discreet, secret=True)
    shown = build.caregiver("Discret", "Ugo")
    readers.window(made.holder, shown, secret=True)
    base = f"/dossiers/{made.holder.record_id}"
    for who, status in ((made.holder, 200), (made.mother, 404)):
        browser = who.browser(app)
        for one in (discreet, shown):
            assert browser.get(f"{base}/voir-comme/{one.id}", expect=None).status == status
        told = browser.get(f"{base}/voir-comme/").text
        assert ("Ida" in told, "Ugo" in told) == (status == 200, status == 200)
        persons = browser.get(f"{base}/documents/{made.documents[1]}/personnes")
        assert ("Ida" in persons.text) is (status == 200)
