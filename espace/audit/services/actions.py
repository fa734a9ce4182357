"""The closed list of acts that leave a trace."""

from enum import StrEnum


class Action(StrEnum):
    """What was done (rules.md AR-24). The word is stored: it may be added to, never changed."""

    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_REFUSED = "sign-in-refused"
    ACTIVATED = "activated"
    ACCOUNT_CHANGED = "account-changed"
    RECORD_ANNOUNCED = "record-announced"
    RECORD_OPENED = "record-opened"
    RECORD_HOME_OPENED = "record-home-opened"
    PATIENT_SEARCHED = "patient-searched"
    PATIENT_FOUND = "patient-found"
    PATIENT_PAGE_OPENED = "patient-page-opened"
    DOCUMENTS_LISTED = "documents-listed"
    DOCUMENT_OPENED = "document-opened"
    DOCUMENT_ADDED = "document-added"
    DOCUMENT_DEPOSITED = "document-deposited"
    DOCUMENT_IMPORTED = "document-imported"
    DOWNLOADED = "downloaded"
    CONSENT_ASKED = "consent-asked"
    CONSENT_GIVEN = "consent-given"
    CONSENT_REFUSED = "consent-refused"
    CONSENT_REVOKED = "consent-revoked"
    CONSENT_BLOCKED = "consent-blocked"
    CONSENT_UNBLOCKED = "consent-unblocked"
    LINK_MADE = "link-made"
    HISTORY_READ = "history-read"
    ACCESSES_READ = "accesses-read"
