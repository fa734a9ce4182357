"""What people decide about their documents: each act once, with its row, by those who may, and never by an old page."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from espace.access import services as access
from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.deciding import deleting, states
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.machines import Machines
from espace.permissions import Permission, Standing
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock

from .house import House, deposited

Act = Callable[..., Any]
ACTS: dict[str, Act] = {
    "hide": states.hide,
    "show": states.show,
    "archive": states.archive,
    "unarchive": states.unarchive,
    "remark": lambda standing, one, *, choices: states.remark(standing, one, "Vu avec Luc", choices=choices),
    "delete": deleting.delete,
}
_ACTIONS = {
    "hide": Action.DOCUMENT_HIDDEN,
    "show": Action.DOCUMENT_SHOWN,
    "archive": Action.DOCUMENT_ARCHIVED,
    "unarchive": Action.DOCUMENT_UNARCHIVED,
    "remark": Action.DOCUMENT_REMARKED,
    "delete": Action.DOCUMENT_DELETED,
}
_BEFORE = {"show": "hide", "unarchive": "archive"}


def _now(standing: Standing, one: UUID) -> DocumentFacts:
    return documents.document(standing, one)


def _do(name: str, standing: Standing, one: UUID) -> None:
    ACTS[name](standing, one, choices=_now(standing, one).choices)


def _rows(standing: Standing, action: Action) -> list[audit.Entry]:
    found = audit.entries(standing.record_id, mine=False, holder_actor_ids=[], before=None, limit=200)
    return [entry for entry in found if entry.action is action]


@pytest.mark.parametrize("name", list(ACTS))
def test_an_act_done_twice_is_done_and_told_once(home: House, name: str) -> None:
    one = build.document(home.holder)
    if name in _BEFORE:
        _do(_BEFORE[name], home.holder, one)
    known = _now(home.holder, one).choices
    ACTS[name](home.holder, one, choices=known)
    if name == "delete":
        with pytest.raises(NotFoundError):
            ACTS[name](home.holder, one, choices=known)
    else:
        ACTS[name](home.holder, one, choices=known)  # the same page sent again
        assert _now(home.holder, one).choices == known + 1
    (row,) = _rows(home.holder, _ACTIONS[name])
    assert row.objects[0]["id"] == str(one)


@pytest.mark.parametrize("name", ["show", "unarchive", "remark", "delete"])
def test_an_old_page_undoes_no_newer_choice(home: House, name: str) -> None:
    """Hidden, shown and hidden again: the page of the first time must not show what was hidden last."""
    one = build.document(home.holder)
    _do("hide", home.holder, one)
    _do("archive", home.holder, one)
    old = _now(home.holder, one).choices
    for again in ("show", "hide", "unarchive", "archive"):
        _do(again, home.holder, one)
    before = _now(home.holder, one)
    with pytest.raises(ConflictError):
        ACTS[name](home.holder, one, choices=old)
    assert _now(home.holder, one) == before


@pytest.mark.parametrize("name", list(ACTS))
def test_nobody_else_decides(home: House, name: str) -> None:
    """A professional with access, a stranger's record, and a document that does not exist."""
    one = build.document(home.holder)
    for standing, document_id in (
        (home.doctor_here, one),
        (home.parent, one),
        (home.holder, uuid4()),
        (replace(home.holder, rights=frozenset({Permission.DOCUMENTS_READ})), one),
    ):
        with pytest.raises(NotFoundError):
            ACTS[name](standing, document_id, choices=0)
    assert _now(home.holder, one).choices == 0


@pytest.mark.parametrize("name", list(ACTS))
def test_widening_and_deleting_ask_for_a_fresh_proof_and_the_rest_never_does(
    home: House, clock: FakeClock, name: str
) -> None:
    one = build.document(home.holder)
    if name in _BEFORE:
        _do(_BEFORE[name], home.holder, one)
    clock.advance(timedelta(minutes=6))
    if name in ("show", "delete"):
        with pytest.raises(StepUpError):
            _do(name, home.holder, one)
        with pytest.raises(StepUpError):
            states.show_all(home.holder)
    else:
        _do(name, home.holder, one)


def test_what_is_hidden_is_out_of_reach_but_for_who_deposited_it(home: House) -> None:
    other = build.caregiver("Perrin", "Luc")
    build.consent(home.mother, other, Answer.GRANT)
    other_here = other.standing(home.mother.record_id)
    assert other_here is not None
    one = deposited(home.doctor_here, "Compte rendu")
    states.hide(home.holder, one, choices=0)
    assert _now(home.doctor_here, one).hidden
    with pytest.raises(NotFoundError):
        documents.document(other_here, one)
    states.show(home.holder, one, choices=1)
    assert not _now(other_here, one).hidden


def test_the_consequence_is_computed_from_valid_accesses_and_what_each_profession_reads(home: House) -> None:
    one = deposited(home.doctor_here, "Compte rendu")
    reader, ended, asking = (build.caregiver(name, "Ana") for name in ("Perrin", "Roy", "Sorel"))
    blind = build.caregiver("Vidal", "Noé", profession="91")
    for professional in (reader, ended, blind):
        build.consent(home.mother, professional, Answer.GRANT)
    build.consent(home.mother, asking)
    line = next(line for line in access.consents(home.holder) if line.grantee_id == ended.id)
    access.answer(home.holder, line.id, Answer.REVOKE, version=line.version)
    found = states.sharing(home.holder, _now(home.holder, one))
    blind_reads = _now(home.holder, one).type_code in access.readable_types(blind.facts.profession_code)
    expected = {reader.facts.display_name} | ({blind.facts.display_name} if blind_reads else set())
    assert set(found.others) == expected
    assert (found.author, found.absent, found.attending) == (home.doctor.facts.display_name, "", "")
    line = next(line for line in access.consents(home.holder) if line.grantee_id == home.doctor.id)
    access.answer(home.holder, line.id, Answer.REVOKE, version=line.version)
    found = states.sharing(home.holder, _now(home.holder, one))
    assert (found.author, found.absent) == ("", home.doctor.facts.display_name)


