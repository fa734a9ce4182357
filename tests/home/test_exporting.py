"""The history taken away: with a fresh proof, written down, signed; any byte that changes is noticed."""

import csv
import io
import random
import re
import resource
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from flask import Flask

from espace import db
from espace.audit import services as audit
from espace.audit.cli import report
from espace.audit.services import Action, exports
from espace.audit.services.exports import Signing, verify_export
from espace.errors import StepUpError
from espace.home import services
from espace.home.services.exporting import ON_ONE_PAPER
from espace.home.views.exporting import harmless
from espace.machines import Machines
from espace.permissions import Actor, Relation
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

SECRET = {"id": "9", "title": "Consultation Zibeline", "type": "11502-2", "representatives_invisible": "yes"}
FORMULA = {"id": "1", "title": '=HYPERLINK("http://mal.example")'}


def _act(actor: Actor, person: build.Citizen, thing: dict[str, str]) -> None:
    audit.record(actor, person.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL, objects=[thing])


def _export(browser: Browser, person: build.Citizen, form: str, **fields: str) -> Page:
    place = f"/dossiers/{person.record_id}/historique/exporter"
    token = browser.get(place).csrf_token
    return browser.post(place, {"csrf_token": token, "form": form, **fields})


def _unpacked(page: Page, folder: Path) -> Path:
    assert page.headers["Content-Type"] == "application/zip"
    with ZipFile(io.BytesIO(page.body)) as archive:
        archive.extractall(folder)
        return folder / next(name for name in archive.namelist() if name.endswith((".csv", ".pdf")))


