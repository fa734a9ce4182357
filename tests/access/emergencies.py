"""What tests of emergencies share: somebody who identified a person exactly, and opens their record."""

from dataclasses import replace

from espace.access import services as access
from espace.access.services import EmergencyMode
from espace.access.services.emergencies import emergency
from espace.access.services.emergencies.emergency import Why
from espace.permissions import Standing
from tests.support.build import Caregiver, Citizen

WORDS = "Malaise dans la rue, la personne ne répond pas."
CALL = "C15-2026-17"
FINESS = "499900090"
GLASS, CENTRE = EmergencyMode.BREAK_GLASS, EmergencyMode.CENTRE_15


def found(doctor: Caregiver, holder: Citizen) -> Standing:
    """The doctor before the record of whom they just identified; one session, as of a fresh sign-in."""
    actor = doctor.actor
    access.note_encounter(actor, holder.record_id)
    standing = access.standing(actor, holder.record_id)
    assert standing is not None
    return standing


def again(standing: Standing) -> Standing | None:
    """How the same session stands now."""
    return access.standing(standing.actor, standing.record_id)


def opened(doctor: Caregiver, holder: Citizen, mode: EmergencyMode = GLASS) -> Standing:
    """The doctor before a record they opened in an emergency."""
    standing = found(doctor, holder)
    if mode is GLASS:
        emergency.open_record(standing, GLASS, Why.UNCONSCIOUS.value, WORDS)
    else:
        emergency.open_record(standing, CENTRE, Why.CALL.value, CALL)
    now = again(standing)
    assert now is not None
    return now


def unproved(standing: Standing) -> Standing:
    """The same, whose proof is old."""
    return replace(standing, actor=replace(standing.actor, proved_at=None))