class TestAttendingDoctor:
    """Where the house lets the attending doctor see what is hidden, the consequence says so (AR-14)."""

    @pytest.fixture(params=[True, False])
    def settings(self, settings: Settings, request: pytest.FixtureRequest) -> Settings:
        return replace(settings, attending_doctor_sees_hidden=request.param)

    def test_it_is_said_as_it_is(self, machines: Machines) -> None:
        doctor = build.caregiver()
        holder = build.citizen(attending_rpps=doctor.facts.rpps)
        build.consent(holder, doctor, Answer.GRANT)
        own, theirs = holder.standing(), doctor.standing(holder.record_id)
        assert theirs is not None
        one = build.document(own)
        said = states.sharing(own, _now(own, one))
        states.hide(own, one, choices=0)
        sees = machines.settings.attending_doctor_sees_hidden
        assert (said.attending == doctor.facts.display_name) is sees
        assert (doctor.facts.display_name in said.others) is not sees
        if sees:
            assert _now(theirs, one).hidden
        else:
            with pytest.raises(NotFoundError):
                documents.document(theirs, one)


def test_everything_is_hidden_at_once_and_shown_again(home: House) -> None:
    own = [build.document(home.holder, f"Note {number}") for number in range(3)]
    theirs = deposited(home.doctor_here, "Compte rendu")
    awaiting = deposited(home.doctor_here, "À annoncer", patient_invisible=True)
    assert states.count(home.holder, hidden=False) == 4
    old = _now(home.holder, own[0]).choices
    assert states.hide_all(home.holder) == 4
    assert {row.id for row in documents.page(home.doctor_here).rows} == {theirs, awaiting}
    assert not _now(home.doctor_here, awaiting).hidden, "never hidden and awaiting an announcement both (AR-16)"
    with pytest.raises(ConflictError):
        states.archive(home.holder, own[0], choices=old)
    assert states.hide_all(home.holder) == 0
    assert states.show_all(home.holder) == 4
    assert {row.id for row in documents.page(home.doctor_here).rows} == {*own, theirs, awaiting}
    assert [len(row.objects) for row in _rows(home.holder, Action.DOCUMENTS_HIDDEN)] == [0, 0]


def test_archived_documents_leave_the_list_and_keep_their_readers(home: House) -> None:
    one = build.document(home.holder)
    states.archive(home.holder, one, choices=0)
    for standing in (home.holder, home.doctor_here):
        assert documents.page(standing).rows == ()
        assert [row.id for row in documents.page(standing, documents.Filter(state="archived")).rows] == [one]
        assert _now(standing, one).state == "archived"


def test_a_remark_is_read_by_all_and_may_be_taken_away(home: House) -> None:
    one = build.document(home.holder)
    states.remark(home.holder, one, "  Vu   avec Luc \r\n le 3 ", choices=0)
    assert _now(home.doctor_here, one).remark == "Vu avec Luc\nle 3"
    with pytest.raises(InvalidError):
        states.remark(home.holder, one, "x" * (states.MAX_REMARK + 1), choices=1)
    states.remark(home.holder, one, " ", choices=1)
    assert _now(home.holder, one).remark == ""


def test_only_ones_own_documents_can_be_deleted(home: House) -> None:
    own, theirs = build.document(home.holder), deposited(home.doctor_here, "Compte rendu")
    with pytest.raises(NotFoundError):
        deleting.delete(home.holder, theirs, choices=0)
    with pytest.raises(NotFoundError):
        deleting.delete(home.doctor_here, own, choices=0)
    deleting.delete(home.holder, own, choices=0)
    deleting.delete(home.doctor_here, theirs, choices=0)
    for standing in (home.holder, home.doctor_here):
        assert documents.page(standing).rows == ()
        for one in (own, theirs):
            with pytest.raises(NotFoundError):
                documents.document(standing, one)


def test_two_contrary_choices_at_once_end_in_one_of_them_each_told_once(home: House) -> None:
    one = build.document(home.holder)
    acts = [states.hide, states.archive, states.hide, states.archive]

    def attempt(act: Act) -> bool:
        try:
            act(home.holder, one, choices=0)
        except ConflictError:
            return False
        return True

    contexts = [copy_context() for _ in acts]
    with ThreadPoolExecutor(len(acts)) as pool:
        done = list(pool.map(lambda pair: pair[0].run(attempt, pair[1]), zip(contexts, acts, strict=True)))
    found = _now(home.holder, one)
    assert found.choices == 1
    assert found.hidden is not (found.state == "archived")
    assert sum(done) == 2, "the same choice twice is one; the contrary one is refused"
    told = _rows(home.holder, Action.DOCUMENT_HIDDEN) + _rows(home.holder, Action.DOCUMENT_ARCHIVED)
    assert len(told) == 1


def test_nothing_is_decided_in_a_record_closed_meanwhile(home: House, clock: FakeClock) -> None:
    from espace.records import services as records

    one = build.document(home.holder)
    records.close(home.holder.actor, home.holder.record_id)
    for act in (states.hide, states.archive):
        with pytest.raises(NotFoundError):
            act(home.holder, one, choices=0)
    with pytest.raises(NotFoundError):
        states.hide_all(home.holder)
