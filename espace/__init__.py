"""espace: a person's health space. `create_app()` assembles the rooms; nothing else happens here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .machines import Machines


def create_app(machines: "Machines | None" = None) -> "Flask":
    """Assemble the web application over `machines` (by default those the environment describes).

    Flask and the rooms are imported here, not above: the command line stays quick (performance.md).

    Raises:
        SettingsError: for weak settings, a missing key file, or a route that declares nothing.
    """
    from .assembly import assemble

    return assemble(machines)
