"""The trail, and what was made of it: who was asked about a visit, and what they answered."""

from .answers import VisitAnswer
from .trail import AuditEvent, AuditHead

__all__ = ["AuditEvent", "AuditHead", "VisitAnswer"]
