"""Importing CDA documents, each another: half of them a PDF in a CDA, half written in sections (1,000 a minute)."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as daytime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf

from espace import clock, db, storage
from espace.documents.services.arriving import claimed as arriving
from espace.documents.services.arriving import heading
from espace.documents.services.arriving.importing import import_paths
from espace.identifiers import new_id
from espace.interop.cda import CdaAuthor, CdaHeader
from espace.interop.cda_write import wrap
from espace.permissions import Standing

from .measure import Timing, timed

DOCUMENTS = 200
GOAL = 60.0
"""Milliseconds for one, where 1,000 take a minute."""
_SECTION = "<component><section><title>{title}</title><text><paragraph>{words}</paragraph></text></section></component>"
_WORDS = "Glycémie à jeun 0,92 g/L, cholestérol total 2,10 g/L, créatinine 74 µmol/L. " * 12


def measured(standing: Standing) -> Timing:
    """What one document costs, CPU and wall time, when `DOCUMENTS` are imported together."""
    with TemporaryDirectory() as folder:
        for number, content in enumerate(_documents(standing)):
            Path(folder, f"{number:04}.xml").write_bytes(content)
        wall, cpu = time.perf_counter(), time.process_time()
        report = import_paths([Path(folder)], silent=True)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if report.done != DOCUMENTS:
        raise RuntimeError(f"only {report.done} documents were imported")
    return Timing(cpu * 1000 / DOCUMENTS, wall * 1000 / DOCUMENTS)


def parts(standing: Standing, rounds: int) -> dict[str, float]:
    """What no import could do without: the document read, its body judged, and its two files sealed; CPU ms."""
    content = next(_documents(standing))
    new = arriving.new_document(content, arriving.parsed(content))

    def seal() -> None:
        with db.read() as tx:
            for each in (content, new.body.content):
                file_id = new_id()
                storage.current().put(tx, standing.record_id, file_id, each)
                storage.current().delete(standing.record_id, file_id)

    return {
        "read and judge": timed(lambda: arriving.new_document(content, arriving.parsed(content)), rounds).cpu,
        "two sealed files": timed(seal, rounds).cpu,
    }


def _documents(standing: Standing) -> Iterator[bytes]:
    day = datetime.combine(clock.today(), daytime(9), clock.HOME_ZONE)
    for number in range(DOCUMENTS):
        unique_id = f"1.2.250.1.999.{number}"
        header = CdaHeader(
            unique_id=unique_id,
            type_code="11502-2",
            type_system="2.16.840.1.113883.6.1",
            type_label="CR d'examens biologiques",
            title=f"Analyses {number}",
            effective=day - timedelta(days=number),
            confidentiality=("N",),
            set_id=unique_id,
            version=1,
            patient=heading.patient(heading.holder_of(standing)),
            author=CdaAuthor("810000000009", "MESUREUR", "ANA", structure_name="LABORATOIRE DU BANC"),
        )
        yield _structured(header) if number % 2 else wrap(header, _pdf(number), "application/pdf")


def _structured(header: CdaHeader) -> bytes:
    plain = wrap(header, b"x", "text/plain")
    sections = "".join(_SECTION.format(title=f"Partie {number}", words=_WORDS) for number in range(8))
    body = f"<component><structuredBody>{sections}</structuredBody></component></ClinicalDocument>"
    return plain[: plain.index(b"<component>")] + body.encode()


def _pdf(number: int) -> bytes:
    """Three pages of some words."""
    made = BytesIO()
    with pikepdf.new() as document:
        for page in range(3):
            document.add_blank_page().Contents = document.make_stream(f"% {number} {page} {_WORDS}".encode())
        document.save(made)
    return made.getvalue()
