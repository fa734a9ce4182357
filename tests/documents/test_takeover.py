"""Records opened before 2022: everything comes along once, to exactly the right person, and no archive does harm."""

import json
import random
import stat
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from espace import db
from espace.access import services as rights
from espace.access.models import Consent
from espace.access.services import Answer, ConsentState
from espace.audit import services as audit
from espace.audit.models import AuditEvent
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.cli import import_former_records
from espace.documents.models import Document, FormerRecord, Quarantined
from espace.documents.services.arriving import former_format
from espace.documents.services.arriving.takeover import take_over
from espace.import_report import Report
from espace.interop.cda_write import wrap
from espace.people import services as people
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.build import Caregiver

from .house import House, header, pdf, picture, trail

UNIQUE = "1.2.250.1.999.77"
Archive = Callable[..., Path]


@pytest.fixture
def cardiologist(home: House) -> Caregiver:
    return build.caregiver("Renard", "Thomas")


def index(home: House, **changes: Any) -> dict[str, Any]:
    """A record.json of the mother's earlier record."""
    mother = people.person(home.mother.person_id)
    whole: dict[str, Any] = {
        "format": "espace-former-record/1",
        "holder": {
            "ins": mother.ins,
            "birth_name": mother.birth_name,
            "birth_date": mother.birth_date.isoformat(),
            "sex": mother.sex,
        },
        "opened_on": "2014-05-02",
        "accesses": [],
        "documents": [
            {
                "file": "documents/radio.pdf",
                "unique_id": f"{UNIQUE}.1",
                "title": "Radio du genou",
                "date": "2016-03-04",
                "type_code": "11502-2",
                "author": "Dr Yann Le Gall",
                "structure": "Cabinet du port",
            }
        ],
        "hidden": [],
        "trail": [
            {"at": "2016-03-04T10:02:00+01:00", "who": "Dr Yann Le Gall", "act": "added", "unique_id": f"{UNIQUE}.1"},
            {"at": "2019-05-03T18:30:00+02:00", "who": "Dre Anne Kerbrat", "act": "read", "unique_id": f"{UNIQUE}.1"},
            {"at": "2019-06-01T09:00:00+02:00", "who": "Claire Fontenay", "act": "access-blocked"},
        ],
    }
    return whole | changes


@pytest.fixture
def archive(home: House, tmp_path: Path) -> Archive:
    """Makes an archive of these files; `record.json` is the mother's unless given."""

    def make(name: str = "former.zip", told: Any = None, /, **files: bytes) -> Path:
        path = tmp_path / name
        given = {"documents/radio.pdf": pdf("Radio")} | {each.replace("__", "/"): files[each] for each in files}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("record.json", told if isinstance(told, bytes) else json.dumps(told or index(home)))
            for each, content in given.items():
                zipped.writestr(each, content)
        return path

    return make


def told(report: Report) -> tuple[int, int, int, list[tuple[str, str]]]:
    problems = [(entry.where, entry.reason) for entry in report.quarantined + report.refused]
    return report.read, report.done, report.unchanged, problems


def everything() -> list[Any]:
    with db.read() as tx:
        tables = (Document, Quarantined, FormerRecord, Consent)
        rows = [tx.execute(select(*table.__table__.columns)).all() for table in tables]
        acts = tx.execute(select(func.count()).select_from(AuditEvent)).scalar_one()
    return [*rows, acts]


