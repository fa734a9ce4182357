"""One way to answer with a page, whole or as the fragment htmx asks for (design 3.9)."""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import jinja2
from flask import Flask, Response, g, make_response, render_template, request
from jinja2.bccache import Bucket

from .mirror import inert
from .shell import PLAIN_ICON, favicon, initials, page_context
from .viewpoint import Viewpoint

VARY = "HX-Request, HX-Boosted, HX-Target, HX-History-Restore-Request"


def wants_fragment() -> bool:
    """Whether htmx asks for part of this page: not a boosted visit, not the history being restored."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render(page: str, *, fragments: Mapping[str, str] | None = None, status: int = 200, **data: Any) -> Response:
    """Answer with `page`, or with one of its declared fragments (`HX-Target` id -> template)."""
    template = page
    if fragments and wants_fragment():
        template = fragments.get(request.headers.get("HX-Target", ""), page)
    written = render_template(template, **data)
    here: Viewpoint | None = g.get("viewpoint")
    if here is not None and here.own is not None:
        written = inert(written, here)
    response = make_response(written, status)
    if fragments:
        response.headers["Vary"] = VARY
    return response


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Templates as they were compiled before, kept beside them as Python keeps its modules: a start costs 2 s less.

    Where that folder cannot be written, each process compiles them anew.
    """

    def __init__(self) -> None:
        folder = Path(__file__).resolve().parent.parent / "templates" / "__pycache__"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        super().__init__(str(folder))
        # What comes out depends on the engine and on the options set below, not on the template alone.
        self._made_by = sha256(Path(__file__).read_bytes() + jinja2.__version__.encode()).hexdigest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Under which name a compiled template is kept."""
        return super().get_cache_key(f"{self._made_by} {name}", filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled from the same text; what cannot be read, or was cut short, is compiled anew."""
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, TypeError, UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def configure(app: Flask) -> None:
    """Set the template engine up: strict, escaped, loaded once, and knowing what every page's frame needs."""
    app.context_processor(page_context)
    addresses = {rule.rule for rule in app.url_map.iter_rules()}
    app.jinja_env.globals.update(
        initials=initials, favicon=favicon(), plain_icon=PLAIN_ICON, has_page=addresses.__contains__
    )
    app.jinja_env.filters["capfirst"] = lambda words: words[:1].upper() + words[1:]
    # Somebody's own words inside a sentence of ours: their direction of writing ends where they end.
    app.jinja_env.filters["isolated"] = lambda words: f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}"
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.auto_reload = False
    app.jinja_env.bytecode_cache = _Compiled()
    # Jinja lays a chain of maps over its globals, which every `include` and `import` of a page copies and compares
    # slowly; no template here has globals of its own.
    app.jinja_env.make_globals = lambda d: d or app.jinja_env.globals  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
