"""The demo's own pages, open to anybody on this machine and to nobody else."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
from flask import Blueprint, Response, abort, redirect, request
from flask.sansio.blueprints import BlueprintSetupState

from espace import clock, crypto, settings
from espace.web.guards import public
from espace.web.rendering import render

from . import ledger
from .mailbox import Mailbox, Sms

_STEP = 30
_SMS = ("id", "to", "from", "text")

pages = Blueprint("demo", __name__, url_prefix="/demo")


@pages.before_request
def _from_this_machine() -> None:
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - stands for "unknown"
        abort(404)


@pages.before_app_request
def _by_name() -> Response | None:
    """Lead who typed 127.0.0.1 to the demo's name: cookies and passkeys belong to one of the two."""
    house = urlsplit(settings.current().base_url)
    typed = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if not typed or request.host == house.netloc or request.host.partition(":")[0] != "127.0.0.1":
        return None
    answer = redirect(f"{house.scheme}://{house.netloc}{request.full_path.rstrip('?')}", 307)
    assert isinstance(answer, Response)  # noqa: S101 - narrows Werkzeug's type
    return answer


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A patient or operator of the cast, and the code their authenticator app would show now."""

    person: dict[str, Any]
    code: str


@pages.get("/")
@public
def cast() -> Response:
    """Who can sign in, with what, and the codes of this moment."""
    told = ledger.read(_folder())
    now = clock.now()
    patients, operators = (
        [_Entrance(person, pyotp.TOTP(person["totp_secret"]).at(now)) for person in told[part]]
        for part in ("patients", "operators")
    )
    names = {person["key"]: person["display_name"] for person in told["patients"]}
    return render(
        "demo/cast.html",
        patients=patients,
        children=told["children"],
        letters=told["activation"],
        professionals=told["professionals"],
        operators=operators,
        parents={child["key"]: ", ".join(names[key] for key in child["parents"]) for child in told["children"]},
        seconds=_STEP - int(now.timestamp()) % _STEP,
    )


@pages.get("/outbox")
@public
def outbox() -> Response:
    """The mails and SMS the house has sent, and what went to other operators' secure mailboxes, newest first."""
    box = Mailbox(_folder())
    return render("demo/outbox.html", mails=box.newest(), letters=box.newest_outside(), texts=box.newest_sms())


@pages.post("/sms")
@public
def sms() -> Response:
    """The gateway for SMS, as docs/sms.md describes it: the worker's own HTTP request ends here."""
    wanted = f"Bearer {settings.current().sms_token}"
    if not crypto.same(request.headers.get("Authorization", "").encode(), wanted.encode()):
        return Response(status=401)
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict) or any(not isinstance(asked.get(name), str) for name in _SMS):
        return Response(status=400)
    came = Sms(asked["id"], clock.now(), asked["to"], asked["from"], asked["text"])
    return Response(status=202 if Mailbox(_folder()).keep_sms(came) else 409)


@pages.record_once
def _without_form_token(state: BlueprintSetupState) -> None:
    """The worker calls from outside any page: it shows its own token, and there is no cookie to abuse."""
    state.app.extensions["csrf"].exempt(sms)


def _folder() -> Path:
    folder = settings.current().demo_dir
    if folder is None:
        abort(404)
    return folder
