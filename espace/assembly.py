"""What the house is made of: its rooms, the handlers of their events, and the order in which the web is set up."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from io import BytesIO
from ipaddress import ip_address, ip_network
from typing import IO, Any
from uuid import UUID

from flask import Flask, Request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from . import db, outbox
from .crypto.owners import refuse_wrong_keys
from .machines import Machines
from .settings import Settings
from .web import assets, compression, errors, guards, headers, i18n, pulse, rendering, veil
from .web import rooms as web_rooms

MAX_REQUEST = 26 * 1024 * 1024  # a 25 MB file and its form

ROOMS = ("home", "administration", "professional", "messaging", "documents", "access", "family", "records", "accounts")


def handle_events() -> None:
    """Register who carries out what lower rooms write to the outbox, and who answers what they ask of higher ones."""
    from .access.services import count_beside, officers, on_heir_decided, on_record_changed
    from .access.services.passing.restricted import on_restricted
    from .accounts.services import note_refused_sign_in, send_new_code, tell_what_is_due
    from .accounts.services.password_reset import send_reset_code
    from .accounts.services.recovery_notices import send_recovery_code
    from .audit.services.lately import on_acts_told
    from .documents.services.entries.filed import on_filed
    from .family.services.carers.invitations import on_invited as on_carer_invited
    from .home.services.telling import acts_told, last_times
    from .messaging.services import telling as messages
    from .messaging.services.incoming import arriving, delivering
    from .messaging.services.outgoing import leaving, lmtp, receipts, reports, sending
    from .messaging.services.practice import absences
    from .messaging.services.reading import list_statements
    from .notifications.services import deliver_mail, deliver_sms
    from .records.services import on_account_activated

    outbox.on("mail", deliver_mail)
    outbox.on("sms", deliver_sms)
    outbox.on("notifications.due", tell_what_is_due)
    outbox.on("accounts.activated", on_account_activated)
    outbox.on("records.changed", on_record_changed)
    outbox.on("records.heir-decided", on_heir_decided)
    outbox.on("records.erased", _forget_record)
    outbox.on(officers.TOPIC, officers.on_hour_over)
    outbox.on("documents.filed", on_filed)
    outbox.on("family.carer-invited", on_carer_invited)
    outbox.on("family.restricted", on_restricted)
    outbox.on("accounts.code-asked", send_new_code)
    outbox.on("accounts.recovery-code-asked", send_recovery_code)
    outbox.on("accounts.reset-asked", send_reset_code)
    outbox.on("accounts.sign-in-refused", note_refused_sign_in)
    outbox.on(absences.TOPIC, absences.on_arrived)
    outbox.on(sending.TOPIC, leaving.leave)
    outbox.on(receipts.TOPIC, receipts.reply)
    outbox.on(lmtp.TOPIC, lmtp.hand_on)
    outbox.on(delivering.RECEIVED_TOPIC, arriving.on_received)
    outbox.on(delivering.INVITATION_TOPIC, arriving.on_invitation)
    outbox.on(messages.UNREAD_TOPIC, messages.tell_unread)
    count_beside(*list_statements.unread_counts())
    delivering.on_report(reports.report)
    delivering.on_new(absences.on_new, lmtp.on_new)
    on_acts_told(acts_told, last_times)


def _forget_record(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Event `records.erased`: every room takes away its rows of the record; doing it twice is fine."""
    from .access.services import forget_record as forget_rights
    from .audit.services.answers import forget_record as forget_answers
    from .documents.services.forgetting import forget_record as forget_documents
    from .family.services.forgetting import forget_record as forget_links
    from .messaging.services.forgetting import forget_record as forget_messages
    from .professional.services.drafts import forget_record as forget_drafts
    from .records.services import remove_files

    rooms = (forget_drafts, forget_messages, forget_documents, forget_rights, forget_answers, forget_links)
    for forget in (*rooms, remove_files):
        forget(UUID(payload["record_id"]))


