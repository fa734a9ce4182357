"""The operators of the demo: invited and signed in for the first time like any, and a morning at the counter."""

import re
from typing import Any

import pyotp

from espace import clock
from espace.accounts.services import invitations, operator_rows, operators
from espace.accounts.services.operators import NewOperator
from espace.administration.services import counter, visits
from espace.administration.services.counter import Checked, Paper
from espace.administration.services.visits import Identity, Purpose
from espace.permissions import SYSTEM, Actor, ActorKind, Role, Visitor

from .acting import Access, BuildError, Stage, deliver
from .cast import AGENTS, Agent, Someone
from .ledger import phrase

_VISITOR = Visitor("127.0.0.1", browser="Firefox", system="Windows")


def invite(stage: Stage) -> None:
    """The host makes the administrator, who invites the others by e-mail."""
    for agent in AGENTS:
        if agent.role == Role.ADMINISTRATOR:
            _join(stage, agent, operators.make_from_host(SYSTEM, _new(agent)))
        else:
            operators.invite(actor_of(AGENTS[0]), _new(agent))
            deliver()
            _join(stage, agent, _code(stage, agent))


def actor_of(agent: Agent) -> Actor:
    """An operator of the demo, whose proof is fresh."""
    found = next(each for each in operator_rows.operators() if each.email == agent.email)
    return Actor(ActorKind.OPERATOR, found.id, found.name, role=found.role, proved_at=clock.now())


def print_for(stage: Stage, someone: Someone) -> None:
    """Somebody lost access and came to the counter with their identity card."""
    agent = next(agent for agent in AGENTS if agent.role == Role.COUNTER)
    person = stage.person(someone)
    visit = visits.find(actor_of(agent), Purpose.COUNTER, Identity(person.ins, person.birth_date))
    counter.check_identity(actor_of(agent), visit, Checked(Paper("identity-card", "4T8Z")))
    counter.print_code(actor_of(agent), visit)


def contract(stage: Stage) -> list[dict[str, Any]]:
    """The operators as `demo.json` tells them."""
    return [
        {
            "key": agent.role,
            "display_name": agent.name,
            "email": agent.email,
            "password": stage.accesses[agent.role].password,
            "totp_secret": stage.accesses[agent.role].totp_secret,
            "role": agent.role,
            "about": agent.about,
        }
        for agent in AGENTS
    ]


def _new(agent: Agent) -> NewOperator:
    return NewOperator(agent.name, agent.email, Role(agent.role))


def _code(stage: Stage, agent: Agent) -> str:
    received = re.search(r"\b\w{4} \w{4} \w{4}\b", stage.mailbox.newest(to=agent.email, limit=1)[0].text)
    if received is None:
        raise BuildError("no invitation came by mail")
    return received.group()


def _join(stage: Stage, agent: Agent, code: str) -> None:
    token = invitations.begin(agent.email, code, _VISITOR)
    password = phrase()
    invitations.choose_password(token, password)
    found = invitations.current(token)
    if found is None:
        raise BuildError(f"{agent.role} cannot join")
    invitations.check_app_code(token, pyotp.TOTP(found.totp_secret).at(clock.now()), _VISITOR)
    invitations.finish(token)
    stage.accesses[agent.role] = Access(password, found.totp_secret)
