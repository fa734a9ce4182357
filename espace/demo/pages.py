"""From what a document says to its file: real PDF pages (tagged, PDF/UA), pictures of paper, plain text."""

from datetime import date
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from random import Random
from types import TracebackType
from typing import Self

from babel.dates import format_date
from PIL import Image

from espace.interop.typeset import pictures, typeset

from .cast import DIRECTORY, PEOPLE, Someone
from .lives import papers
from .papers import Form, Paper

_INK = {"": "#3d3a36", "gp": "#6b2f5b", "biologist": "#1d5a7a", "lab_anjou": "#2a6b4a", "lab_chu": "#8a3b2a"}
_OTHER_INK = "#34406b"
_TABLES = (("#efe9df", "#c9bda8"), ("#e6ebef", "#b4bfc9"), ("#f2ede6", "#d8c8b0"))


def file(paper: Paper, holder: Someone, today: date) -> bytes:
    """The file of a document about `holder`; none for a clinical document, which is its own."""
    if paper.form is Form.CDA:
        return b""
    if paper.form is Form.TEXT:
        return _plain(paper).encode()
    data = _page_data(paper, holder, today)
    if paper.form is Form.PDF:
        return typeset("demo/document", data)
    return _photograph(pictures("demo/document", data, ppi=80)[0], paper)


def _page_data(paper: Paper, holder: Someone, today: date) -> dict[str, object]:
    author = DIRECTORY.get(paper.author)
    birth = format_date(holder.born(today), "d MMMM y", locale="fr")
    born = "Né" if holder.sex == "M" else "Née"
    return {
        "title": paper.title,
        "author": author.name if author else holder.name,
        "role": author.role if author else "Document personnel",
        "place": author.place.letterhead if author else "",
        "city": author.place.city if author else "Saumur",
        "day": format_date(paper.day, "d MMMM y", locale="fr"),
        "patient": f"{holder.civility} {holder.name}".strip(),
        "identity": f"{born} le {birth}",
        "ink": _INK.get(paper.author, _OTHER_INK),
        "footer": "Personne inventée, document de démonstration",
        "signature": author.name if author else "",
        "blocks": paper.blocks,
    }


def _plain(paper: Paper) -> str:
    lines = [paper.title, ""]
    for block in paper.blocks:
        if "text" in block:
            lines.append(block["text"])
        elif "items" in block:
            lines += [f"- {item}" if isinstance(item, str) else f"- {item[0]} : {item[1]}" for item in block["items"]]
        else:
            lines += [" | ".join(row) for row in (block["head"], *block["rows"])]
    author = DIRECTORY[paper.author]
    return "\n".join([*lines, "", f"{author.name}, {author.role}", author.place.name, ""])


def _photograph(page: bytes, paper: Paper) -> bytes:
    """The page as a telephone sees it lying on a table: a little askew, with the table around it."""
    chance = Random(paper.title)
    wood, shade = chance.choice(_TABLES)
    with Image.open(BytesIO(page)) as opened:
        sheet = opened.convert("RGB").crop((0, 0, opened.width, opened.height * 5 // 9))
    picture = Image.new("RGB", (sheet.width + 120, sheet.height + 120), wood)
    for top in range(0, picture.height, 46):
        picture.paste(shade, (0, top, picture.width, top + 2))
    turned = sheet.convert("RGBA").rotate(chance.uniform(-2.5, 2.5), expand=True, resample=Image.Resampling.BICUBIC)
    picture.paste(turned, (60, 60), turned)
    out = BytesIO()
    if paper.form is Form.JPEG:
        picture.save(out, "JPEG", quality=82)
    else:
        picture.quantize(64).save(out, "PNG")
    return out.getvalue()


class Printer:
    """The press at work in a process of its own, a few pages ahead of who files them: two cores share the build.

    `order` names the documents wanted: key of the cast, place in their life.
    """

    def __init__(self, order: list[tuple[str, int]], today: date) -> None:
        context = get_context("spawn")
        self._pages, far_end = context.Pipe(duplex=False)
        self._process = context.Process(target=_print, args=(far_end, order, today), daemon=True)
        self._process.start()
        far_end.close()  # only the printer holds it now: its end, or ours, is felt on the other side

    def next(self) -> bytes:
        """The next file of the order.

        Raises:
            EOFError: when the printer stopped.
        """
        return self._pages.recv_bytes()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Stop the process, whether it is done or not."""
        self._pages.close()
        self._process.terminate()
        self._process.join()


def _print(pages: Connection, order: list[tuple[str, int]], today: date) -> None:
    people = {someone.key: someone for someone in PEOPLE}
    lives = {key: papers(key, today) for key in {key for key, _place in order}}
    for key, place in order:
        pages.send_bytes(file(lives[key][place], people[key], today))
