"""A browser without a screen: follows links and redirects, fills forms by their names, checks every page it gets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any

from flask import Flask
from lxml import html
from werkzeug.test import TestResponse

_MAX_REDIRECTS = 8


@dataclass(frozen=True)
class Upload:
    """A file chosen in a form."""

    name: str
    content: bytes
    media: str = "application/octet-stream"


@dataclass
class Form:
    """One form of a page, with the values it would send as it stands."""

    page: "Page"
    element: html.HtmlElement

    @property
    def action(self) -> str:
        """Where it is sent."""
        return self.element.get("action") or self.page.path

    @property
    def method(self) -> str:
        """How it is sent."""
        return (self.element.get("method") or "get").upper()

    @cached_property
    def names(self) -> set[str]:
        """The names of its fields and buttons."""
        return {found for control in self._controls() if (found := control.get("name"))}

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """What it would send now, buttons and files left out."""
        sent: dict[str, list[str]] = {}
        for control in self._controls():
            name = control.get("name")
            if name and control.get("disabled") is None:
                sent.setdefault(name, []).extend(_values(control))
        return {name: values for name, values in sent.items() if values}

    def _controls(self) -> list[html.HtmlElement]:
        found = self.element.xpath(".//input | .//select | .//textarea | .//button")
        if identifier := self.element.get("id"):
            found += self.page.tree.xpath("//*[@form=$id]", id=identifier)
        return list(found)


def _values(control: html.HtmlElement) -> list[str]:
    kind = (control.get("type") or "").lower()
    if control.tag == "select":
        options = control.xpath(".//option")
        chosen = [o for o in options if o.get("selected") is not None]
        if not chosen and options and control.get("multiple") is None:
            chosen = options[:1]
        return [o.get("value", o.text_content().strip()) for o in chosen]
    if control.tag == "textarea":
        return [control.text or ""]
    if control.tag == "button" or kind in ("submit", "button", "file", "image", "reset"):
        return []
    if kind in ("checkbox", "radio"):
        return [control.get("value", "on")] if control.get("checked") is not None else []
    return [control.get("value", "")]


@dataclass
class Page:
    """One answer of the application."""

    response: TestResponse
    path: str
    whole: bool = True
    _forms: list[Form] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Any:
        """The HTTP headers."""
        return self.response.headers

    @property
    def body(self) -> bytes:
        """The bytes of the answer."""
        return self.response.get_data()

    @property
    def is_html(self) -> bool:
        """Whether the answer is a page to look at."""
        return self.response.mimetype == "text/html"

    @cached_property
    def tree(self) -> html.HtmlElement:
        """The parsed page."""
        return html.document_fromstring(self.response.get_data(as_text=True) or "<html></html>")

    @cached_property
    def text(self) -> str:
        """The words of the page, white space (non-breaking too) reduced to single spaces."""
        words = self.tree.xpath("//body//text()[not(ancestor::script)]")
        return " ".join(" ".join(words).split())

    @property
    def title(self) -> str:
        """The page's title."""
        return " ".join(str(self.tree.findtext(".//title") or "").split())

    @property
    def h1(self) -> str:
        """The page's heading."""
        return " ".join(" ".join(self.tree.xpath("//h1//text()")).split())

    @property
    def forms(self) -> list[Form]:
        """The forms of the page, in page order."""
        return [Form(self, element) for element in self.tree.xpath("//form")]

    def form(self, *names: str) -> Form:
        """The first form that has fields or buttons of all these names."""
        for form in self.forms:
            if form.names.issuperset(names):
                return form
        raise AssertionError(f"no form with {names} on {self.path}: {[sorted(f.names) for f in self.forms]}")

    @property
    def csrf_token(self) -> str:
        """The token the page's forms carry."""
        return str(self.form("csrf_token").values["csrf_token"][0])

    @property
    def links(self) -> dict[str, str]:
        """Words of each link -> where it leads."""
        return {" ".join(a.text_content().split()): a.get("href") for a in self.tree.xpath("//a[@href]")}

    def link(self, words: str) -> str:
        """Where the first link leads whose words contain `words`."""
        for found, target in self.links.items():
            if words in found:
                return target
        raise AssertionError(f"no link {words!r} on {self.path}: {sorted(self.links)}")


