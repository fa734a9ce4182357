"""The measured requests, each beside its parts: what no page of its kind could do without (performance.md)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import zstandard
from werkzeug.test import EnvironBuilder

from espace import crypto, db, storage
from espace.access import services as access
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.permissions import Standing
from espace.web.guards import cookie_name

from . import arriving, library, search, seeing
from .house import BenchHouse
from .measure import Timing, counted, timed

_FEW = 12
_ROW = (
    "{% for row in rows %}<li class='row'><h3><a href='{{ base }}/{{ row.id }}'>{{ row.title }}</a></h3>"
    "<p>{{ row.type_code }}, {{ row.author }}</p><p><time datetime='{{ row.date }}'>{{ row.date }}</time></p></li>"
    "{% endfor %}"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One request: its cost, the sum of its parts, and what it asked for."""

    name: str
    cpu_ms: float
    wall_ms: float
    parts: Mapping[str, float]
    statements: int
    commits: int
    bytes: int

    @property
    def ratio(self) -> float:
        """How many times the parts it costs, in CPU."""
        return self.cpu_ms / sum(self.parts.values())

    def as_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        return asdict(self) | {"parts": dict(self.parts), "ratio": round(self.ratio, 2)}


def measure(house: BenchHouse, rounds: int) -> list[Figure]:
    """Every request of this version of the bench."""
    record = house.record_id
    listing = _list_parts(house, house.holder, house.holder_token, rounds)
    watched = _list_parts(house, house.professional, house.professional_token, rounds) | {
        "audit row": _audit(house, rounds)
    }
    return [
        _request(house, "documents, 60 of 2,000", f"/dossiers/{record}/documents", house.holder_token, listing, rounds),
        _request(
            house,
            "open a PDF of 2 MiB",
            f"/dossiers/{record}/documents/{house.pdf_id}/contenu",
            house.holder_token,
            _download_parts(house, rounds),
            rounds,
        ),
        _request(
            house,
            "professional's list with its audit row",
            f"/pro/patients/{record}/documents",
            house.professional_token,
            watched,
            rounds,
        ),
        *_others(house, listing, rounds),
        *_seeing(house, rounds),
        *_searches(house, max(20, rounds // 10)),
        *_library(house, rounds),
        *_sign_in(house, rounds),
        _importing(house, rounds),  # last: it adds to the record
    ]


def _others(house: BenchHouse, parts: Mapping[str, float], rounds: int) -> list[Figure]:
    """What else is opened every day: beside the parts of the list, for want of nearer ones."""
    below = f"/dossiers/{house.record_id}"
    paths = {
        "record's home": "/",
        "documents, one type of 2,000": "/documents?type=11502-2",
        "documents, one of 2,000, opened": f"/documents/{house.pdf_id}",
        "care history": "/soins",
    }
    return [_request(house, name, below + path, house.holder_token, parts, rounds) for name, path in paths.items()]


def _seeing(house: BenchHouse, rounds: int) -> list[Figure]:
    """The pages of who sees what, and the pulses; each beside its own statements."""
    token, below = house.holder_token, f"/dossiers/{house.record_id}"
    visit = seeing.first_visit(_body(house, f"{below}/historique", token))
    found = [
        page_figure(house, name, path, token, rounds)
        for name, path in seeing.pages(house.record_id, house.pdf_id, visit).items()
    ]
    practice = f"/pro/patients/{house.record_id}"
    found.append(page_figure(house, "emergencies, before one", "/pro/urgence", house.professional_token, rounds))
    child = access.standing(house.holder.actor, house.child_id)
    if child is None:
        raise RuntimeError("the bench's own parent has no standing")
    return [
        *found,
        _pulse(house, "pulse of the holder", f"{below}/pouls", house.holder, token),
        _pulse(house, "pulse of a parent", f"/dossiers/{house.child_id}/pouls", child, house.second_token),
        _pulse(house, "pulse of a professional", f"{practice}/pouls", house.professional, house.professional_token),
    ]


def _body(house: BenchHouse, path: str, token: str) -> bytes:
    """A page as it is, not compressed."""
    browser = house.app.test_client()
    browser.set_cookie(cookie_name(house.app), token, domain="127.0.0.1")
    answer = browser.get(path, base_url=house.machines.settings.base_url)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return bytes(answer.get_data())


def page_figure(house: BenchHouse, name: str, path: str, token: str, rounds: int) -> Figure:
    """A page beside what its own statements cost alone."""
    page, call = _body(house, path, token), _caller(house, path, token)
    with counted(house.machines.database) as counts:
        call()
    shown = documents.latest(house.holder, documents.PAGE_SIZE)
    template = house.app.jinja_env.from_string(_ROW)
    render = {"render": timed(lambda: template.render(rows=shown, base="/dossiers"), rounds).cpu}
    cost = {**seeing.parts(token, counts.reads, page, rounds), **render}
    return _request(house, name, path, token, cost, rounds)


def _pulse(house: BenchHouse, name: str, path: str, standing: Standing, token: str) -> Figure:
    """What an open page asks now and then; one session may ask twenty times in ten seconds."""
    cost = {
        "session query": timed(lambda: accounts.identify(token), _FEW).cpu,
        "judging": timed(lambda: access.standing(standing.actor, standing.record_id), _FEW).cpu,
    }
    return _request(house, name, path, token, cost, _FEW, answer="204")


def _importing(house: BenchHouse, rounds: int) -> Figure:
    """One CDA of an import of many; 1,000 a minute leave each 60 ms."""
    cost = arriving.parts(house.holder, rounds)
    with counted(house.machines.database) as counts:
        timing = arriving.measured(house.holder)
    each = arriving.DOCUMENTS
    asked = (counts.statements // each, counts.commits // each, 0)
    return Figure(f"import of a CDA (goal: {arriving.GOAL:.0f} ms)", timing.cpu, timing.wall, cost, *asked)


def _searches(house: BenchHouse, rounds: int) -> list[Figure]:
    """Questions of the holder, and one of the professional's, with its row of the trail."""
    below = f"{house.record_id}/documents"
    found = []
    for name, words in search.questions().items():
        path = f"/dossiers/{below}/{search.address(house.holder, words)}"
        parts = search.parts(house.holder, house.holder_token, words, rounds)
        found.append(_request(house, f"search, {name}", path, house.holder_token, parts, rounds))
    path = f"/pro/patients/{below}/{search.address(house.professional, search.RARE)}"
    parts = search.parts(house.professional, house.professional_token, search.RARE, rounds)
    found.append(
        _request(house, "professional's search with its audit row", path, house.professional_token, parts, rounds)
    )
    return found


def _library(house: BenchHouse, rounds: int) -> list[Figure]:
    """The list of 10,000 documents, its filters and its end: the parts are those of the same list of 2,000."""
    parts = _list_parts(house, house.holder, house.holder_token, rounds)
    library.grow(house.holder, library.MANY)
    below = f"/dossiers/{house.record_id}/documents"
    found = [
        _request(house, f"documents, {name}", f"{below}{path}", house.holder_token, parts, rounds)
        for name, path in library.pages(house.holder).items()
    ]
    watched = parts | {"audit row": _audit(house, rounds)}
    path = f"/pro/patients/{house.record_id}/documents"
    name = "professional's list of 10,000, audit row"
    return [*found, _request(house, name, path, house.professional_token, watched, rounds)]


def _request(
    house: BenchHouse,
    name: str,
    path: str,
    token: str,
    parts: Mapping[str, float],
    rounds: int,
    *,
    answer: str = "200",
) -> Figure:
    call = _caller(house, path, token, answer)
    with counted(house.machines.database) as counts:
        size = call()
    timing = timed(call, rounds)
    return Figure(name, timing.cpu, timing.wall, parts, counts.statements, counts.commits, size)


def _sign_in(house: BenchHouse, rounds: int) -> list[Figure]:
    """A right password, from a browser of its own: what it costs beside its hash is to stay within 1.0 ms."""
    browser = house.app.test_client()
    page = browser.get("/connexion", base_url=house.machines.settings.base_url)
    token = re.search(rb'name="csrf_token" value="([^"]+)"', page.get_data())
    if token is None:
        raise RuntimeError("the sign-in page carries no token")
    form = browser.get_cookie(house.app.config["SESSION_COOKIE_NAME"], domain="127.0.0.1")
    asked = {"Sec-Fetch-Site": "same-origin", "Cookie": f"{form.key}={form.value}" if form else ""}
    typed = {"csrf_token": token[1].decode(), "email": house.email, "password": house.password}
    body = urlencode(typed).encode()
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _data: None

    builder = EnvironBuilder(
        path="/connexion",
        method="POST",
        base_url=house.machines.settings.base_url,
        headers=list(asked.items()),
        content_type="application/x-www-form-urlencoded",
    )
    prepared = builder.get_environ() | {"CONTENT_LENGTH": str(len(body))}

    def send() -> int:
        answer = house.app.wsgi_app({**prepared, "wsgi.input": BytesIO(body)}, start_response)
        size = sum(len(piece) for piece in answer)
        if not statuses[-1].startswith("303"):
            raise RuntimeError(f"/connexion answered {statuses[-1]}")
        return size

    with counted(house.machines.database) as counts:
        size = send()
    few = max(10, rounds // 10)  # a hash is slow on purpose
    whole, real = timed(send, few), _hash_cost(house, few)
    # What stands beside the hash drowns in it: measured with a light one, whose own cost is taken off. The first
    # sign-in makes the stored hash anew.
    object.__setattr__(house.machines, "hasher", crypto.Hasher(memory_kib=64, time_cost=1, lanes=1))
    send()
    beside, light = timed(send, rounds), _hash_cost(house, rounds)
    rest = beside.cpu - light
    told = (counts.statements, counts.commits, size)
    return [
        Figure("sign in", whole.cpu, whole.wall, {"password hash": real}, *told),
        Figure("sign in, beside its hash (goal: 1.0)", rest, beside.wall - light, {"goal": 1.0}, *told),
    ]


def _hash_cost(house: BenchHouse, rounds: int) -> float:
    house.machines.bind()
    stored = crypto.hasher().hash(house.password)
    return timed(lambda: crypto.hasher().verify(house.password, stored), rounds).cpu


def _caller(house: BenchHouse, path: str, token: str, wanted: str = "200") -> Callable[[], int]:
    """One GET through the whole application, as a browser that was here before sends it; gives the bytes sent."""
    cookies = [f"{cookie_name(house.app)}={token}"]
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        statuses.append(status)
        cookies.extend(value.partition(";")[0] for name, value in headers if name == "Set-Cookie")
        return lambda _data: None

    def environ() -> dict[str, Any]:
        asked = {"Accept-Encoding": "gzip, zstd", "Sec-Fetch-Site": "same-origin", "Cookie": "; ".join(cookies)}
        builder = EnvironBuilder(path=path, base_url=house.machines.settings.base_url, headers=list(asked.items()))
        return builder.get_environ()

    def send(prepared: dict[str, Any]) -> int:
        answer = house.app.wsgi_app({**prepared}, start_response)
        size = sum(len(piece) for piece in answer)
        if hasattr(answer, "close"):
            answer.close()
        if not statuses[-1].startswith(wanted):
            raise RuntimeError(f"{path} answered {statuses[-1]}")
        return size

    send(environ())  # the first visit brings the form's cookie home
    return partial(send, environ())


def _list_parts(house: BenchHouse, standing: Any, token: str, rounds: int) -> dict[str, float]:
    """Session query, page query, unsealing of the rows, one compiled-template render, compression; CPU ms each."""
    statement, values = library.asked(standing)

    def query() -> list[Any]:
        with db.read() as tx:
            return list(tx.execute(statement, values).all())

    rows = query()

    def unseal() -> None:
        with db.read() as tx:
            for row in rows:
                crypto.unseal(tx, house.record_id, "documents", row.id, row.payload)

    shown = documents.latest(house.holder, documents.PAGE_SIZE)
    template = house.app.jinja_env.from_string(_ROW)
    page = template.render(rows=shown, base="/dossiers").encode()
    compressor = zstandard.ZstdCompressor(level=3)
    acts: dict[str, Callable[[], Any]] = {
        "session query": lambda: accounts.identify(token),
        "page query": query,
        "unsealing": unseal,
        "render": lambda: template.render(rows=shown, base="/dossiers"),
        "compression": lambda: compressor.compress(page),
    }
    return {name: timed(act, rounds).cpu for name, act in acts.items()}


def _download_parts(house: BenchHouse, rounds: int) -> dict[str, float]:
    """Session query, look-up of the document, and opening its sealed chunks; CPU ms each."""
    facts = documents.document(house.holder, house.pdf_id)

    def chunks() -> None:
        with db.read() as tx:
            reader = storage.current().open(tx, house.record_id, facts.body_file_id)
        for _ in reader.read():
            pass

    acts: dict[str, Callable[[], Any]] = {
        "session query": lambda: accounts.identify(house.holder_token),
        "document query": lambda: documents.document(house.holder, house.pdf_id),
        "opening chunks": chunks,
    }
    return {name: timed(act, rounds).cpu for name, act in acts.items()}


def _audit(house: BenchHouse, rounds: int) -> float:
    """One row of the trail that lists a page of documents, committed for good; CPU ms."""
    objects = [{"id": str(row.id), "title": row.title} for row in documents.latest(house.holder, documents.PAGE_SIZE)]
    standing = house.professional

    def act() -> None:
        audit.record(
            standing.actor, standing.record_id, Action.DOCUMENTS_LISTED, relation=standing.relation, objects=objects
        )

    timing: Timing = timed(act, max(20, rounds // 4))
    return timing.cpu
