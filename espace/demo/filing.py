"""How the papers of the demo come into records: by their software, on the site, or by the person."""

from datetime import UTC, date, datetime
from uuid import uuid4

from espace import clock
from espace.documents import services as documents
from espace.documents.services.arriving.importing import take_in
from espace.interop.cda import CdaAuthor, CdaHeader, CdaPatient
from espace.interop.cda_write import wrap
from espace.people import services as people

from . import structured
from .acting import Stage
from .cast import DIRECTORY, OID, PEOPLE, Pro, Someone
from .papers import Form, Paper

_Series = tuple[str, str]
"""Whose, and which."""


class FilingOffice:
    """Where papers are filed. It remembers what versions and files that come again need."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sets: dict[_Series, tuple[str, str]] = {}  # the set of a series, and its newest unique id
        self._files: dict[tuple[str, str], bytes] = {}

    def file(self, someone: Someone, paper: Paper, content: bytes) -> None:
        """File a paper on its day; `content` is its file, empty for one that is a clinical document by itself."""
        if paper.again:
            self._files[someone.key, paper.title] = content
        if not paper.author:
            command = documents.AddDocument(paper.title, paper.day, paper.type_code, content)
            documents.add(self._stage.as_patient(_holder(someone), someone), command)
        elif paper.deposited:
            self._deposit(paper.author, someone, paper, content)
        else:
            header = self._header(someone, paper)
            whole = structured.document(header, paper) if paper.form is Form.CDA else None
            take_in(whole or wrap(header, content, paper.form.value))

    def bring_again(self, someone: Someone, paper: Paper, who: str) -> None:
        """The same file comes by another way: the person adds it too, or another professional deposits it."""
        content = self._files[someone.key, paper.title]
        if who == "patient":
            command = documents.AddDocument(f"{paper.title}, mon exemplaire", paper.day, "DOCPAT03", content)
            documents.add(self._stage.as_patient(_holder(someone), someone), command)
        else:
            self._deposit(who, someone, paper, content)

    def _deposit(self, key: str, someone: Someone, paper: Paper, content: bytes) -> None:
        documents.deposit(
            self._stage.as_professional(key, someone),
            documents.DepositDocument(
                title=paper.title,
                date=paper.day,
                type_code=paper.type_code,
                content=content,
                representatives_see=True if someone.years < 18 else None,
                patient_invisible=paper.awaits,
            ),
        )

    def _header(self, someone: Someone, paper: Paper) -> CdaHeader:
        unique_id = f"2.25.{uuid4().int}"
        series = (someone.key, paper.series)
        set_id, before = self._sets.get(series, (unique_id, "")) if paper.series else (unique_id, "")
        if paper.series:
            self._sets[series] = (set_id, unique_id)
        marks = ("MASQUE_PS",) * paper.hidden + ("INVISIBLE_REPRESENTANTS_LEGAUX",) * paper.secret
        return header(
            someone,
            paper,
            self._stage.today,
            unique_id=unique_id,
            set_id=set_id,
            before=before,
            marks=marks,
        )


def header(
    someone: Someone,
    paper: Paper,
    today: date,
    *,
    unique_id: str,
    set_id: str = "",
    before: str = "",
    marks: tuple[str, ...] = (),
) -> CdaHeader:
    """What a document says of itself, as its author's software writes it now."""
    kind = documents.types()[paper.type_code]
    return CdaHeader(
        unique_id=unique_id,
        type_code=kind.code,
        type_system=kind.system,
        type_label=kind.label,
        title=paper.title,
        effective=clock.now().replace(microsecond=0),
        confidentiality=("N", *marks),
        set_id=set_id or unique_id,
        version=paper.version,
        replaces=before,
        patient=patient(someone, today),
        author=_author(DIRECTORY[paper.author]),
        service_start=datetime(paper.day.year, paper.day.month, paper.day.day, 11, tzinfo=UTC),
    )


def patient(someone: Someone, today: date) -> CdaPatient:
    """Whose document it is, with their strict traits."""
    return CdaPatient(
        ins=someone.ins(today),
        ins_oid=OID,
        birth_name=someone.family,
        first_names=" ".join(someone.given),
        use_name=someone.use_name,
        birth_date=someone.born(today),
        sex=someone.sex,
        birth_place=someone.birth_place,
    )


def _holder(someone: Someone) -> Someone:
    """Who adds their own papers: a parent for a child."""
    parents = {one.key: one for one in PEOPLE}
    return parents[someone.parents[0]] if someone.parents and someone.years < 16 else someone


def _author(pro: Pro) -> CdaAuthor:
    code = f"{pro.matrix_code}/{pro.skill}" if pro.skill else pro.matrix_code
    return CdaAuthor(
        professional_id=f"8{pro.rpps}",
        family_name=pro.family,
        given_name=pro.given,
        title=pro.title,
        specialty_code=code,
        specialty_label=people.profession_label(code),
        structure_id=pro.place.number,
        structure_name=pro.place.name,
    )
