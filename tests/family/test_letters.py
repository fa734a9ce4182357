"""Activation letters: what they say, to whom, how they are kept, and that any reader can read them."""

import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from espace import db
from espace.accounts.services import letters as codes
from espace.cli import main
from espace.errors import NotFoundError
from espace.family.services.arriving.letter_files import letter_files
from espace.family.services.arriving.letters import Letter, grouped, letter_pdf, letters_pdf
from espace.identifiers import new_id
from espace.import_report import UnreadableError
from espace.machines import Machines
from espace.people.services import find_person
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock

from .lists import person, write

MOTHER = person("F", "1984-05-17", 1, vitale_serial="1234567890")
CHILD = person("F", "2019-02-28", 3, first_names="Zoé", parent_ins=MOTHER["ins"])
TODAY = date(2026, 11, 23)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, contact="aide@exemple.test", contact_phone="09 70 00 00 00")


def text_of(content: bytes) -> list[str]:
    """The words of each page, blanks made equal."""
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return [re.sub(r"[\s\u00a0\u202f]+", " ", page).replace("\u2019", "'") for page in pages]


def flat(words: str) -> str:
    """Without what the end of a line changes."""
    return re.sub(r"[\s\-\ufffe\u2010]", "", words)


def letter(name: str = "Claire Fontenay", **others: object) -> Letter:
    facts = {
        "person_id": new_id(),
        "name": name,
        "given_name": name.split(maxsplit=1)[0],
        "code": "K7QM4TXB",
        "for_child": False,
        "has_card": True,
        "opens_on": TODAY + timedelta(days=42),
        "made_on": TODAY,
    }
    return Letter(**facts | others)  # type: ignore[arg-type]


@pytest.mark.usefixtures("machines")
class TestWords:
    def test_a_letter_tells_all_that_must_be_told(self) -> None:
        (page,) = text_of(letters_pdf([letter(address=("12 rue des Lilas", "49400 SAUMUR"))]))
        for said in (
            "Claire Fontenay",
            "12 rue des Lilas",
            "49400 SAUMUR",
            "K7QM 4TXB",
            "dossier médical partagé",  # the link with the record
            "ouvre le 4 janvier 2027",
            "le refuser, sans donner de raison, jusqu'au 3 janvier 2027",
            "localhost:8000/opposition",
            "localhost:8000/activation",
            "fermer l'espace à tout moment",
            "numéro de série",
            "à droite de la photo",
            "09 70 00 00 00",
            "aide@exemple.test",
        ):
            assert said in page, said

    def test_a_childs_letter_speaks_to_its_parents(self) -> None:
        (page,) = text_of(letters_pdf([letter("Zoé Fontenay", for_child=True)]))
        for said in ("Aux parents de", "Zoé Fontenay", "votre propre espace", "Mes proches", "même si vous n'avez pas"):
            assert said in page, said
        assert "carte Vitale" not in page

    def test_an_open_space_says_so_and_may_be_refused_all_the_same(self) -> None:
        (page,) = text_of(letters_pdf([letter(opens_on=TODAY)]))
        assert "Votre espace de santé est ouvert" in page
        assert "Vous pouvez encore le refuser" in page
        assert "jusqu'au 22" not in page

    def test_who_has_no_card_is_not_asked_for_one(self) -> None:
        (page,) = text_of(letters_pdf([letter(has_card=False)]))
        assert "numéro de série" not in page

    def test_neither_number_nor_birth_date_stands_in_it(self) -> None:
        someone = build.citizen(activated=False)
        content = letter_pdf(someone.person_id, codes.new_activation_code(someone.person_id))
        (page,) = text_of(content)
        assert someone.name in page
        assert someone.ins not in page.replace(" ", "")
        assert "1984" not in page
        assert "1984" not in content.decode("latin-1")

    def test_who_has_an_account_is_led_to_the_page_for_a_lost_access(self) -> None:
        someone = build.citizen()
        (page,) = text_of(letter_pdf(someone.person_id, codes.new_activation_code(someone.person_id)))
        assert "Retrouver l'accès à votre espace de santé" in page
        assert "/acces-perdu/courrier" in page
        assert "Attendez 72 heures" in page
        assert "/activation" not in page

    def test_nobody_unknown_has_a_letter(self) -> None:
        with pytest.raises(NotFoundError):
            letter_pdf(new_id(), "K7QM4TXB")

    @pytest.mark.parametrize(
        "name", ["Zoé #panic(1)", "Zoé $x$ *y*", 'Zoé "},{"', "Zoé <b>@ref</b>", "Zoé " + "é" * 96]
    )
    def test_a_name_is_printed_as_it_is_written(self, name: str) -> None:
        (page,) = text_of(letters_pdf([letter(name)]))
        assert flat(name) in flat(page)

    def test_every_letter_has_one_page_of_its_own(self) -> None:
        names = [f"Prénom{number} {'Très-Long-Nom ' * 6}" for number in range(3)]
        lines = tuple(f"Ligne {number} de 38 lettres au plus ici" for number in range(5))
        pages = text_of(letters_pdf([letter(name.strip(), address=lines) for name in names]))
        assert len(pages) == 3
        for number, page in enumerate(pages):
            assert f"Prénom{number}" in page
            assert "aide@exemple.test" in page

    def test_it_can_be_read_by_a_screen_reader(self) -> None:
        with pikepdf.open(BytesIO(letters_pdf([letter()]))) as document:
            assert document.Root.MarkInfo.Marked
            assert str(document.Root.Lang) == "fr-FR"
            with document.open_metadata() as facts:
                assert facts["pdfuaid:part"] == "1"
                assert facts["dc:title"] == "Lettre d'activation – Claire Fontenay"
            kinds = kinds_of(document.Root.StructTreeRoot)
        assert kinds.count("H1") == 1
        assert kinds.count("H2") == 4
        assert kinds.count("LI") == 3
        assert "Figure" in kinds
        assert kinds.index("H1") < kinds.index("H2") < kinds.index("LI")

    def test_a_code_is_printed_in_fours(self) -> None:
        assert [grouped(code) for code in ("K7QM4TXB", "ABC", "ABCDEFGHJ")] == ["K7QM 4TXB", "ABC", "ABCD EFGH J"]