class TestBringing:
    def test_documents_and_trail_come_along_with_their_own_days_and_names(self, home: House, archive: Archive) -> None:
        cda = wrap(header(home.mother, f"{UNIQUE}.2", title="Compte rendu"), pdf("CR"), "application/pdf")
        report = take_over([archive(documents__cr_xml=cda)])
        assert told(report) == (1, 1, 0, [])
        rows = documents.page(home.holder).rows
        assert {(row.title, row.author, row.origin) for row in rows} == {
            ("Radio du genou", "Dr Yann Le Gall", "import"),
            ("Compte rendu", "Dr HELENE MORVAN", "import"),
        }
        assert {row.date for row in rows} == {date(2016, 3, 4), date(2026, 11, 20)}
        acts = [entry for entry in trail(home.holder) if entry.action is Action.FORMER_ACT]
        assert [(entry.detail["who"], entry.detail["at"][:10], entry.detail["act"]) for entry in acts] == [
            ("Claire Fontenay", "2019-06-01", "access-blocked"),
            ("Dre Anne Kerbrat", "2019-05-03", "read"),
            ("Dr Yann Le Gall", "2016-03-04", "added"),
        ]
        assert [thing.get("title") for entry in acts for thing in entry.objects] == ["Radio du genou"] * 2
        (over,) = [entry for entry in trail(home.holder) if entry.action is Action.RECORD_TAKEN_OVER]
        assert over.detail["opened_on"] == "2014-05-02"
        assert audit.verify() == []

    def test_a_second_run_changes_nothing(self, home: House, archive: Archive) -> None:
        path = archive(
            "a.zip", index(home, hidden=[f"{UNIQUE}.1"]), broken_xml=b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>"
        )
        first = take_over([path])
        assert (first.done, len(first.quarantined)) == (1, 1)
        before = everything()
        second = take_over([path])
        assert (second.done, second.unchanged, second.quarantined) == (0, 1, first.quarantined)
        assert everything() == before

    def test_a_longer_trail_adds_only_what_is_new(self, home: House, archive: Archive) -> None:
        take_over([archive()])
        longer = index(home)
        longer["trail"].append({"at": "2021-01-01T00:00:00Z", "who": "Dre Anne Kerbrat", "act": "opened"})
        assert told(take_over([archive("b.zip", longer)]))[1] == 1
        assert sum(entry.action is Action.FORMER_ACT for entry in trail(home.holder)) == 4

    def test_a_document_that_is_here_already_is_not_brought_twice(self, home: House, archive: Archive) -> None:
        cda = wrap(header(home.mother, f"{UNIQUE}.2"), pdf("CR"), "application/pdf")
        take_over([archive("a.zip", None, one_xml=cda)])
        take_over([archive("b.zip", None, other__two_xml=cda)])
        assert len(documents.page(home.holder).rows) == 2

    def test_another_content_under_a_known_unique_id_waits(self, archive: Archive) -> None:
        take_over([archive()])
        report = take_over([archive("b.zip", None, **{"documents__radio.pdf": pdf("Autre")})])
        assert told(report)[3] == [("b.zip: documents/radio.pdf", "unique-id-reused")]

    def test_an_exchange_archive_inside_is_opened(self, home: House, archive: Archive, tmp_path: Path) -> None:
        inner = tmp_path / "IHE_XDM.ZIP"
        cda = wrap(header(home.mother, f"{UNIQUE}.3", title="Lettre"), pdf("L"), "application/pdf")
        with zipfile.ZipFile(inner, "w") as zipped:
            zipped.writestr("IHE_XDM/SUBSET01/METADATA.XML", "<SubmitObjectsRequest/>")
            zipped.writestr("IHE_XDM/SUBSET01/DOC001.XML", cda)
            zipped.writestr("INDEX.HTM", "<html/>")
        report = take_over([archive("a.zip", None, ihe_zip=inner.read_bytes())])
        assert told(report) == (1, 1, 0, [])
        assert "Lettre" in {row.title for row in documents.page(home.holder).rows}

    def test_a_folder_is_an_archive_and_a_folder_of_archives_is_several(
        self, home: House, archive: Archive, tmp_path: Path
    ) -> None:
        folder = tmp_path / "in" / "one"
        (folder / "documents").mkdir(parents=True)
        (folder / "record.json").write_text(json.dumps(index(home)))
        (folder / "documents" / "radio.pdf").write_bytes(pdf("Radio"))
        (folder / "secret.xml").symlink_to("/etc/passwd")
        archive().rename(tmp_path / "in" / "two.zip")
        assert told(take_over([tmp_path / "in"])) == (2, 1, 1, [])


class TestAccesses:
    def _consent(self, home: House, of: Caregiver) -> rights.ConsentLine | None:
        lines = rights.consents(home.mother.standing())
        return next((line for line in lines if line.grantee_id == of.id), None)

    def _line(self, of: Caregiver, state: str, since: str) -> dict[str, str]:
        return {"rpps": of.facts.rpps, "state": state, "since": since}

    @pytest.mark.parametrize(
        ("since", "state"),
        [("2026-06-01T00:00:00Z", ConsentState.VALID), ("2020-06-01T00:00:00Z", ConsentState.EXPIRED)],
    )
    def test_an_authorisation_lasts_from_its_own_day(
        self,
        home: House,
        archive: Archive,
        cardiologist: Caregiver,
        settings: Settings,
        since: str,
        state: ConsentState,
    ) -> None:
        whole = index(home, accesses=[self._line(cardiologist, "authorised", since)])
        assert told(take_over([archive("a.zip", whole)])) == (1, 1, 0, [])
        line = self._consent(home, cardiologist)
        assert line is not None
        assert line.state is state
        assert line.decided_at is not None
        assert line.valid_until == line.decided_at + timedelta(days=settings.consent_days)

    def test_a_block_is_carried_however_old(self, home: House, archive: Archive, cardiologist: Caregiver) -> None:
        whole = index(home, accesses=[self._line(cardiologist, "blocked", "2015-01-01T00:00:00Z")])
        take_over([archive("a.zip", whole)])
        line = self._consent(home, cardiologist)
        assert line is not None
        assert (line.state, line.valid_until) == (ConsentState.BLOCKED, None)

    def test_what_was_decided_here_since_stays(self, home: House, archive: Archive) -> None:
        build.consent(home.mother, other := build.caregiver("Petit", "Luc"), Answer.BLOCK)
        lines = [
            self._line(other, "authorised", "2026-06-01T00:00:00Z"),
            self._line(home.doctor, "blocked", "2020-01-01T00:00:00Z"),
        ]
        take_over([archive("a.zip", index(home, accesses=lines))])
        found = [self._consent(home, of) for of in (other, home.doctor)]
        assert [line.state for line in found if line] == [ConsentState.BLOCKED, ConsentState.VALID]

    def test_a_mere_request_gives_way_to_a_block(self, home: House, archive: Archive, cardiologist: Caregiver) -> None:
        build.consent(home.mother, cardiologist)
        whole = index(home, accesses=[self._line(cardiologist, "blocked", "2015-01-01T00:00:00Z")])
        take_over([archive("a.zip", whole)])
        line = self._consent(home, cardiologist)
        assert line is not None
        assert line.state is ConsentState.BLOCKED

    def test_an_unknown_professional_is_told_and_taken_in_later(self, home: House, archive: Archive) -> None:
        number = "10009998887"
        whole = index(home, accesses=[{"rpps": number, "state": "blocked", "since": "2015-01-01T00:00:00Z"}])
        path = archive("a.zip", whole)
        assert told(take_over([path]))[3] == [("a.zip: access 1", "unknown-professional")]
        late = build.caregiver(number=number)
        assert told(take_over([path])) == (1, 1, 0, [])
        assert self._consent(home, late) is not None


