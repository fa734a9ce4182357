"""Papers: a Typst template of the house and plain data become a tagged PDF (PDF/UA-1) or pictures.

What comes from people is data (JSON given beside the source), never source: whatever stands in a name is printed as
it is written. A template sees the folder of templates and nothing else of the machine; no network, no system font.
"""

import json
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from espace import clock

if TYPE_CHECKING:
    import typst

_TEMPLATES = files("espace") / "templates"
_one_at_a_time = threading.Lock()


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of `espace/templates/<template>.typ` with `data` (plain JSON values), checked to be PDF/UA-1.

    The template reads its data with `json(bytes(sys.inputs.data))`; it must set the document's title and the text's
    language, and give every picture a description.

    Raises:
        typst.TypstError: when the template is wrong, or would not make an accessible document.
    """
    return _compiled(template, data, "pdf")[0]


def pictures(template: str, data: Mapping[str, Any], *, ppi: int) -> list[bytes]:
    """The same pages as PNG pictures, `ppi` points to the inch."""
    return _compiled(template, data, "png", ppi=ppi)


def _compiled(
    template: str, data: Mapping[str, Any], form: Literal["pdf", "png"], *, ppi: float | None = None
) -> list[bytes]:
    with _one_at_a_time:  # the machine keeps what it read from one page to the next
        made = _machine().compile(
            _folder() / f"{template}.typ",
            format=form,
            ppi=ppi,
            sys_inputs={"data": json.dumps(data)},
            pdf_standards=["ua-1"] if form == "pdf" else [],
            timestamp=int(clock.now().timestamp()),
        )
    if made is None:
        raise ValueError("nothing was typeset")
    return made if isinstance(made, list) else [made]


@cache
def _machine() -> "typst.Compiler":
    """One machine for the process, with the fonts it carries: pages look the same anywhere. It is heavy: made late."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(root=_folder(), font_paths=fonts, ignore_system_fonts=True)


@cache
def _folder() -> Path:
    with as_file(_TEMPLATES) as folder:
        return folder
