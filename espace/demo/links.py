"""Who asks to act for whom: requests at the desk, a decision that awaits a second person, a child with two homes."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from espace.administration.services import restrictions
from espace.administration.services.visits import Identity
from espace.family.services import parents
from espace.family.services.asking import request_desk, requests
from espace.family.services.asking.request_rows import Traits
from espace.family.services.asking.requests import Ask
from espace.family.services.orders import Order
from espace.interop.typeset import typeset
from espace.permissions import Actor, Role

from . import office
from .acting import Stage
from .cast import AGENTS, Someone
from .papers import heading, text
from .story import ALL, Event

_UNKNOWN = Someone(
    key="unknown-child", given=("Andria",), family="Santoni", sex="M", years=3, days=200, birth_place="2A004",
    order=977, about="N'est pas connu ici.",
)  # fmt: skip
_PAPERS = {
    "family": "Jugement d'habilitation familiale",
    "tutor": "Jugement de tutelle",
    "parent": "Livret de famille",
}


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    yield Event(stage.moment(30, 21, 10), partial(_two_homes, stage))
    yield Event(stage.moment(9, 18, 20), partial(ask, stage, "carer", ALL["retired"], "family"), alone=True)
    yield Event(stage.moment(6, 10), partial(propose, stage), alone=True)
    yield Event(stage.moment(3, 20, 40), partial(ask, stage, "newcomer", _UNKNOWN, "parent"), alone=True)
    yield Event(stage.moment(2, 11), partial(_enter, stage), alone=True)


def _two_homes(stage: Stage) -> None:
    """The mother keeps the names of places of one child's care to herself."""
    parents.choose_two_homes(stage.as_patient(ALL["mother"], ALL["child"]), on=True)


def ask(stage: Stage, key: str, about: Someone, binds: str) -> None:
    """Somebody asks to act for another, with a paper."""
    asker = stage.as_patient(ALL[key]).actor
    traits = Traits(about.ins(stage.today), about.family, about.given[0], about.born(stage.today))
    requests.ask(asker, Ask(traits, binds), _paper(stage, _PAPERS[binds], about.name))


def propose(stage: Stage) -> None:
    """The counter looked at the oldest request: the privacy officer has to confirm."""
    agent = operator(Role.COUNTER)
    lines, _ = request_desk.page(agent)
    last = stage.today + timedelta(days=5 * 365)
    request_desk.propose(agent, lines[0].id, "Jugement lu en entier, il désigne cette personne.", last)


def _enter(stage: Stage) -> None:
    """A decision about the baby came by post: it has no effect before a second person confirms it."""
    baby, other = ALL["baby"], ALL["second_parent"]
    restrictions.enter(
        operator(Role.COUNTER),
        Identity(baby.ins(stage.today), baby.born(stage.today)),
        Identity(other.ins(stage.today), other.born(stage.today)),
        Order(
            "RG 26/01482",
            stage.today - timedelta(days=5),
            "Reçue par courrier.",
            sees_before=stage.today - timedelta(days=30),
        ),
        _paper(stage, "Ordonnance du juge aux affaires familiales", baby.name),
    )


def operator(role: Role) -> Actor:
    """The operator of this role, whose proof is fresh."""
    return office.actor_of(next(agent for agent in AGENTS if agent.role == role))


def _paper(stage: Stage, title: str, about: str) -> bytes:
    return typeset(
        "demo/document",
        {
            "title": title,
            "author": "Papier de démonstration",
            "role": "",
            "place": "",
            "city": "Angers",
            "day": f"{stage.today - timedelta(days=10):%d/%m/%Y}",
            "patient": about,
            "identity": "",
            "ink": "#34406b",
            "footer": "Personne inventée, document de démonstration",
            "signature": "",
            "blocks": (heading("Objet"), text(f"{title}, au sujet de {about}.")),
        },
    )
