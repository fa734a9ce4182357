"""Two operators file what its person, or a minor's parents, may not know of: the record's trail does not tell (R13)."""

from datetime import date

import pytest

from espace.administration.services import quarantine
from espace.audit.services import Action
from espace.documents import services as documents
from espace.home import services as home
from espace.permissions import Role
from tests.support import build, office
from tests.support.office import Officer

from .aside import aside, seen, strange, target

ACTS = {Action.QUARANTINE_PROPOSED, Action.QUARANTINE_WITHDRAWN, Action.QUARANTINE_ASSIGNED}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("N", {"teen", "mother"}),
        ("INVISIBLE_PATIENT", set()),
        ("INVISIBLE_REPRESENTANTS_LEGAUX", {"teen"}),
    ],
)
def test_what_operators_do_is_told_to_those_who_may_know_of_the_document(
    privacy: Officer, code: str, told: set[str]
) -> None:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    second = office.officer(Role.ADMINISTRATOR, "Ghislain Bouvet")
    content = strange().replace(b'<confidentialityCode code="N"/>', f'<confidentialityCode code="{code}"/>'.encode())
    one = aside(content)
    quarantine.propose_assignment(privacy.actor, one, target(teen))
    quarantine.withdraw(privacy.actor, one)
    quarantine.propose_assignment(privacy.actor, one, target(teen))
    quarantine.confirm(second.actor, one, seen(second.actor, one))
    for who, standing in (("teen", teen.standing()), ("mother", mother.standing(teen.record_id))):
        acts = {act.action for act in home.history(standing, mine=False).acts}
        assert acts & ACTS == (ACTS if who in told else set()), who
        assert bool(documents.page(standing).rows) == (who in told)
