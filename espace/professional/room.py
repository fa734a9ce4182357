"""What the professionals' room contributes."""

from flask_babel import lazy_gettext as _l

from espace.permissions import Permission
from espace.web.rooms import NavEntry, Room

from .views import consents, counter, deposit, emergency, patient, patients, secrecy, sign_in
from .views.blueprints import pages, patient_pages

_ROUTES = (
    consents,
    counter,
    deposit,
    emergency,
    patient,
    patients,
    secrecy,
    sign_in,
)  # importing hangs their pages on the blueprints

ROOM = Room(
    name="professional",
    pages=(pages,),
    professional_record_pages=patient_pages,
    navigation=(
        NavEntry("/", _l("Patient"), "person", Permission.PATIENT_PAGE, 1),
        NavEntry("/deposer", _l("Deposit"), "upload", Permission.DOCUMENTS_DEPOSIT, 30),
    ),
)
