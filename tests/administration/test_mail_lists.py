"""The lists of mail at the desk: one operator proposes, another confirms, and nothing else changes whom is trusted."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from espace import cli
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.messaging.services.operators import trust, trust_desk
from espace.messaging.services.operators.trust_desk import State
from espace.messaging.services.operators.trust_files import ListKind
from espace.permissions import SYSTEM, Role
from tests.support import office
from tests.support.browser_client import Upload
from tests.support.clock import FakeClock
from tests.support.office import Officer

WHITE = b"operator,domain,certificate\n# essai\nUn,un.example,mail.un.example\n"
WIDER = WHITE + b"Deux,deux.example,mail.deux.example\n"
HOME = "/admin/messageries"


def propose(officer: Officer, content: bytes = WHITE) -> trust_desk.Proposed:
    """A white list, proposed."""
    return trust_desk.propose(officer.actor, ListKind.OPERATORS, content, "liste.csv")


def test_nobody_is_trusted_until_a_second_operator_confirms(administrator: Officer, privacy: Officer) -> None:
    assert trust.active_operators().names == {}
    found = propose(administrator)
    assert (found.changed, found.added, found.removed) == (True, 1, 0)
    assert trust.active_operators().names == {}
    with pytest.raises(InvalidError):
        trust_desk.confirm(administrator.actor, found.id, trust_desk.seen(found.id))
    trust_desk.confirm(privacy.actor, found.id, trust_desk.seen(found.id))
    assert trust.active_operators().names == {"un.example": "Un"}


def test_the_same_list_again_changes_nothing_and_a_later_proposal_takes_the_place_of_the_first(
    administrator: Officer, privacy: Officer
) -> None:
    first = propose(administrator)
    assert propose(privacy) == trust_desk.Proposed(first.id, changed=False)
    second = propose(privacy, WIDER)
    assert trust_desk.case(privacy.actor, first.id).state is State.REFUSED
    with pytest.raises(ConflictError):
        trust_desk.confirm(privacy.actor, first.id, trust_desk.seen(first.id))
    trust_desk.confirm(administrator.actor, second.id, trust_desk.seen(second.id))
    assert set(trust.active_operators().names) == {"un.example", "deux.example"}
    third = propose(administrator)
    assert (third.added, third.removed) == (0, 1)
    trust_desk.refuse(administrator.actor, third.id, trust_desk.seen(third.id))
    assert set(trust.active_operators().names) == {"un.example", "deux.example"}


def test_what_was_looked_at_is_what_is_confirmed(administrator: Officer, privacy: Officer) -> None:
    found = propose(administrator)
    seen = trust_desk.seen(found.id)
    trust_desk.refuse(privacy.actor, found.id, seen)
    with pytest.raises(ConflictError):
        trust_desk.confirm(privacy.actor, found.id, seen)


def test_a_proof_that_is_old_confirms_nothing_and_refuses_all_the_same(
    administrator: Officer, privacy: Officer, clock: FakeClock
) -> None:
    found = propose(administrator)
    actor, seen = privacy.actor, trust_desk.seen(found.id)
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        trust_desk.confirm(actor, found.id, seen)
    trust_desk.refuse(actor, found.id, seen)


def test_who_left_since_they_proposed_is_no_second_person(administrator: Officer, privacy: Officer, app: Flask) -> None:
    from espace.accounts.services import operators

    found = propose(administrator)
    other = office.officer(Role.ADMINISTRATOR, "Ghislain Bouvet")
    operators.disable(other.actor, administrator.id)
    with pytest.raises(InvalidError):
        trust_desk.confirm(privacy.actor, found.id, trust_desk.seen(found.id))


def test_the_counter_has_no_part_in_it(app: Flask, counter: Officer, administrator: Officer) -> None:
    found = propose(administrator)
    seen = trust_desk.seen(found.id)
    browser = counter.browser(app)
    for place in ("", "/proposer", f"/{found.id}", f"/{found.id}/confirmer"):
        browser.get(f"{HOME}{place}", expect=404)
    for act in (
        lambda: trust_desk.lists(counter.actor),
        lambda: trust_desk.case(counter.actor, found.id),
        lambda: propose(counter, WIDER),
        lambda: trust_desk.confirm(counter.actor, found.id, seen),
        lambda: trust_desk.refuse(counter.actor, found.id, seen),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_two_operators_walk_the_pages(app: Flask, administrator: Officer, privacy: Officer) -> None:
    first, second = administrator.browser(app), privacy.browser(app)
    page = first.get(HOME)
    assert "Aucun opérateur" in page.text
    assert "interop-mssante.apicrypt.org" in page.text
    form = first.get(f"{HOME}/proposer").form("kind")
    assert first.submit(form, {}, expect=422).tree.find_class("err")
    page = first.submit(form, {"kind": "operators", "file": Upload("liste.csv", b"faux")}, expect=422)
    assert "La ligne 1 doit avoir 3 colonnes" in page.text
    page = first.submit(form, {"kind": "operators", "file": Upload("liste.csv", WHITE)}, expect=200)
    assert "un.example" in page.text
    place = page.path
    assert "un autre opérateur doit" in first.get(f"{place}/confirmer").text
    assert second.get(HOME).link("Opérateurs de confiance") == place
    page = second.get(f"{place}/confirmer")
    assert "mail.un.example" in page.text
    page = second.submit(page.form("seen"), expect=200)
    assert page.path == HOME
    assert trust.active_operators().names == {"un.example": "Un"}
    assert "mail.un.example" in first.get(place).text
    assert first.get(f"{place}/confirmer").path == place
    first.get(f"{HOME}/{administrator.id}", expect=404)
    first.get(f"{place}/autre", expect=404)


def test_the_host_proposes_and_an_operator_confirms(
    machines: Machines, administrator: Officer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_open_machines", lambda: machines)
    monkeypatch.setattr(Machines, "close", lambda _self: None)
    path = tmp_path / "liste.csv"
    path.write_bytes(WHITE)
    said = CliRunner().invoke(cli.main, ["import", "mail-operators", str(path)])
    assert said.exit_code == 0, said.output
    assert "Proposed: 1 lines come" in said.output
    assert trust.active_operators().names == {}
    again = CliRunner().invoke(cli.main, ["import", "mail-operators", str(path)])
    assert "Nothing changed" in again.output
    found = trust_desk.propose(SYSTEM, ListKind.OPERATORS, WHITE)
    trust_desk.confirm(administrator.actor, found.id, trust_desk.seen(found.id))
    assert trust.active_operators().names == {"un.example": "Un"}
    path.write_bytes(b"Un,domaine\n")
    assert CliRunner().invoke(cli.main, ["import", "mail-rewrites", str(path)]).exit_code == 1
    assert CliRunner().invoke(cli.main, ["import", "mail-rewrites", str(tmp_path / "absent")]).exit_code == 1