class TestHiding:
    def test_what_was_hidden_is_hidden_for_professionals_only(self, home: House, archive: Archive) -> None:
        take_over([archive("a.zip", index(home, hidden=[f"{UNIQUE}.1"]))])
        assert [row.hidden for row in documents.page(home.holder).rows] == [True]
        assert documents.page(home.doctor_here).rows == ()

    def test_a_document_that_came_another_way_is_hidden_once(self, home: House, archive: Archive) -> None:
        take_over([archive()])
        path = archive("b.zip", index(home, hidden=[f"{UNIQUE}.1"]))
        assert told(take_over([path]))[1] == 1
        assert [row.hidden for row in documents.page(home.holder).rows] == [True]
        with db.write() as tx:  # the holder shows it again
            tx.execute(Document.__table__.update().values(hidden=False))  # type: ignore[attr-defined]
        assert told(take_over([path]))[2] == 1
        assert [row.hidden for row in documents.page(home.holder).rows] == [False]

    def test_a_childs_secret_shows_neither_in_the_list_nor_in_the_trail_of_its_parents(
        self, home: House, archive: Archive
    ) -> None:
        child = people.person(home.child.person_id)
        whole = index(home)
        whole["holder"] = {
            "ins": child.ins,
            "birth_name": child.birth_name,
            "birth_date": child.birth_date.isoformat(),
            "sex": child.sex,
        }
        whole["documents"][0]["confidentiality"] = ["N", "INVISIBLE_REPRESENTANTS_LEGAUX"]
        whole["trail"][1]["unique_id"] = "1.2.3.never.came.along"
        take_over([archive("a.zip", whole)])
        assert documents.page(home.parent).rows == ()
        entries = [entry for entry in trail(home.parent) if entry.action is Action.FORMER_ACT and entry.objects]
        assert len(entries) == 2
        assert all(thing["representatives_invisible"] == "yes" for entry in entries for thing in entry.objects)


WRONG_HOLDER = [
    ("birth_date", "1988-03-15", "traits-mismatch"),
    ("birth_name", "Autre", "traits-mismatch"),
    ("sex", "M", "traits-mismatch"),
]