def kinds_of(element: pikepdf.Object) -> list[str]:
    """The kinds of a document's parts, in reading order."""
    if isinstance(element, pikepdf.Array):
        return [kind for one in element for kind in kinds_of(one)]
    if not isinstance(element, pikepdf.Dictionary):
        return []
    own = [str(element.S).lstrip("/")] if "/S" in element else []
    return own + (kinds_of(element.K) if "/K" in element else [])


Espace = Callable[..., Result]


@pytest.fixture
def espace(settings: Settings, machines: Machines) -> Espace:
    """Runs the program in an environment that names the test's house."""
    names = ("data_dir", "key_file", "checkpoint_dir", "database_url", "base_url")
    environment = {f"ESPACE_{name.upper()}": str(getattr(settings, name)) for name in names}

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments], env=environment)

    return run


def code_in(page: str) -> str:
    found = re.search(r"Code provisoire : (\w{4}) (\w{4})", page)
    assert found
    return found[1] + found[2]


class TestFiles:
    def test_a_batch_has_a_page_for_each_person(self, espace: Espace, tmp_path: Path, machines: Machines) -> None:
        path = write(tmp_path / "l.csv", [CHILD, MOTHER])
        target = tmp_path / "letters.pdf"
        result = espace("import", "beneficiaries", path, "--letters", target)
        assert result.exit_code == 0, result.output
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        pages = text_of(target.read_bytes())
        assert [("Zoé" in page, "Claire" in page) for page in pages] == [(True, False), (False, True)]
        for row, page in zip((CHILD, MOTHER), pages, strict=True):
            machines.bind()
            found = find_person(row["ins"])
            assert found
            assert codes.find(found.id, code_in(page))
            assert code_in(page) not in result.output
        assert sorted(each.name for each in tmp_path.iterdir() if "letters" in each.name) == ["letters.pdf"]

    def test_a_folder_has_a_document_for_each_person(self, espace: Espace, tmp_path: Path) -> None:
        path = write(tmp_path / "l.csv", [MOTHER, CHILD])
        result = espace("import", "beneficiaries", path, "--letters", tmp_path / "new" / "letters")
        assert result.exit_code == 0, result.output
        folder = tmp_path / "new" / "letters"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = sorted(folder.iterdir())
        assert [file.name.rpartition("-line")[2] for file in files] == ["-2.pdf", "-3.pdf"]
        for file, name in zip(files, ("Claire", "Zoé"), strict=True):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert name in text_of(file.read_bytes())[0]
        # Another list into the same folder: nothing is written over.
        before = {file: file.read_bytes() for file in files}
        other = write(tmp_path / "m.csv", [person("M", "1980-01-02", 5, first_names="Paul")])
        assert espace("import", "beneficiaries", other, "--letters", folder).exit_code == 0
        assert {file: file.read_bytes() for file in files} == before
        assert len(list(folder.iterdir())) == 3

    @pytest.mark.parametrize("name", ["letters.pdf", "letters.csv", "letters"])
    def test_an_existing_file_is_left_alone_and_nobody_is_written(
        self, espace: Espace, tmp_path: Path, machines: Machines, name: str
    ) -> None:
        (tmp_path / name).write_text("mine")
        result = espace("import", "beneficiaries", write(tmp_path / "l.csv", [MOTHER]), "--letters", tmp_path / name)
        assert result.exit_code == 1
        assert "cannot be written" in result.output
        assert (tmp_path / name).read_text() == "mine"
        machines.bind()
        assert find_person(MOTHER["ins"]) is None

    def test_an_address_is_printed_and_kept_nowhere(self, espace: Espace, tmp_path: Path, machines: Machines) -> None:
        row = MOTHER | {"postal_address": "12 rue Zqxvrue|Bâtiment C|49400 ZQXVVILLE"}
        path = write(tmp_path / "l.csv", [row], columns=[*row])
        assert espace("import", "beneficiaries", path, "--letters", tmp_path / "l.pdf").exit_code == 0
        (page,) = text_of((tmp_path / "l.pdf").read_bytes())
        assert "12 rue Zqxvrue" in page
        assert "49400 ZQXVVILLE" in page
        machines.bind()
        with db.read() as tx:
            for table in db.Base.metadata.sorted_tables:
                assert "zqxv" not in str(tx.execute(select(table)).all()).lower()

    @pytest.mark.parametrize("address", ["x" * 39, "a|b|c|d|e|f"])
    def test_an_address_too_long_for_the_window_is_told_and_left_out(
        self, espace: Espace, tmp_path: Path, address: str
    ) -> None:
        row = MOTHER | {"postal_address": address}
        path = write(tmp_path / "l.csv", [row], columns=[*row])
        result = espace("import", "beneficiaries", path, "--letters", tmp_path / "l.pdf")
        assert "5 lines of 38 characters" in result.output
        assert "done 1" in result.output
        assert address not in text_of((tmp_path / "l.pdf").read_bytes())[0]


