"""What other rooms may ask of notifications."""

from .events import Channel, Event, Reach
from .ledger import forget
from .mail import deliver_mail, send_mail
from .notices import due_of, notify, send_held
from .sms import can_send, deliver_sms, send_sms, sms_in_trouble

__all__ = [
    "Channel",
    "Event",
    "Reach",
    "can_send",
    "deliver_mail",
    "deliver_sms",
    "due_of",
    "forget",
    "notify",
    "send_held",
    "send_mail",
    "send_sms",
    "sms_in_trouble",
]
