"""Every act has its sentence, in French, for whoever reads it and whatever is known of it."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask import Flask, g
from flask_babel import gettext

from espace.audit.services import Action, Entry
from espace.home.views import sentences
from espace.permissions import ActorKind, Relation
from espace.web import i18n

THINGS: dict[str, tuple[dict[str, str], ...]] = {
    "nothing": (),
    "unnamed": ({"id": "1"},),
    "one": ({"id": "1", "title": "Bilan <b>sanguin</b>"},),
    "several": ({"id": "1", "title": "Bilan"}, {"id": "2", "title": "Échographie"}, {"id": "3"}),
}


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """A request in each language."""
    with speaking(request.param):
        yield request.param


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """A request in the language `code`."""
    app = Flask("words")
    i18n.install(app)
    with app.test_request_context():
        g.language = code
        yield


def entry(action: Action, kind: ActorKind = ActorKind.PROFESSIONAL, known: str = "nothing") -> Entry:
    """An act of a doctor, a parent or the house."""
    return Entry(
        sequence=1,
        at=datetime(2026, 11, 17, 13, 2, tzinfo=UTC),
        action=action,
        actor_kind=kind.value,
        actor_id=uuid4(),
        actor_name="Dr Hélène <Morvan>",
        actor_profession="",
        actor_structure="",
        relation=Relation.PROFESSIONAL.value,
        objects=THINGS[known],
        detail={},
    )


@pytest.mark.parametrize("action", Action)
def test_every_act_has_a_sentence_whatever_is_known(action: Action, language: str) -> None:
    for kind, known, mine in itertools.product(ActorKind, THINGS, (True, False)):
        said = sentences.sentence(entry(action, kind, known), mine=mine)
        assert said[-1] == "."
        assert "%" not in said
        assert "<Morvan>" not in said
        assert "Bilan <b>" not in said
        assert "«\u00a0<b></b>\u00a0»" not in said
        assert len(said.striptags().split()) <= 20


@pytest.mark.parametrize("action", Action)
def test_every_sentence_is_translated(action: Action) -> None:
    with speaking("fr"):
        for sayings in (sentences.OTHERS[action], sentences.MINE[action]):
            for saying in filter(None, (sayings.plain, sayings.one, sayings.several)):
                assert gettext(str(saying)) != str(saying)


def test_an_act_names_who_did_it_and_on_what() -> None:
    with speaking("fr"):
        said = sentences.sentence(entry(Action.DOCUMENT_OPENED, known="several"), mine=False)
        assert said == "<b>Dr Hélène &lt;Morvan&gt;</b> a ouvert 3\u00a0documents."
        said = sentences.sentence(entry(Action.DOCUMENT_DEPOSITED, known="one"), mine=True)
        assert said.unescape() == "Vous avez déposé le document «\u00a0<b>Bilan <b>sanguin</b></b>\u00a0»."
        said = sentences.sentence(entry(Action.RECORD_OPENED, ActorKind.SYSTEM), mine=False)
        assert said == "<b>Le service</b> a ouvert ce dossier pour la première fois."


def test_the_two_ways_of_emergencies_are_told_apart() -> None:
    with speaking("fr"):
        for mode, name in (("break-glass", "un soignant sur place"), ("centre-15", "le médecin du 15")):
            act = replace(entry(Action.EMERGENCY_OPPOSED), detail={"mode": mode})
            said = sentences.sentence(act, mine=True).striptags()
            assert said == f"Vous avez refusé l'ouverture de ce dossier en urgence par {name}."
            act = replace(entry(Action.EMERGENCY_ALLOWED), detail={"mode": mode})
            assert sentences.sentence(act, mine=False).striptags().endswith(f"en urgence par {name}.")
