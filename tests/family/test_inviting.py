"""A parent invited by the other: the code is spent by the link it makes, and by nothing else (rules.md MI-2)."""

from datetime import date

import pytest

from espace.access import services as access
from espace.errors import InvalidError
from espace.family import services as family
from espace.family.services.arriving import awaited
from espace.family.services.asking import inviting, linking
from espace.machines import Machines
from tests.support import build
from tests.support.marks import on_sqlite


@on_sqlite
def test_a_code_that_made_no_link_can_be_used_again(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    access.ensure_matrix()
    mother, father = build.citizen("Claire"), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", birth=date(2017, 7, 2), sex="M", parents=[mother], activated=False)
    awaited.await_parent(child.record_id, father.ins)
    inviting.invite(mother.standing(child.record_id), father.email)
    code = build.mails_to(father.email)[-1]["values"]["code"]
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(linking, "link", lambda *_given: False)  # as when an operator decides in the same moment
        with pytest.raises(InvalidError):
            inviting.answer(father.actor, code, "parent", b"")
    assert inviting.answer(father.actor, code, "parent", b"") is None
    assert family.represents(father.person_id, child.record_id)
