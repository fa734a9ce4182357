"""The demo's own pages, open to anybody on this machine and to nobody else."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyotp
from flask import Blueprint, Response, abort, request

from espace import clock, settings
from espace.web.guards import public
from espace.web.rendering import render

from . import ledger
from .mailbox import Mailbox

_STEP = 30

pages = Blueprint("demo", __name__, url_prefix="/demo")


@pages.before_request
def _from_this_machine() -> None:
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - stands for "unknown"
        abort(404)


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A patient of the cast, and the code their authenticator app would show now."""

    person: dict[str, Any]
    code: str


@pages.get("/")
@public
def cast() -> Response:
    """Who can sign in, with what, and the codes of this moment."""
    told = ledger.read(_folder())
    now = clock.now()
    patients = [_Entrance(person, pyotp.TOTP(person["totp_secret"]).at(now)) for person in told["patients"]]
    names = {person["key"]: person["display_name"] for person in told["patients"]}
    return render(
        "demo/cast.html",
        patients=patients,
        children=told["children"],
        letters=told["activation"],
        professionals=told["professionals"],
        parents={child["key"]: ", ".join(names[key] for key in child["parents"]) for child in told["children"]},
        seconds=_STEP - int(now.timestamp()) % _STEP,
    )


@pages.get("/outbox")
@public
def outbox() -> Response:
    """The mails the house has sent, newest first."""
    return render("demo/outbox.html", mails=Mailbox(_folder()).newest())


def _folder() -> Path:
    folder = settings.current().demo_dir
    if folder is None:
        abort(404)
    return folder
