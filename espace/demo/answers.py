"""What people of the demo made of visits: one they asked about, one they contested, one still to be explained."""

from collections.abc import Iterator
from functools import partial

from espace.access.services.watching import explaining
from espace.administration.services import contests
from espace.administration.services.contests import Outcome
from espace.audit.services.answers import VisitFacts
from espace.home import services as home
from espace.home.services import Decision, Filter, Reply
from espace.people import services as people
from espace.permissions import Role

from . import office
from .acting import BuildError, Stage
from .cast import AGENTS, DIRECTORY
from .story import ALL, Event


def events(stage: Stage) -> Iterator[Event]:
    """Questions, contests and their answers, each some time after the visit it is about."""
    expected = Reply(Decision.EXPECTED)
    yield Event(
        stage.moment(61, 18, 40), partial(_answer, stage, "mother", "pharmacist", Decision.CONTEST, _NOT_THAT_DAY)
    )
    yield Event(stage.moment(48, 10, 15), partial(_decide, stage, "mother", _IT_WAS_SENT), alone=True)
    yield Event(stage.moment(29, 20, 5), partial(_reply, stage, "mother", "gp", expected))
    yield Event(stage.moment(19, 19, 30), partial(_answer, stage, "mother", "nurse", Decision.ASK, _NO_CARE))
    yield Event(stage.moment(17, 12, 45), partial(_explain, "nurse", _THE_DRESSING), alone=True)
    yield Event(
        stage.moment(5, 21, 10), partial(_answer, stage, "mother", "gp", Decision.ASK, _THREE_DOCUMENTS), alone=True
    )
    yield Event(
        stage.moment(4, 17, 20),
        partial(_answer, stage, "retired", "pharmacist", Decision.CONTEST, _NOT_MINE),
        alone=True,
    )


_NOT_THAT_DAY = "Je ne suis pas allée à la pharmacie ce jour-là."
_IT_WAS_SENT = "Votre médecin avait envoyé l'ordonnance. La pharmacie l'a lue pour préparer vos médicaments."
_NO_CARE = "Je n'avais pas de soin ce jour-là. Pourquoi cette lecture ?"
_THE_DRESSING = "Je préparais la tournée du lendemain, avec votre pansement."
_THREE_DOCUMENTS = "Vous avez ouvert trois documents. Est-ce pour la lettre au spécialiste ?"
_NOT_MINE = "Je vais dans une autre pharmacie depuis l'été."


def _answer(stage: Stage, holder: str, key: str, decision: Decision, words: str) -> None:
    _reply(stage, holder, key, Reply(decision, words))


def _reply(stage: Stage, holder: str, key: str, reply: Reply) -> None:
    standing = stage.as_patient(ALL[holder])
    professional = people.find_professional(DIRECTORY[key].rpps)
    wanted = Filter(actor_id=professional.id if professional else None)
    visits = home.history(standing, mine=False, wanted=wanted).visits
    if not visits:
        raise BuildError(f"{key} never came to {holder}")
    home.answer_visit(standing, visits[0].newest.sequence, reply)


def _explain(key: str, words: str) -> None:
    found = people.find_professional(DIRECTORY[key].rpps)
    if found is None:
        raise BuildError(f"{key} is not in the directory")
    actor = people.actor_of(found, found.structures[0])
    for asked in explaining.asked(actor):
        explaining.explain(actor, asked.id, words, version=asked.version)


def _decide(stage: Stage, holder: str, words: str) -> None:
    actor = office.actor_of(next(agent for agent in AGENTS if agent.role == Role.PRIVACY_OFFICER))
    record_id = stage.record_id(ALL[holder])
    waiting: list[VisitFacts] = [one for one in contests.waiting(actor) if one.record_id == record_id]
    for one in waiting:
        contests.open_contest(actor, record_id, one.id)
        contests.decide(actor, record_id, one.id, Outcome.IN_ORDER, words, version=one.version)
