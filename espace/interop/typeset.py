"""Papers: a Typst template of the house and plain data become a tagged PDF (PDF/UA-1) or pictures.

What comes from people is data (JSON given beside the source), never source: whatever stands in a name is printed as
it is written, as far as the fonts that come along show it. A template sees the folder of templates and nothing else of
the machine; no network, no system font.
"""

import json
import re
import threading
import unicodedata
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
_LONG = 8192
"""Characters of data: of such papers ten would be kept in memory, some 70 MiB for each 1,000 lines of a table."""
_KEPT = 10
_UNSHOWN = re.compile(
    "[^\n\t -~\u00a0-\u00ac\u00ae-\u02af\u0386-\u04ff\u1e00-\u1eff"
    "\u2010-\u2027\u202f-\u2040\u2044\u2070-\u2071\u2074-\u208e\u20a0-\u20c0"
    "\u2116\u2122\u2126\u2190-\u22ff\u25a0-\u25ff]+"
)
"""What no font of ours shows for sure: a picture sign, a script of another continent. One sign stands for a run of it.

The machine refuses a whole paper for one such sign, and breaks down on some: nobody's words may keep others from it.
"""
_STANDS_FOR_IT = "\ufffd"


class BrokenMachineError(Exception):
    """The machine broke down on a paper: a fault of its own, nothing was made."""


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of `espace/templates/<template>.typ` with `data` (plain JSON values), checked to be PDF/UA-1.

    The template reads its data with `json(bytes(sys.inputs.data))`; it must set the document's title and the text's
    language, and give every picture a description.

    Raises:
        typst.TypstError: when the template is wrong, or would not make an accessible document.
        BrokenMachineError: when the machine broke down.
    """
    return _compiled(template, data, "pdf")[0]


def pictures(template: str, data: Mapping[str, Any], *, ppi: int) -> list[bytes]:
    """The same pages as PNG pictures, `ppi` points to the inch."""
    return _compiled(template, data, "png", ppi=ppi)


def _compiled(
    template: str, data: Mapping[str, Any], form: Literal["pdf", "png"], *, ppi: float | None = None
) -> list[bytes]:
    written = json.dumps(_showable(data))
    with _one_at_a_time:  # the machine keeps what it read from one page to the next
        try:
            made = _machine().compile(
                _folder() / f"{template}.typ",
                format=form,
                ppi=ppi,
                sys_inputs={"data": written},
                pdf_standards=["ua-1"] if form == "pdf" else [],
                timestamp=int(clock.now().timestamp()),
            )
        except Exception:
            raise
        except BaseException as error:  # a fault inside the machine comes as what only an end of the program may be
            if type(error).__name__ != "PanicException":
                raise
            raise BrokenMachineError from None
        if len(written) > _LONG:
            _forget()
    if made is None:
        raise ValueError("nothing was typeset")
    return made if isinstance(made, list) else [made]


def showable(text: str) -> str:
    """A text as papers show it: composed, one sign in the place of what has no form here.

    What only steers is left out, and marks that no letter took in when it was composed.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = "".join(_plain(sign) for sign in composed)
    return _UNSHOWN.sub(_STANDS_FOR_IT, plain)


def _plain(sign: str) -> str:
    kind = unicodedata.category(sign)
    if sign in "\n\t" or kind[0] not in "CM":
        return sign
    return _STANDS_FOR_IT if kind in ("Cn", "Co", "Cs") else ""


def _showable(value: Any) -> Any:
    match value:
        case str():
            return showable(value)
        case Mapping():
            return {name: _showable(each) for name, each in value.items()}
        case list() | tuple():
            return [_showable(each) for each in value]
        case _:
            return value


def _forget() -> None:
    """Have the machine drop what it kept of a long paper: it keeps what its last ten papers were made of."""
    for _ in range(_KEPT + 1):
        _machine().compile(b"\n", format="pdf")


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
