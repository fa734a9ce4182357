"""What other rooms may ask of notifications."""

from espace.notifications.messages.notices import words

from .choosing import choose, send_trial
from .events import FREE, PROTECTIVE, RULES, Channel, Event, Reach
from .ledger import DUE_TOPIC, drop_held, forget, latest, told_at
from .mail import deliver_mail, send_mail
from .notices import due_of, notify, send_held
from .numbers import admit_asked
from .practice import PracticeNews, tell_professional
from .preferences import ZONES, Preferences, Quiet, Rhythm, preferences_of
from .sms import can_send, deliver_sms, send_sms, sms_in_trouble
from .timing import last_gathering
from .upkeep import sweep, wake_late

__all__ = [
    "DUE_TOPIC",
    "FREE",
    "PROTECTIVE",
    "RULES",
    "ZONES",
    "Channel",
    "Event",
    "PracticeNews",
    "Preferences",
    "Quiet",
    "Reach",
    "Rhythm",
    "admit_asked",
    "can_send",
    "choose",
    "deliver_mail",
    "deliver_sms",
    "drop_held",
    "due_of",
    "forget",
    "last_gathering",
    "latest",
    "notify",
    "preferences_of",
    "send_held",
    "send_mail",
    "send_sms",
    "send_trial",
    "sms_in_trouble",
    "sweep",
    "tell_professional",
    "told_at",
    "wake_late",
    "words",
]
