"""A form sets what it shows and nothing else: the name of every column and command is sent along (security.md R17)."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Boolean, Date, Integer, Table, select

import espace
from espace import crypto, db
from espace.access.services import Answer
from espace.db import Id, Instant
from tests.house.test_canaries import _typed
from tests.support import build
from tests.support.browser_client import Browser, Form
from tests.support.marks import on_sqlite

WORD = "zz-planted"
NUMBER = 987_654_321
ID = UUID("0badcafe-0000-7000-8000-00000000beef")
_OWN = {"csrf_token"}
ACCOUNT = (
    "/compte/langue",
    *(f"/compte/securite/{name}" for name in ("adresse", "telephone", "application", "codes", "cles", "mot-de-passe")),
)


def _names() -> dict[str, list[str]]:
    """Every name something is kept under, with the values planted for it."""
    found: dict[str, list[str]] = {}
    for table in db.Base.metadata.sorted_tables:
        for column in table.columns:
            found[column.name] = [_planted(column.type)]
    for module in pkgutil.walk_packages(espace.__path__, "espace."):
        if ".services" in module.name and "demo" not in module.name:
            for _, kind in inspect.getmembers(importlib.import_module(module.name), is_dataclass):
                for one in fields(kind):
                    found.setdefault(one.name, [WORD])
    return found


def _planted(kind: Any) -> str:
    if isinstance(kind, Id):
        return str(ID)
    if isinstance(kind, Boolean):
        return "true"
    if isinstance(kind, Date):
        return "1901-01-01"
    return str(NUMBER) if isinstance(kind, Instant | Integer) else WORD


def _filled(form: Form) -> dict[str, Any]:
    values: dict[str, Any] = dict(_typed(form))
    for choice in form.element.xpath(".//select"):
        values[choice.get("name")] = str(choice.xpath(".//option/@value")[-1])
    if "patient_sees" in form.names:
        values["date"] = "20/11/2026"
    return values


def _stays(form: Form) -> bool:
    """Whether the form is sent, and leaves the sender signed in."""
    return form.method == "POST" and "deconnexion" not in form.action and "/fin" not in form.action


def _send(browser: Browser, form: Form, names: dict[str, list[str]]) -> int:
    """Send a form filled well, with everything else planted in its body and its address."""
    extra = {name: value for name, value in names.items() if name not in form.names | _OWN}
    button = next(iter(form.element.xpath(".//button[@name]")), None)
    data: dict[str, Any] = {**extra, **form.values}
    if button is not None:
        data[button.get("name")] = button.get("value")
    for name, value in _filled(form).items():
        data[name] = (BytesIO(value.content), value.name) if hasattr(value, "content") else value
    answer = browser.send("POST", form.action, data=data, query_string=extra, follow=False)
    assert answer.status in (303, 409, 422), f"{form.action}: {answer.status}"  # 409: decided by the form before
    return answer.status


@on_sqlite
def test_nothing_planted_is_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, doctor, asking = build.citizen(), build.caregiver(), build.caregiver("Roy", "Ana")
    build.consent(holder, doctor, Answer.GRANT)
    build.consent(holder, asking)
    sealed: list[str] = []
    real = crypto.seal

    def seal(tx: Any, owner: UUID, table: str, row: UUID, payload: Any) -> bytes:
        sealed.append(repr(payload))
        return real(tx, owner, table, row, payload)

    monkeypatch.setattr(crypto, "seal", seal)
    names, record, patient = _names(), f"/dossiers/{holder.record_id}", f"/pro/patients/{holder.record_id}"
    asked = build.ids_of(holder.standing())["consent_id"]
    own, theirs = holder.browser(app), doctor.browser(app)
    sent = []
    for browser, places in (
        (Browser(app), ("/connexion", "/activation", "/activation/nouveau-code")),
        (own, (f"{record}/documents/ajouter", f"{record}/acces/{asked}", *ACCOUNT)),
        (theirs, ("/pro/patients", f"{patient}/deposer")),
        (asking.browser(app), (f"{patient}/consentement",)),
    ):
        for place in places:
            sent += [_send(browser, form, names) for form in browser.get(place).forms if _stays(form)]
    begun = next(at for at in own.get(f"{record}/documents/ajouter").links.values() if "/documents/ajouter/" in at)
    sent.append(_send(own, own.get(begun).form("title", "geste"), names))
    draft = next(place for place in theirs.get(f"{patient}/").links.values() if "/deposer/" in place)
    sent.append(_send(theirs, theirs.get(draft).form("title", "date"), names))
    assert sent.count(303) >= 5, sent
    assert not [one for one in sealed if WORD in one or str(ID) in one or str(NUMBER) in one]
    _check_tables()


def _check_tables() -> None:
    documents = 0
    for table, row in _rows():
        _check_row(table, row)
        documents += table.name == "documents"
        if table.name == "documents":
            assert not any(row[mark] for mark in ("hidden", "patient_invisible", "representatives_invisible"))
            assert row["state"] == "current"
        if table.name == "sessions":
            assert row["kind"] in ("patient", "professional")
            assert row["stage"] == "full"
    assert documents >= 2, "no document was filed: nothing is proved"


def _rows() -> Iterator[tuple[Table, dict[str, Any]]]:
    """Every row of the database, its values as the models type them."""
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for row in tx.execute(select(table)).mappings():
                yield table, dict(row)


def _check_row(table: Table, row: dict[str, Any]) -> None:
    for column, value in row.items():
        assert value not in (WORD, NUMBER, ID, date(1901, 1, 1)), f"{table.name}.{column} was planted"
        if isinstance(value, bytes):
            assert WORD.encode() not in value


@on_sqlite
def test_who_one_is_never_comes_from_the_request(app: Flask) -> None:
    """Headers, fields and cookies that name somebody else change nothing."""
    holder, doctor = build.citizen(), build.caregiver()
    browser = holder.browser(app)
    claims = {
        "X-Remote-User": str(doctor.id),
        "Remote-User": "admin",
        "X-Forwarded-User": "admin",
        "X-Forwarded-For": "127.0.0.1",
        "X-Original-URL": "/pro/",
        "X-Rewrite-URL": "/pro/",
        "X-HTTP-Method-Override": "DELETE",
        "Authorization": "Basic YWRtaW46YWRtaW4=",
        "X-Role": "professional",
    }
    for name in ("kind", "role", "is_admin", "actor", "record_id", "user_id"):
        browser.set_cookie(name, "professional")
    assert browser.get("/pro/", headers=claims, expect=404)
    assert browser.get("/pro/?kind=professional&role=admin", expect=404)
    mine = browser.get(f"/dossiers/{holder.record_id}/", headers=claims)
    assert holder.name in mine.title
