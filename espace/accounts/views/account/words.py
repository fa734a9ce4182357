"""What an account still lacks, said as things to do."""

from dataclasses import dataclass

from flask_babel import gettext, ngettext

from espace.accounts.services.factors import Ways

from .blueprint import SECURITY

FEW_CODES = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do for a safer account: why, and where."""

    text: str
    href: str
    action: str


def advice(ways: Ways) -> list[Advice]:
    """What to do, the most pressing first; nothing when the account is well kept."""
    found = []
    if ways.recovery_left <= FEW_CODES:
        left = (
            ngettext(
                "You have %(num)d recovery code left.", "You have %(num)d recovery codes left.", ways.recovery_left
            )
            if ways.recovery_left
            else gettext("You have no recovery code left.")
        )
        why = gettext("Without one, losing your phone means proving your identity again.")
        found.append(Advice(f"{left} {why}", f"{SECURITY}/codes", gettext("Renew my recovery codes")))
    if ways.count < 2:
        why = gettext("You have one second lock only. With two, a lost phone does not stop you.")
        found.append(Advice(why, f"{SECURITY}#etapes", gettext("Add a second lock")))
    return found
