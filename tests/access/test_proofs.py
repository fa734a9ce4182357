"""The proof of a decision: a paper that says it all, a signature that holds every byte, a row in the trail."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.audit.services.exports import verify_export
from espace.errors import ConflictError, NotFoundError, StepUpError
from espace.machines import Machines
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor."""
    return build.caregiver("Belhadj", "Karim")


def words_of(paper: bytes) -> str:
    """What stands on the paper, white space reduced."""
    document = pypdfium2.PdfDocument(paper)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


STATES = {
    "given": ((Answer.GRANT,), "Accès donné"),
    "refused": ((Answer.REFUSE,), "Accès refusé"),
    "revoked": ((Answer.GRANT, Answer.REVOKE), "Accès terminé"),
    "blocked": ((Answer.BLOCK,), "Professionnel bloqué"),
}


@pytest.mark.parametrize("state", STATES)
def test_the_paper_says_who_decided_what_when_how_and_what_came_before(
    holder: Citizen, doctor: Caregiver, tmp_path: Path, state: str
) -> None:
    build.consent(holder, doctor)
    answers, word = STATES[state]
    for one in answers:
        (line,) = access.consents(holder.standing())
        access.answer(holder.standing(), line.id, one, version=line.version, days=90 if one is Answer.GRANT else None)
    (line,) = access.consents(holder.standing())
    made = access.proof(holder.standing(), line.id, version=line.version)
    said = words_of(made.paper)
    for expected in ("Claire Fontenay", "Dr Karim Belhadj", word, "Accès demandé", "dans l'espace", "2026"):
        assert expected in said.replace("’", "'"), said
    assert pikepdf.open(io.BytesIO(made.paper)).Root.MarkInfo.Marked
    file = tmp_path / "preuve.pdf"
    signature = tmp_path / "preuve.pdf.sig"
    signature.write_bytes(made.signature)
    for paper, holds in ((made.paper, True), (made.paper[:-1] + b"x", False), (made.paper + b" ", False)):
        file.write_bytes(paper)
        assert verify_export(file).holds is holds
    file.write_bytes(made.paper)
    signature.write_bytes(made.signature.replace(b"A", b"B", 1))
    assert not verify_export(file).holds


@on_sqlite
def test_taking_it_away_is_one_post_with_a_fresh_proof_and_leaves_a_row(
    app: Flask, holder: Citizen, doctor: Caregiver, clock: FakeClock, tmp_path: Path
) -> None:
    build.consent(holder, doctor, Answer.BLOCK)
    (line,) = access.consents(holder.standing())
    place = f"/dossiers/{holder.record_id}/acces/{line.id}/preuve"
    browser = holder.browser(app)
    page = browser.get(place)
    (form,) = [one for one in page.forms if one.action == place]
    answer = browser.submit(form, expect=200)
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as folder:
        assert folder.namelist() == ["preuve.pdf", "preuve.pdf.sig"]
        folder.extractall(tmp_path)
    assert verify_export(tmp_path / "preuve.pdf").holds
    entries = audit.entries(holder.record_id, mine=True, holder_actor_ids=[holder.actor.id], before=None)
    assert [one.action for one in entries].count(Action.CONSENT_PROVED) == 1
    standing = holder.standing()
    with pytest.raises(ConflictError):
        access.proof(standing, line.id, version=line.version - 1)
    clock.advance(timedelta(minutes=6))
    assert browser.get(place).path == "/connexion/preuve"
    with pytest.raises(StepUpError):
        access.proof(standing, line.id, version=line.version)
    stranger = build.citizen("Lou")
    with pytest.raises(NotFoundError):
        access.proof(stranger.standing(), line.id, version=line.version)
