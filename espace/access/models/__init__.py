"""Every right anyone holds on a record."""

from .abuse import Alert, Reach, Suspension, Watched
from .consents import Consent, Encounter
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
    "MatrixCell",
    "MatrixVersion",
    "Opposition",
    "Reach",
    "Suspension",
    "Watched",
]
