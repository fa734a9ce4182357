"""The sentences of emergencies, of what the house looks into afterwards, and of professionals stopped."""

from flask_babel import gettext

from espace.access.services import EmergencyMode
from espace.audit.services import Action, Entry
from espace.words import N_

Parts = tuple[str, ...]
"""What is said when nothing is known of the object, then of one that has a name."""

OTHERS: dict[Action, Parts] = {
    Action.EMERGENCY_OPENED: (N_("%(who)s opened this record in an emergency."),),
    Action.EMERGENCY_ENDED: (
        N_("%(who)s ended the opening in an emergency."),
        N_("%(who)s closed the opening in an emergency of %(what)s."),
    ),
    Action.EMERGENCY_REFUSED: (N_("%(who)s tried to open this record in an emergency. It stayed closed."),),
    Action.EMERGENCY_OPPOSED: (N_("%(who)s refused that this record be opened in an emergency by %(way)s."),),
    Action.EMERGENCY_ALLOWED: (N_("%(who)s allowed again that this record be opened in an emergency by %(way)s."),),
    Action.EMERGENCIES_READ: (N_("%(who)s, of the house, looked at the list of emergencies."),),
    Action.EMERGENCY_LOOKED_AT: (N_("%(who)s, of the house, looked into an opening in an emergency."),),
    Action.EMERGENCY_DECIDED: (N_("%(who)s, of the house, decided about an opening in an emergency."),),
    Action.EMERGENCY_EXPLAINED: (N_("%(who)s explained an opening in an emergency to the house."),),
    Action.VOLUME_REACHED: (N_("%(who)s reached many records in an hour."),),
    Action.PROFESSIONAL_STOPPED: (N_("%(who)s stopped the access of a professional."),),
    Action.PROFESSIONAL_RESTORED: (N_("%(who)s restored the access of a professional."),),
    Action.ALERTS_READ: (N_("%(who)s, of the house, looked at the list of alerts."),),
    Action.ALERT_LOOKED_AT: (N_("%(who)s, of the house, looked at an alert."),),
    Action.ALERT_DECIDED: (N_("%(who)s, of the house, decided about an alert."),),
    Action.RECORD_WATCHED: (N_("%(who)s, of the house, has readings of this record looked at more closely."),),
    Action.RECORD_UNWATCHED: (N_("%(who)s, of the house, has readings of this record looked at like any other."),),
}

MINE: dict[Action, Parts] = OTHERS | {
    Action.EMERGENCY_OPENED: (N_("You opened this record in an emergency."),),
    Action.EMERGENCY_ENDED: (
        N_("You ended the opening in an emergency."),
        N_("You closed the opening in an emergency of %(what)s."),
    ),
    Action.EMERGENCY_OPPOSED: (N_("You refused that this record be opened in an emergency by %(way)s."),),
    Action.EMERGENCY_ALLOWED: (N_("You allowed again that this record be opened in an emergency by %(way)s."),),
}

_WAYS: dict[str, str] = {
    EmergencyMode.BREAK_GLASS.value: N_("a carer on the spot"),
    EmergencyMode.CENTRE_15.value: N_("the doctor of the centre 15"),
}


def way(entry: Entry) -> str:
    """Who opens in an emergency, by the way an act is about: the two are opposed apart (rules.md AR-9)."""
    return str(gettext(str(_WAYS.get(entry.detail.get("mode", ""), N_("a professional")))))