class Browser:
    """One browser, with its cookies."""

    def __init__(self, app: Flask, *, ip: str = "127.0.0.1") -> None:
        self.app = app
        self._client = app.test_client()
        self._ip = ip

    def set_cookie(self, name: str, value: str) -> None:
        """Hold a cookie as if the application had given it."""
        self._client.set_cookie(name, value, domain=self._host)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie held."""
        found = self._client.get_cookie(name, domain=self._host)
        return found.value if found else None

    def get(self, path: str, *, expect: int | None = 200, follow: bool = True, **extra: Any) -> Page:
        """Open an address; redirects are followed unless told otherwise."""
        return self.send("GET", path, expect=expect, follow=follow, **extra)

    def fragment(self, path: str, target: str, *, expect: int | None = 200, **extra: Any) -> Page:
        """Ask for a part of a page, as htmx does."""
        headers = {"HX-Request": "true", "HX-Target": target}
        return self.send("GET", path, expect=expect, headers=headers, whole=False, **extra)

    def submit(
        self,
        form: Form,
        values: Mapping[str, str | list[str] | Upload | None] | None = None,
        *,
        button: str | None = None,
        expect: int | None = None,
        follow: bool = True,
    ) -> Page:
        """Send a form with `values` typed over what it holds (None: left out); `button` names the one pressed.

        Typing into a field that is not there is a failure, so a renamed field is noticed.
        """
        data: dict[str, Any] = {name: list(held) for name, held in form.values.items()}
        if button is not None:
            pressed, _, word = button.partition("=")
            assert pressed in form.names, f"no button {pressed!r} among {sorted(form.names)}"
            data[pressed] = [word]
        for name, value in (values or {}).items():
            assert name in form.names, f"no field {name!r} among {sorted(form.names)}"
            if value is None:
                data.pop(name, None)
            elif isinstance(value, Upload):
                data[name] = (BytesIO(value.content), value.name, value.media)
            else:
                data[name] = value
        if form.method == "GET":
            return self.send("GET", form.action, query_string=data, expect=expect, follow=follow)
        return self.send("POST", form.action, data=data, expect=expect, follow=follow)

    def post(self, path: str, data: Mapping[str, Any], *, expect: int | None = None, **extra: Any) -> Page:
        """Send data that no form of a page would, as an attacker does."""
        return self.send("POST", path, data=data, expect=expect, **extra)

    def send(
        self,
        method: str,
        path: str,
        *,
        expect: int | None = None,
        follow: bool = True,
        whole: bool = True,
        **extra: Any,
    ) -> Page:
        """Send any request; checks the page that comes back."""
        extra.setdefault("environ_overrides", {"REMOTE_ADDR": self._ip})
        answer = self._client.open(path, method=method, base_url=self._base, **extra)
        hops = 0
        while follow and answer.status_code in (301, 302, 303, 307, 308):
            hops += 1
            assert hops <= _MAX_REDIRECTS, f"redirects without end at {answer.location}"
            target = answer.location
            assert target.startswith(("/", self._base)), f"leads elsewhere: {target}"
            path = target.removeprefix(self._base)
            again = extra if answer.status_code in (307, 308) else {"environ_overrides": extra["environ_overrides"]}
            kept = method if answer.status_code in (307, 308) else "GET"
            answer = self._client.open(path, method=kept, base_url=self._base, **again)
        page = Page(answer, path.partition("?")[0], whole=whole)
        if expect is not None:
            assert page.status == expect, f"{method} {path}: {page.status}, not {expect}: {page.text[:600]}"
        if page.is_html:
            check_page(page)
        return page

    @property
    def _base(self) -> str:
        return str(self.app.config["ORIGIN"])

    @property
    def _host(self) -> str:
        return re.sub(r"^https?://|:\d+$", "", self._base)


def check_page(page: Page) -> None:
    """Check what every HTML answer owes its readers and its safety."""
    faults = list(faults_of(page))
    assert not faults, f"{page.path} ({page.status}): {'; '.join(faults)}"


def faults_of(page: Page) -> list[str]:
    """What is wrong with a page, in words."""
    tree = page.tree
    found = []
    if page.whole:
        found += _head_faults(page)
    ids = tree.xpath("//@id")
    found += [f"the id {i!r} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if tree.xpath("//script[not(@nonce)]"):
        found.append("a script without nonce")
    if tree.xpath("//script[not(@src)][not(@type)][normalize-space()]"):
        found.append("an inline script")
    if tree.xpath("//style | //*[@style]"):
        found.append("an inline style")
    handlers = tree.xpath("//@*[starts-with(name(), 'on') or starts-with(name(), 'hx-on')]")
    found += [f"an inline handler {a.attrname}" for a in handlers]
    found += [f"a javascript address {a}" for a in tree.xpath("//@href | //@action") if a.startswith("javascript:")]
    for form in page.forms:
        found += _form_faults(form)
    return found


def _head_faults(page: Page) -> list[str]:
    found = []
    if not page.tree.get("lang"):
        found.append("no language")
    if len(page.tree.xpath("//h1")) != 1:
        found.append(f"{len(page.tree.xpath('//h1'))} h1")
    # Stems: « Dossiers » names « Quel dossier ouvrir ? ».
    title, heading = ({w[:5] for w in re.findall(r"\w{3,}", words.lower())} for words in (page.title, page.h1))
    is_private = page.title in ("Mes pages", "My pages")  # private mode names no page (security.md R53)
    if not title or not (title & heading or is_private or page.title.startswith(("Erreur", "Error"))):
        found.append(f"the title {page.title!r} does not name the page {page.h1!r}")
    if page.status == 422 and not page.title.startswith(("Erreur", "Error")):
        found.append(f"the title {page.title!r} of a page to correct does not start with Erreur")
    return found


def _form_faults(form: Form) -> list[str]:
    found = []
    if not form.element.get("action"):
        found.append("a form without action")
    if form.method == "POST" and "csrf_token" not in form.names:
        found.append(f"the form to {form.action} carries no csrf_token")
    if form.element.xpath(".//input[@type='file']") and form.element.get("enctype") != "multipart/form-data":
        found.append("a form with a file is not multipart")
    labelled = set(form.page.tree.xpath("//label/@for"))
    for control in form.element.xpath(".//input | .//select | .//textarea"):
        if control.get("type") in ("hidden", "submit"):
            continue
        named = control.get("id") in labelled or control.get("aria-label") or control.get("aria-labelledby")
        if not named and not control.xpath("ancestor::label"):
            found.append(f"the field {control.get('name')!r} has no label")
    return found