@pytest.mark.usefixtures("machines")
class TestJournal:
    def test_an_import_cut_short_is_taken_up_again(self, tmp_path: Path) -> None:
        target = tmp_path / "letters.pdf"
        first, second = self._known("Ana"), self._known("Bea")
        journal = tmp_path / "letters.pdf.journal"
        with letter_files(target) as cut:
            cut.add(first)
            assert stat.S_IMODE(journal.stat().st_mode) == 0o600
            left_behind = journal.read_bytes()
        target.unlink()  # as if it had been killed before its end: nothing typeset, the last line cut short
        journal.write_bytes(left_behind + b'{"name": "cut')
        with letter_files(target) as again:
            again.add(second)
        assert [("Ana" in page, "Bea" in page) for page in text_of(target.read_bytes())] == [
            (True, False),
            (False, True),
        ]
        assert not journal.exists()

    def test_a_long_list_fills_several_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("espace.family.services.arriving.letter_files.PAGES_PER_FILE", 2)
        with letter_files(tmp_path / "letters.pdf") as files:
            for name in ("Ana", "Bea", "Cleo"):
                files.add(self._known(name))
        assert sorted(file.name for file in tmp_path.glob("letters*")) == ["letters-2.pdf", "letters.pdf"]
        assert [len(text_of((tmp_path / name).read_bytes())) for name in ("letters.pdf", "letters-2.pdf")] == [2, 1]

    def test_a_disk_that_is_full_keeps_the_codes_for_the_next_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target, one = tmp_path / "letters.pdf", self._known("Ana")

        def full(_path: Path, _content: bytes) -> None:
            raise OSError(28, "No space left on device")

        def add() -> None:
            with letter_files(target) as files:
                files.add(one)

        with monkeypatch.context() as now:
            now.setattr("espace.family.services.arriving.letter_files._write", full)
            with pytest.raises(UnreadableError, match="No space left"):
                add()
        target.write_text("begun")
        with letter_files(target):
            pass
        assert target.read_text() == "begun"
        assert "Ana" in text_of((tmp_path / "letters-2.pdf").read_bytes())[0]

    def test_a_letter_whose_person_was_not_written_is_not_typeset(self, tmp_path: Path) -> None:
        target = tmp_path / "letters.pdf"
        good = self._known("Ana")
        with letter_files(target) as files:
            files.add(letter("Fantôme Absent"))
            files.add(good)
        (page,) = text_of(target.read_bytes())
        assert "Ana" in page

    def test_codes_handed_over_are_typeset_even_when_the_import_fails(self, tmp_path: Path) -> None:
        target, one = tmp_path / "letters.pdf", self._known("Ana")

        def fail() -> None:
            with letter_files(target) as files:
                files.add(one)
                raise RuntimeError("power cut")

        with pytest.raises(RuntimeError, match="power cut"):
            fail()
        assert "Ana" in text_of(target.read_bytes())[0]

    def test_a_link_put_in_the_way_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").touch()
        (tmp_path / "letters.pdf.journal").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UnreadableError):
            letter_files(tmp_path / "letters.pdf")

    def _known(self, given_name: str) -> Letter:
        someone = build.citizen(given_name, activated=False)
        return letter(someone.name, person_id=someone.person_id, code=codes.new_activation_code(someone.person_id))


def test_a_used_code_is_not_good_any_more(machines: Machines, clock: FakeClock) -> None:
    someone = build.citizen(activated=False)
    one = letter(person_id=someone.person_id, code=codes.new_activation_code(someone.person_id))
    assert one.is_good
    with db.write():
        codes.use(someone.person_id)
    assert not one.is_good
