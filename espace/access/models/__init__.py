"""Every right anyone holds on a record."""

from .abuse import Alert, Reach, Suspension, Watched
from .consents import Consent, Encounter, Visit
from .links import Link, LinkVisit
from .matrix import MatrixCell, MatrixVersion
from .passing import CounterCode, Emergency, Opposition
from .rules import DocumentRule

__all__ = [
    "Alert",
    "Consent",
    "CounterCode",
    "DocumentRule",
    "Emergency",
    "Encounter",
    "Link",
    "LinkVisit",
    "MatrixCell",
    "MatrixVersion",
    "Opposition",
    "Reach",
    "Suspension",
    "Visit",
    "Watched",
]
