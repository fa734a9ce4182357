"""What other rooms may ask of notifications."""

from .mail import deliver_mail, send_mail
from .sms import can_send, deliver_sms, send_sms

__all__ = ["can_send", "deliver_mail", "deliver_sms", "send_mail", "send_sms"]
