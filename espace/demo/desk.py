"""Documents that could not be filed: they came in like the others and wait on the desk of the house (R41)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from espace.administration.services import quarantine
from espace.administration.services.quarantine import Target
from espace.administration.services.visits import Identity
from espace.documents.services.arriving.importing import import_paths
from espace.documents.services.aside import quarantine_desk
from espace.interop.cda_write import wrap
from espace.interop.typeset import typeset

from . import office, structured
from .acting import BuildError, Stage
from .cast import AGENTS, Someone
from .filing import header
from .papers import Paper, heading, text
from .story import ALL

_STRANGER = Someone(
    key="stranger", given=("Rozenn",), family="Le Bihan", sex="F", years=61, days=40, birth_place="56121", order=988,
    about="N'a pas d'espace ici.",
)  # fmt: skip
_MISSPELT = "lettre-clinique.xml"


def send_in(stage: Stage, scratch: Path) -> None:
    """Files arrive that name nobody known here, or somebody almost known, or nobody at all."""
    folder = scratch / "desk"
    folder.mkdir()
    for name, content in _files(stage).items():
        (folder / name).write_bytes(content)
    report = import_paths([folder])
    if report.done or report.refused or len(report.quarantined) != report.read:
        raise BuildError(f"the desk got {len(report.quarantined)} of {report.read} documents")


def propose(stage: Stage) -> None:
    """The administrator proposes where one of them belongs: somebody else has to confirm it."""
    whose = ALL["retired"]
    target = Target(
        identity=Identity(whose.ins(stage.today), whose.born(stage.today)),
        birth_name=whose.family,
        sex=whose.sex,
        type_code="11490-0",
        day=stage.today - timedelta(days=6),
        words="Nom mal orthographié par la clinique, qui l'a confirmé par téléphone.",
    )
    for aside in quarantine_desk.page()[0]:
        if aside.where == _MISSPELT:
            quarantine.propose_assignment(office.actor_of(AGENTS[0]), aside.id, target)
            return
    raise BuildError("no document waits for the one whose name was misspelt")


def _files(stage: Stage) -> dict[str, bytes]:
    today = stage.today
    report = Paper(
        day=today - timedelta(days=8),
        type_code="11488-4",
        title="Consultation de cardiologie",
        author="cardiologist",
        blocks=(heading("Motif"), text("Essoufflement à l'effort."), heading("Conclusion"), text("À revoir.")),
    )
    squint = replace(report, title="Consultation d'orthoptie")
    letter = replace(report, day=today - timedelta(days=6), type_code="11490-0", title="Lettre de liaison à la sortie")
    whole = {
        "compte-rendu-1.xml": (_STRANGER, report),
        _MISSPELT: (replace(ALL["retired"], family="Quemeneur"), letter),
        "compte-rendu-3.xml": (replace(ALL["child"], family="Lecomte"), squint),
    }
    found = {
        name: structured.document(header(whose, paper, today, unique_id=f"2.25.{uuid4().int}"), paper)
        for name, (whose, paper) in whole.items()
    }
    unknown = replace(header(ALL["mother"], report, today, unique_id=f"2.25.{uuid4().int}"), type_code="00000-0")
    found["resultat.xml"] = wrap(unknown, "Résultat transmis par un logiciel ancien.".encode(), "text/plain")
    found["numerisation.pdf"] = typeset("demo/document", _scan(today.strftime("%d/%m/%Y")))
    return found


def _scan(day: str) -> dict[str, object]:
    return {
        "title": "Courrier numérisé",
        "author": "Secrétariat",
        "role": "Cabinet médical",
        "place": "",
        "city": "Saumur",
        "day": day,
        "patient": "Nom illisible",
        "identity": "",
        "ink": "#34406b",
        "footer": "Personne inventée, document de démonstration",
        "signature": "",
        "blocks": (text("Merci de verser ce courrier au dossier du patient."),),
    }