def _lines(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig")), delimiter=";"))


@on_sqlite
def test_the_table_holds_every_act_and_is_an_act_itself(app: Flask, tmp_path: Path, clock: FakeClock) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    _act(doctor.actor, claire, FORMULA)
    clock.advance(timedelta(days=40))
    for number in range(620):
        _act(doctor.actor, claire, {"id": str(number), "title": f"Feuille {number}"})
    file = _unpacked(_export(claire.browser(app), claire, "csv"), tmp_path)
    lines = _lines(file)
    assert list(lines[0])[:6] == ["Jour", "Heure", "Qui", "Profession", "Lieu", "Pourquoi"]
    titles = [line["Sur quoi"] for line in lines]
    assert [f"Feuille {number}" for number in range(620)] == [one for one in titles if "Feuille" in one][::-1]
    assert "'" + FORMULA["title"] in titles
    assert verify_export(file).holds
    newest = audit.entries(claire.record_id, mine=True, holder_actor_ids=[claire.actor.id], before=None)[0]
    assert (newest.action, newest.detail) == (Action.HISTORY_EXPORTED, {"form": "csv"})
    since = (clock.now - timedelta(days=2)).date().isoformat()
    (tmp_path / "b").mkdir()
    lately = _lines(_unpacked(_export(claire.browser(app), claire, "csv", since=since), tmp_path / "b"))
    assert "'" + FORMULA["title"] not in [line["Sur quoi"] for line in lately]


@on_sqlite
def test_one_persons_history_is_not_shown_as_another_s(app: Flask, tmp_path: Path) -> None:
    """A table names nobody: its signature says of which record it is, and two exports are two (R26)."""
    both = [build.citizen(), build.citizen("Ada", "Roy")]
    found = []
    for number, person in enumerate([*both, both[0]]):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = _unpacked(_export(person.browser(app), person, "csv"), folder)
        verdict = verify_export(file)
        assert verdict.holds
        assert verdict.about["record"] == str(person.record_id)
        assert f"Record {person.record_id}" in CliRunner().invoke(report, ["--verify", str(file)]).output
        found.append(verdict.about["export"])
    assert len(set(found)) == 3


@on_sqlite
def test_the_pdf_reads_the_same_and_a_wrong_period_is_refused(app: Flask, tmp_path: Path) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    _act(doctor.actor, claire, {"id": "1", "title": "Bilan sanguin"})
    browser = claire.browser(app)
    file = _unpacked(_export(browser, claire, "pdf"), tmp_path)
    with pikepdf.open(file) as paper:
        assert "Historique du dossier de Claire Fontenay" in str(paper.docinfo["/Title"])
    assert verify_export(file).holds
    refused = _export(browser, claire, "pdf", since="2026-05-03", until="2026-05-01")
    assert refused.status == 422
    assert "Le dernier jour vient avant le premier." in refused.text


@on_sqlite
def test_a_long_history_is_whole_in_several_signed_pdfs(app: Flask, tmp_path: Path) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    actor, many = doctor.actor, 2 * ON_ONE_PAPER + 60
    with db.write():
        for number in range(many):
            _act(actor, claire, {"id": str(number), "title": f"Feuille {number}."})
    _unpacked(_export(claire.browser(app), claire, "pdf"), tmp_path)
    papers = sorted(tmp_path.glob("*.pdf"))
    assert [paper.stem[-3:] for paper in papers] == ["-01", "-02", "-03"]
    told = [int(one) for paper in papers for one in re.findall(r"Feuille (\d+)\.", _words(paper))]
    assert list(dict.fromkeys(told)) == sorted(range(many), reverse=True)
    verdicts = [verify_export(paper) for paper in papers]
    assert all(one.holds for one in verdicts)
    assert [(one.about["part"], one.about["last"]) for one in verdicts] == [("1", "no"), ("2", "no"), ("3", "yes")]
    assert len({one.about["export"] for one in verdicts}) == 1, "files of one export can be told from another's"
    said = CliRunner().invoke(report, ["--verify", str(papers[1])]).output
    assert "This is part 2 of a history in several files: another part follows." in said
    papers[1].rename(papers[0])
    assert not verify_export(papers[0]).holds, "one part in the place of another"
    assert "espace audit report --verify" in (tmp_path / "LISEZMOI.txt").read_text()


def _words(paper: Path) -> str:
    with pdfium.PdfDocument(paper) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.drill
@on_sqlite
def test_twenty_thousand_acts_on_paper(app: Flask, tmp_path: Path) -> None:
    """Time and memory of a PDF export of 20,000 acts, as it streams."""
    claire, doctor = build.citizen(), build.caregiver()
    actor = doctor.actor
    for _ in range(20):
        with db.write():
            for number in range(1000):
                _act(actor, claire, {"id": str(number), "title": f"Compte rendu de consultation {number}"})
    browser = claire.browser(app)
    browser.get(f"/dossiers/{claire.record_id}/historique/exporter")
    before, begun, cpu = _memory(), time.perf_counter(), time.process_time()
    answer = _export(browser, claire, "pdf")
    size = len(answer.body) / 2**20  # it is made as it is read
    wall, cpu, more = time.perf_counter() - begun, time.process_time() - cpu, _memory() - before
    print(f"\n20,000 acts: {wall:.0f} s, {cpu:.0f} s of CPU; {size:.1f} MiB sent, {more:.0f} MiB of memory at the most")
    _unpacked(answer, tmp_path)
    assert all(verify_export(paper).holds for paper in tmp_path.glob("*.pdf"))
    assert len(list(tmp_path.glob("*.pdf"))) == 41  # the export is an act itself, so is the visit


def _memory() -> float:
    """The most this process ever took, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@on_sqlite
def test_a_proof_that_is_old_leads_to_the_page_that_asks_for_one(app: Flask, clock: FakeClock) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    clock.advance(timedelta(minutes=6))
    assert browser.get(f"/dossiers/{claire.record_id}/historique/exporter").path == "/connexion/preuve"
    standing = claire.standing()
    before = audit.newest(claire.record_id)
    with pytest.raises(StepUpError):
        services.begin_export(replace(standing, actor=replace(standing.actor, proved_at=None)), None, None, "csv")
    assert audit.newest(claire.record_id) == before


@on_sqlite
def test_a_parents_export_is_the_same_with_and_without_secret_care(
    app: Flask, tmp_path: Path, clock: FakeClock
) -> None:
    found = []
    start = clock.now
    for name, secret in (("a", True), ("b", False)):
        clock.now = start
        mother, doctor = build.citizen(), build.caregiver()
        teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
        _act(doctor.actor, teen, {"id": "1", "title": "Vaccin"})
        clock.now = start + timedelta(hours=5)
        if secret:
            _act(doctor.actor, teen, SECRET)
        clock.now = start + timedelta(hours=9)
        (tmp_path / name).mkdir()
        file = _unpacked(_export(mother.browser(app), teen, "csv"), tmp_path / name)
        assert "Zibeline" not in file.read_text("utf-8-sig")
        found.append([list(line.values()) for line in _lines(file)])
    assert found[0] == found[1]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\u00a0=1", "\n=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("Bilan") == "Bilan"


def _signed(folder: Path, content: bytes, name: str = "historique.csv") -> Path:
    signing, rest = Signing(), content
    dice = random.Random(7)
    while rest:
        cut = dice.randint(1, 9000)
        signing.update(rest[:cut])
        rest = rest[cut:]
    file = folder / name
    file.write_bytes(content)
    (folder / f"{name}.sig").write_bytes(signing.finish(name, {"since": "", "until": ""}))
    return file


@on_sqlite
def test_any_byte_that_changes_is_noticed_and_said_where(machines: Machines, tmp_path: Path) -> None:
    content = b"\r\n".join(b"ligne %06d;Bilan;Dr Morvan" % number for number in range(4000))
    file = _signed(tmp_path, content)
    assert verify_export(file).holds
    dice = random.Random(11)
    for _ in range(120):
        place, way = dice.randrange(len(content)), dice.choice(("flip", "cut", "add", "swap", "end"))
        changed = {
            "flip": content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
            "cut": content[:place] + content[place + 1 :],
            "add": content[:place] + b"x" + content[place:],
            "swap": content[place:] + content[:place],
            "end": content + b"\n",
        }[way]
        file.write_bytes(changed)
        found = verify_export(file)
        assert found.holds is (changed == content)
        if way == "flip":
            line = content[:place].count(b"\n") + 1
            first, last = (int(word.strip(".")) for word in found.faults[-1].split() if word.strip(".").isdigit())
            assert first <= line <= last


@on_sqlite
def test_any_byte_of_the_signature_that_changes_is_noticed(machines: Machines, tmp_path: Path) -> None:
    file = _signed(tmp_path, b"un;deux\r\n")
    signature = file.with_name(file.name + exports.SUFFIX)
    raw = signature.read_bytes()
    dice = random.Random(3)
    for place in dice.sample(range(len(raw) - 1), 80):
        signature.write_bytes(raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :])
        assert not verify_export(file).holds
    signature.write_bytes(b"[]")
    assert not verify_export(file).holds
    signature.unlink()
    assert verify_export(file).faults == ("The signature's file cannot be read.",)


@on_sqlite
def test_the_command_says_yes_or_what_is_wrong(machines: Machines, tmp_path: Path) -> None:
    file = _signed(tmp_path, b"un;deux\r\n")
    said = CliRunner().invoke(report, ["--verify", str(file)])
    assert (said.exit_code, "as it was signed" in said.output) == (0, True)
    elsewhere = tmp_path / "ailleurs.sig"
    file.with_name(file.name + ".sig").rename(elsewhere)
    assert CliRunner().invoke(report, ["--verify", str(file)]).exit_code == 1
    with_it = ["--verify", str(file), "--signature", str(elsewhere)]
    assert CliRunner().invoke(report, with_it).exit_code == 0
    file.write_bytes(b"un;trois\r\n")
    said = CliRunner().invoke(report, with_it)
    assert (said.exit_code, "was changed after it was signed" in said.output) == (1, True)
    assert '"holds": false' in CliRunner().invoke(report, [*with_it, "--json"]).output
    assert CliRunner().invoke(report, ["--signature", str(elsewhere)]).exit_code == 2
    assert CliRunner().invoke(report, ["--verify", str(file), "--from", "2026-01-01"]).exit_code == 2