class TestRefusing:
    @pytest.mark.parametrize(("name", "value", "reason"), WRONG_HOLDER)
    def test_traits_must_be_exactly_the_same(
        self, home: House, archive: Archive, name: str, value: str, reason: str
    ) -> None:
        whole = index(home)
        whole["holder"][name] = value
        assert told(take_over([archive("a.zip", whole)])) == (1, 0, 0, [("a.zip", reason)])
        assert everything()[0] == []

    def test_somebody_unknown_is_refused(self, home: House, archive: Archive) -> None:
        whole = index(home)
        whole["holder"]["ins"] = build.ins()
        assert told(take_over([archive("a.zip", whole)]))[3] == [("a.zip", "unknown-patient")]

    def test_nothing_enters_a_record_that_was_objected_to(self, home: House, archive: Archive) -> None:
        later = build.citizen("Ana", "Petit", activated=False)
        records.oppose(records.bearer(people.person(later.person_id)), later.record_id, records.Part.LETTER)
        ana = people.person(later.person_id)
        whole = index(home)
        whole["holder"] = {
            "ins": ana.ins,
            "birth_name": ana.birth_name,
            "birth_date": ana.birth_date.isoformat(),
            "sex": ana.sex,
        }
        assert told(take_over([archive("a.zip", whole)]))[3] == [("a.zip", "record-opposed")]

    def test_a_document_of_somebody_else_is_set_aside(self, home: House, archive: Archive) -> None:
        cda = wrap(header(home.child, f"{UNIQUE}.9"), pdf("CR"), "application/pdf")
        report = take_over([archive("a.zip", None, one_xml=cda)])
        assert told(report)[3] == [("a.zip: one_xml", "other-patient")]
        assert documents.page(home.parent).rows == ()

    def test_what_is_no_document_is_refused_and_the_rest_kept(self, home: House, archive: Archive) -> None:
        whole = index(home)
        whole["documents"].append(whole["documents"][0] | {"file": "gone.pdf", "unique_id": f"{UNIQUE}.8"})
        whole["documents"].append(
            whole["documents"][0] | {"file": "odd.jpg", "unique_id": f"{UNIQUE}.7", "type_code": "no-such-type"}
        )
        report = take_over([archive("a.zip", whole, notes_txt=b"bonjour", **{"odd.jpg": picture()})])
        assert report.done == 1
        assert dict(told(report)[3]) == {
            "a.zip: notes_txt": "not-a-health-document",
            "a.zip: odd.jpg": "unknown-type",
            "a.zip: gone.pdf": "the file is missing",
        }

    def test_an_archive_beyond_the_limits_is_refused_at_once(self, tmp_path: Path, archive: Archive) -> None:
        many, bomb, out, link = (tmp_path / f"{name}.zip" for name in ("many", "bomb", "out", "link"))
        with zipfile.ZipFile(many, "w") as zipped:
            for number in range(1001):
                zipped.writestr(f"{number}.txt", "x")
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("record.json", bytes(210 * 1024 * 1024))
        with zipfile.ZipFile(out, "w") as zipped:
            zipped.writestr("../../record.json", "{}")
        with zipfile.ZipFile(link, "w") as zipped:
            info = zipfile.ZipInfo("record.json")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            zipped.writestr(info, "/etc/passwd")
        broken = tmp_path / "broken.zip"
        broken.write_bytes(archive().read_bytes()[:-40])
        began = time.perf_counter()
        report = take_over([many, bomb, out, link, broken])
        assert time.perf_counter() - began < 5
        assert dict(told(report)[3]) == {
            "many.zip": "too-many-entries",
            "bomb.zip": "ratio",
            "out.zip": "bad-name",
            "link.zip": "link",
            "broken.zip": "broken",
        }

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"format": "other/1"}, "its format is not"),
            ({"opened_on": "2030-01-01"}, "opened_on: it lies in the future"),
            ({"opened_on": 12}, "opened_on: text is expected"),
            ({"holder": []}, "holder: an object is expected"),
            ({"accesses": [{"rpps": "12", "state": "blocked", "since": "x"}]}, "accesses 1, rpps: no RPPS"),
            ({"accesses": [{"rpps": "10000000001", "state": "x"}]}, "accesses 1, state: authorised or blocked"),
            ({"trail": [{"at": "2019-05-03T18:30:00", "who": "x", "act": "read"}]}, "trail 1, at: its offset"),
            ({"trail": [{"at": "2019-05-03T18:30:00Z", "who": "x", "act": "fly"}]}, "trail 1, act: not a word"),
            ({"trail": [{"at": "2019-05-03T18:30:00Z", "who": "a\u0007b", "act": "read"}]}, "printable"),
            ({"hidden": "all"}, "hidden: a list of texts"),
            ({"documents": {}}, "documents: a list is expected"),
        ],
    )
    def test_a_wrong_index_says_where(self, home: House, archive: Archive, change: dict[str, Any], why: str) -> None:
        ((where, reason),) = told(take_over([archive("a.zip", index(home) | change)]))[3]
        assert where == "a.zip"
        assert why in reason
        assert everything()[0] == []

    def test_no_spoilt_index_makes_it_fall(self, home: House) -> None:
        chance, good = random.Random(7), json.dumps(index(home)).encode()
        for _ in range(500):
            spoilt = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            with suppress(former_format.FormerFormatError):
                former_format.parse(bytes(spoilt))


def test_the_command_tells_in_json_without_a_word_of_the_record(home: House, archive: Archive) -> None:
    path = archive("a.zip", None, notes_txt=b"bonjour")
    result = CliRunner().invoke(import_former_records, [str(path), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "read": 1,
        "done": 1,
        "unchanged": 0,
        "quarantined": [],
        "refused": [{"where": "a.zip: notes_txt", "reason": "not-a-health-document"}],
    }
    assert home.mother.ins not in result.output
    assert "Radio" not in result.output
