"""What can go wrong, in the words of the house. Services raise these; `web.errors` turns them into pages."""

from collections.abc import Mapping


class EspaceError(Exception):
    """Anything the house raises on purpose."""


class NotFoundError(EspaceError):
    """The object does not exist, or must not be seen to exist by this actor (404)."""


class RefusedError(EspaceError):
    """The actor may know of the object but not do this; `reason` is a word of `access.policy.Reason` (403)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidError(EspaceError):
    """Input that cannot be accepted: field name -> sentence (a translated message) to show beside it (422)."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


class ConflictError(EspaceError):
    """Somebody else changed the same thing first; nothing was written (409)."""


class ThrottledError(EspaceError):
    """Too many tries; `wait` is the number of seconds until the next one is looked at (429)."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"wait {wait:.0f} s")
        self.wait = wait


class StepUpError(EspaceError):
    """The act asks for a proof of identity younger than five minutes (security.md R9)."""


class BusyError(EspaceError):
    """A resource is saturated or locked: nothing was written, try again shortly (503)."""


class TamperedError(EspaceError):
    """Sealed bytes do not open: moved, changed, cut, or sealed under another key."""


class SettingsError(EspaceError):
    """A setting is missing, contradictory or too weak to start with."""
