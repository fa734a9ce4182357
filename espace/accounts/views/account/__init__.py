"""The pages of an account: identity, security, devices, language."""

from . import codes, contacts, devices, identity, overview, passkeys, password, second_steps, security
from .blueprint import pages

__all__ = [
    "codes",
    "contacts",
    "devices",
    "identity",
    "overview",
    "pages",
    "passkeys",
    "password",
    "second_steps",
    "security",
]
