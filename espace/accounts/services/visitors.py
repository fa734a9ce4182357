"""Who knocks at the door, as far as a request tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody tries to sign in. `device` is the token of the device's cookie, or empty."""

    address: str
    device: str = ""
    browser: str = ""
    system: str = ""
