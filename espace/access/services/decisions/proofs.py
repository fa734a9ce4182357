"""A dated proof of one decision about who reads a record: a paper, and a signature beside it that holds every byte.

It says who decided what, when, how, for whom and until when, with everything that happened since the first request;
of a consent as of a refusal or a block (rules.md AR-1, AR-24).
"""

import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from babel.dates import format_date, format_datetime

from espace import clock, db, settings
from espace.access.policy import ConsentState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.audit.services.exports import SUFFIX, Signing
from espace.errors import ConflictError
from espace.interop.typeset import typeset
from espace.people import services as people
from espace.permissions import Standing, demand_fresh_proof
from espace.records import services as records

from .consents import ConsentLine, consent
from .steps import Did, How, Step, as_told

PAPER = "preuve.pdf"
SIGNATURE = PAPER + SUFFIX

_STATES = {
    ConsentState.ASKED: "Demande sans réponse",
    ConsentState.VALID: "Accès donné",
    ConsentState.REFUSED: "Accès refusé",
    ConsentState.REVOKED: "Accès terminé",
    ConsentState.EXPIRED: "Accès arrivé à son terme",
    ConsentState.BLOCKED: "Professionnel bloqué",
}
_DID = {
    Did.ASKED: "Accès demandé",
    Did.GIVEN: "Accès donné",
    Did.COLLECTED: "Accord recueilli par un professionnel",
    Did.PROLONGED: "Accès prolongé",
    Did.LIMITED: "Accès raccourci",
    Did.REFUSED: "Demande refusée",
    Did.ENDED: "Accès terminé",
    Did.BLOCKED: "Professionnel bloqué",
    Did.UNBLOCKED: "Professionnel débloqué",
}
_OF_PLACE = {Did.BLOCKED: "Lieu bloqué", Did.UNBLOCKED: "Lieu débloqué"}
"""What is said otherwise of a whole place."""
_HOW = {
    How.SPACE: "dans l'espace",
    How.ASSISTED: "dans l'espace, avec une aide",
    How.SAID: "de vive voix",
    How.PHONE: "par téléphone",
    How.WRITTEN: "par écrit",
}
_AS = {"holder": "titulaire", "representative": "représentant légal", "professional": "professionnel"}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: the paper (PDF/UA-1) and its Ed25519 signature, in a file like that of an exported trail.

    `espace audit report --verify preuve.pdf` checks the two.
    """

    paper: bytes
    signature: bytes

    def archive(self) -> bytes:
        """Both in one ZIP, the signature beside what it holds."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as folder:
            for name, content in ((PAPER, self.paper), (SIGNATURE, self.signature)):
                folder.writestr(zipfile.ZipInfo(name, clock.now().timetuple()[:6]), content)
        return made.getvalue()


def proof(standing: Standing, consent_id: UUID, *, version: int) -> Proof:
    """The proof of how things stand with one professional or team now; taking it away is an act of the trail.

    `version` is that of the line as it was read: the paper says nothing else.

    Raises:
        ConflictError: when it was decided otherwise meanwhile.
        NotFoundError: when the record has no such line, or the actor does not manage its accesses.
        StepUpError: without a fresh proof of identity: it is an export (R9).
    """
    line = consent(standing, consent_id)
    demand_fresh_proof(standing.actor)
    if line.version != version:
        raise ConflictError
    paper = typeset("access/proof", _facts(standing, line))
    with db.write():
        audit.record(
            standing.actor,
            standing.record_id,
            Action.CONSENT_PROVED,
            relation=standing.relation,
            objects=[{"id": str(line.grantee_id), "name": line.name, "profession": line.profession}],
        )
    signing = Signing()
    signing.update(paper)
    return Proof(paper, signing.finish(PAPER, {"about": "consent", "consent": str(line.id)}))


def _facts(standing: Standing, line: ConsentLine) -> dict[str, object]:
    """What the paper says. French only: it is shown to French offices."""
    person = people.person(records.record(standing.record_id).person_id)
    house = settings.current()
    is_blocked = line.state is ConsentState.BLOCKED
    return {
        "site": house.base_url.partition("://")[2].rstrip("/"),
        "reference": str(line.id),
        "made_at": _instant(clock.now()),
        "name": " ".join((*person.first_names, person.birth_name)),
        "birth": _day(person.birth_date),
        "grantee": line.name,
        "is_team": line.is_team,
        "about": ", ".join(part for part in (line.profession, line.structure) if part),
        "state": _OF_PLACE[Did.BLOCKED] if line.is_team and is_blocked else _STATES[line.state],
        "is_blocked": is_blocked,
        "since": _instant(line.decided_at) if line.decided_at else "",
        "until": _day(line.valid_until) if line.valid_until else "",
        "decided": _said(line, as_told(line.decided, standing)) if line.decided else "",
        "steps": [[_instant(step.at), _said(line, as_told(step, standing))] for step in line.steps],
        "older": not line.steps,
        "made_for": standing.actor.name,
        "help": [part for part in (_phone(house.contact_phone), house.contact) if part],
    }


def _said(line: ConsentLine, step: Step) -> str:
    """« Accès donné par Claire Fontenay (titulaire), dans l'espace, jusqu'au 4 mars 2027 »."""
    by = f"{step.by} ({_AS[step.relation]})" if step.relation in _AS else step.by
    helper = f", aidé par {step.helper}" if step.helper else ""
    how = f", {_HOW[step.how]}" if step.decides else ""
    told = ", la personne informée du motif et des règles" if step.did is Did.COLLECTED else ""
    until = f", jusqu'au {_day(step.until)}" if step.until else ""
    did = (line.is_team and _OF_PLACE.get(step.did)) or _DID[step.did]
    return f"{did}, par {by}{helper}{how}{told}{until}"


def _phone(number: str) -> str:
    return f"Par téléphone : {number}" if number else ""


def _day(day: date | datetime) -> str:
    local = day.astimezone(clock.HOME_ZONE).date() if isinstance(day, datetime) else day
    return format_date(local, "d MMMM y", locale="fr_FR")


def _instant(moment: datetime) -> str:
    return format_datetime(moment, "d MMMM y 'à' H 'h' mm", tzinfo=clock.HOME_ZONE, locale="fr_FR")