def assemble(machines: Machines | None = None) -> Flask:
    """The web application. `create_app()` says the rest."""
    machines = machines or Machines.open(Settings.from_environment(os.environ))
    open_house(machines)
    return serve(lay_out(is_demo=machines.settings.demo_dir is not None), machines)


def open_house(machines: Machines) -> None:
    """Make `machines` ready to be used: the keys are theirs, events have their handlers, what was destroyed stays so.

    Raises:
        SettingsError: when the keys are not those of the database.
    """
    from .accounts.services import ages
    from .family.services import may_hold_account
    from .records.services import replay as destroy_again

    machines.bind()
    with db.read() as tx:
        refuse_wrong_keys(tx)
    handle_events()
    ages.on_younger(may_hold_account)
    destroy_again()  # before anything is read: a copy from before an erasure may have been restored (R23)


def lay_out(*, is_demo: bool) -> Flask:
    """The web of every room, of no house yet: `serve` gives it one.

    Raises:
        SettingsError: for a route that declares nothing.
    """
    from .access.services import seen_as, standing
    from .access.services.watching import volume
    from .accounts.services import identify

    app = Flask(__name__, static_folder=None)
    app.request_class = _Request
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # no Referer is ever sent (Referrer-Policy); the guard checks the origin instead
    )
    i18n.install(app)
    assets.install(app)
    headers.install(app)
    errors.install(app)
    pulse.install(app)
    guards.install(app, identify=identify, judge=standing, seen_as=seen_as, count=volume.admit)
    veil.install(app)
    # After the guard: looking for the token reads the whole body, which is read for those only whom a route serves.
    tokens = CSRFProtect(app)
    names = (*ROOMS, "demo") if is_demo else ROOMS
    web_rooms.mount(app, tuple(import_module(f"espace.{name}.room").ROOM for name in names))
    for view in app.view_functions.values():
        if guards.is_foreign(view):
            tokens.exempt(view)
    compression.install(app)
    rendering.configure(app)
    guards.check_declared(app)
    return app


def serve(app: Flask, machines: Machines) -> Flask:
    """Give `app` the house it serves: everything of it that depends on machines, in place of a house before."""
    given = machines.settings
    secure = given.secure_cookies
    app.config.update(
        SECRET_KEY=machines.vault.ring.derived("index", "form-session"),
        SESSION_COOKIE_NAME="__Host-form" if secure else "form",
        SESSION_COOKIE_SECURE=secure,
        ORIGIN=given.base_url.rstrip("/"),
    )
    app.jinja_env.globals["outside_identity"] = given.identity_name if given.identity_issuer else ""
    app.wsgi_app = _Bound(machines, partial(Flask.wsgi_app, app))  # type: ignore[method-assign]
    if given.proxies:
        app.wsgi_app = _TrustedProxies(app.wsgi_app, given.proxies)  # type: ignore[method-assign]
    return app


class _Request(Request):
    """A request whose uploads stay in memory: a temporary file would hold them readable on the disk (R20)."""

    def _get_file_stream(self, *_facts: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


_Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Bound:
    """Binds the machines to the context of each request."""

    def __init__(self, machines: Machines, inner: _Wsgi) -> None:
        self._machines = machines
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._machines.bind()
        return self._inner(environ, start_response)


class _TrustedProxies:
    """Believes forwarded headers only from the proxies named in the settings."""

    def __init__(self, inner: _Wsgi, proxies: tuple[str, ...]) -> None:
        self._inner = inner
        self._forwarded = ProxyFix(inner, x_for=1, x_proto=1, x_host=1)
        self._networks = [ip_network(proxy) for proxy in proxies]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            peer = ip_address(environ.get("REMOTE_ADDR", ""))
        except ValueError:
            return self._inner(environ, start_response)
        believed = any(peer in network for network in self._networks)
        return (self._forwarded if believed else self._inner)(environ, start_response)
