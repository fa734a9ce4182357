"""How acts stand out in a history: most are quiet, a few changed something, some call for attention."""

from enum import StrEnum

from espace.audit.services import Action, Entry


class Tone(StrEnum):
    """How an act stands out in the list."""

    QUIET = ""
    CHANGE = "tip"
    WARNING = "warn"


_TONES = {
    Action.PASSWORD_CHANGED: Tone.CHANGE,
    Action.EMAIL_CHANGED: Tone.CHANGE,
    Action.PHONE_CHANGED: Tone.CHANGE,
    Action.SIGN_IN_REFUSED: Tone.WARNING,
    Action.RECOVERY_ASKED: Tone.WARNING,
    Action.RECOVERY_DONE: Tone.WARNING,
    Action.ASSISTANCE_CODE_REFUSED: Tone.WARNING,
    Action.PASSKEY_COPIED: Tone.WARNING,
    Action.CONSENT_ASKED: Tone.CHANGE,
    Action.CONSENT_BLOCKED: Tone.CHANGE,
    Action.DOCUMENT_DEPOSITED: Tone.CHANGE,
    Action.COUNTER_CODE_USED: Tone.CHANGE,
    Action.COUNTER_CODE_REFUSED: Tone.WARNING,
    Action.SHARE_REFUSED: Tone.WARNING,
    Action.EMERGENCY_OPENED: Tone.WARNING,
    Action.EMERGENCY_REFUSED: Tone.WARNING,
    Action.CODE_PRINTED: Tone.WARNING,
    Action.RECORD_OPPOSED: Tone.CHANGE,
    Action.RECORD_CLOSED: Tone.CHANGE,
    Action.RECORD_SUSPENDED: Tone.WARNING,
    Action.ERASURE_ASKED: Tone.WARNING,
    Action.DEATH_DECLARED: Tone.WARNING,
}


def tone(entry: Entry) -> Tone:
    """Whether the act calls for attention."""
    return _TONES.get(entry.action, Tone.QUIET)
