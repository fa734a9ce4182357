"""Telling professionals: a mail to their address of the secure mail, which the register gives (rules.md AR-10)."""

from enum import StrEnum

from . import mail


class PracticeNews(StrEnum):
    """What a professional may be told; the mail says that it happened, never about whom (security.md R52)."""

    EMERGENCY = "practice-emergency"
    """A record whose attending doctor they are was opened in an emergency."""
    EXPLANATION = "practice-explanation"
    """They are asked to explain an access."""
    STOPPED = "practice-stopped"
    RESTORED = "practice-restored"


def tell_professional(address: str, news: PracticeNews) -> bool:
    """Have `news` sent to the address of the secure mail the directory has for a professional (`mssante`).

    Written with the open unit of work. Gives whether there was an address; without any, their pages alone tell them.

    Raises:
        ValueError: when the address could carry more than an address.
    """
    if not address:
        return False
    mail.send_mail(address, "fr", news.value)
    return True
