"""Clinical documents of level 3 for tests: written by hand, and the real ones that lie beside the house."""

import os
from pathlib import Path

import pytest
from stdnum.fr import nir

INS = "2880314061012" + nir.calc_check_digits("2880314061012")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"  # one red point
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>{before}
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="1.2.250.1.213.1.1.1.1"/><id root="1.2.250.1.999.3" extension="{number}"/>
<code code="{code}" codeSystem="2.16.840.1.113883.6.1" displayName="CR d'examens biologiques"/>
<title>{title}</title><effectiveTime value="20251114083000+0100"/><confidentialityCode code="N"/>
<languageCode code="{language}"/><setId root="1.2.250.1.999.3" extension="{number}"/><versionNumber value="1"/>
{patients}
<author><time value="20251114083000+0100"/><assignedAuthor><id root="1.2.250.1.71.4.2.1" extension="899999999999"/>
<assignedPerson><name><prefix>Dr</prefix><given>Paul</given><family>Petit</family></name></assignedPerson>
<representedOrganization><name>Laboratoire du Parc</name></representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization><name>Laboratoire du Parc</name>
</representedCustodianOrganization></assignedCustodian></custodian>
<component><structuredBody>{body}</structuredBody></component></ClinicalDocument>"""
_PATIENT = """<recordTarget><patientRole><id root="1.2.250.1.213.1.4.8" extension="{ins}"/><patient>
<name><family qualifier="BR">{name}</family><given>CLAIRE MARIE</given><given qualifier="BR">CLAIRE</given></name>
<administrativeGenderCode code="{sex}"/><birthTime value="{birth}"/></patient></patientRole></recordTarget>"""


def patient(ins: str = INS, name: str = "FONTENAY", birth: str = "19880314", sex: str = "F") -> str:
    """Whom a document says it is about; `birth` is YYYYMMDD."""
    return _PATIENT.format(ins=ins, name=name, birth=birth, sex=sex)


def section(narrative: str, entries: str = "", title: str = "Biochimie", inner: str = "") -> str:
    """One section of a body: its text, coded entries, sections inside it."""
    text = f"<text>{narrative}</text>" if narrative else ""
    return f"<component><section><title>{title}</title>{text}{entries}{inner}</section></component>"


def clinical(
    body: str,
    patients: str | None = None,
    *,
    before: str = "",
    title: str = "Bilan lipidique",
    code: str = "11502-2",
    language: str = "fr-FR",
    number: str = "1",
) -> bytes:
    """A whole document around a body."""
    whom = patient() if patients is None else patients
    return _DOCUMENT.format(
        before=before, body=body, patients=whom, title=title, code=code, language=language, number=number
    ).encode()


def sample_folder() -> Path:
    """Where real documents of the standards' authors lie; without them, tests fail in CI and are skipped elsewhere."""
    named = os.environ.get("ESPACE_SAMPLES")
    if named:
        return Path(named)
    why = "ESPACE_SAMPLES names no folder of real documents"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
