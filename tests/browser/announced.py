"""People the insurer announces and documents that arrive during a test, through the real command line."""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from stdnum.fr import nir

from espace.demo.folder import Folder
from espace.documents.services.types import DocumentType, types
from espace.family.services.arriving.beneficiary_lines import COLUMNS
from espace.identifiers import OID_NIR
from espace.interop.cda import CdaAuthor, CdaHeader, CdaPatient
from espace.interop.cda_write import wrap
from tests.support.papers import jpeg, pdf

from .hands import Demo

NOT_IMPORTED = "60"  # refunds come from the insurer alone


@dataclass(frozen=True)
class Newcomer:
    """Somebody announced during the test, and the code of their letter."""

    given: str
    family: str
    sex: str
    birth: date
    order: int
    parents: tuple[str, ...] = ()
    code: str = ""
    serial: str = ""
    """The number printed on their Vitale card; "" for who has none."""

    @property
    def ins(self) -> str:
        """The number of their Vitale card, with its key."""
        body = f"{1 if self.sex == 'M' else 2}{self.birth:%y%m}49007{self.order:03d}"
        return body + nir.calc_check_digits(body)

    @property
    def name(self) -> str:
        """As pages show it."""
        return f"{self.given} {self.family}"


def command_line(demo: Demo, *words: str) -> str:
    """Run `espace …` beside the running demo, as whoever keeps the house would."""
    house = Folder(demo.folder, "unused", whole=True, lock=-1)
    environment = house.environment(int(demo.base_url.rpartition(":")[2]), demo.people["smtp"]["port"])
    del environment["ESPACE_PSC_CLIENT_SECRET"], environment["ESPACE_PSC_ISSUER"]
    ran = subprocess.run(
        [sys.executable, "-m", "espace.cli", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def announce(demo: Demo, folder: Path, *people: Newcomer) -> list[str]:
    """Announce people by the insurer's list; gives the codes of their letters."""
    listed, letters = folder / f"list-{people[0].order}.csv", folder / f"letters-{people[0].order}.csv"
    with listed.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for one in people:
            traits = {"ins": one.ins, "birth_name": one.family.upper(), "first_names": one.given, "sex": one.sex}
            place = {"birth_date": one.birth.isoformat(), "birth_place": "49007", "parent_ins": "|".join(one.parents)}
            place["vitale_serial"] = one.serial
            rows.writerow(dict.fromkeys(COLUMNS, "") | traits | place)
    command_line(demo, "import", "beneficiaries", str(listed), "--letters", str(letters))
    with letters.open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


def importable() -> list[DocumentType]:
    """Every kind of document that may come from a care place, the three shown in the journey first."""
    shown = ("57833-6", "11502-2", "18748-4")
    known = [kind for kind in types().values() if kind.class_code != NOT_IMPORTED]
    return sorted(known, key=lambda kind: (kind.code not in shown, kind.code))


def title_of(kind: DocumentType) -> str:
    """The title of the one document of a kind, and of no other."""
    return f"Papier {kind.code} du test"


def write_documents(folder: Path, person: Newcomer) -> list[DocumentType]:
    """One CDA level 1 document of each kind: a PDF, a picture, and texts."""
    folder.mkdir()
    kinds = importable()
    bodies = {"57833-6": (pdf("Ordonnance"), "application/pdf"), "18748-4": (jpeg(), "image/jpeg")}
    for number, kind in enumerate(kinds):
        text = (f"Examen n° {number} : tout va bien.".encode(), "text/plain")
        body, media = bodies.get(kind.code, text)
        (folder / f"{number:03d}.xml").write_bytes(wrap(_header(person, kind, number), body, media))
    return kinds


def _header(person: Newcomer, kind: DocumentType, number: int) -> CdaHeader:
    unique_id = f"1.2.250.1.999.{person.order}.{number}"
    return CdaHeader(
        unique_id=unique_id,
        type_code=kind.code,
        type_system=kind.system,
        type_label=kind.label,
        title=title_of(kind),
        effective=datetime(2025, 6, 1 + number % 28, 8, 0, tzinfo=UTC),
        confidentiality=("N",),
        set_id=unique_id,
        version=1,
        patient=CdaPatient(person.ins, OID_NIR, person.family.upper(), person.given, "", person.birth, person.sex),
        author=CdaAuthor(family_name="PERRIN", given_name="Chloé", title="Dr", structure_name="Laboratoire du test"),
    )


def located_photo() -> bytes:
    """A photograph that tells, in its EXIF, where it was taken and with which camera."""
    exif = Image.Exif()
    exif[0x010F] = "APPAREIL-TEMOIN"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    out = BytesIO()
    Image.new("RGB", (320, 200), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()
