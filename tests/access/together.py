"""Professionals who practise at one place, and whether they read a record."""

from espace.permissions import Permission
from tests.support.build import Caregiver, Citizen

PLACE = "350000778"


def reads(holder: Citizen, professional: Caregiver) -> bool:
    """Whether they read the record now."""
    found = professional.standing(holder.record_id)
    return found is not None and found.may(Permission.DOCUMENTS_READ)
