"""The history to take away: a table or a PDF with its signature, in one archive that is made as it leaves."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Response, stream_with_context
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace import clock
from espace.audit.services import Entry, exports
from espace.home import services
from espace.home.forms import ExportForm
from espace.home.services.exporting import Export, Paper
from espace.identifiers import new_id
from espace.interop.pipe import Pipe
from espace.interop.typeset import typeset
from espace.people import services as people
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day, language, local, moment

from . import sentences, visit_words
from .history import day_start
from .records import record_pages

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@record_pages.get("/historique/exporter")
@requires(Permission.HISTORY_READ)
def choose_export() -> Response:
    """The period and the form. The proof is asked for here, so that nobody chooses for nothing."""
    demand_fresh_proof(viewpoint().actor)
    return page("home/history_export.html", ExportForm(formdata=None))


@record_pages.post("/historique/exporter")
@requires(Permission.HISTORY_READ)
def export_history() -> Response:
    """The archive: the file, its signature, and how to check it."""
    here, form = viewpoint(), ExportForm()
    if form.validate():
        with attempt(form):
            since, until = day_start(form.since.data or ""), day_start(form.until.data or "")
            until = until + timedelta(days=1) if until else None
            made = services.begin_export(here.standing, since, until, form.form.data)
            return _archive(made, form.form.data)
    return page("home/history_export.html", form)


def _archive(made: Export, form: str) -> Response:
    name = f"historique-{clock.today().isoformat()}"
    files = _papers(name, made) if form == "pdf" else iter([File(f"{name}.csv", _table(made))])
    body = stream_with_context(_zipped(files, made))
    headers = Headers({"Content-Disposition": f'attachment; filename="{name}.zip"'})
    return Response(body, mimetype="application/zip", headers=headers)


@dataclass(frozen=True, slots=True)
class File:
    """One file of the archive, made as it is read; `about` is signed with it."""

    name: str
    pieces: Iterator[bytes]
    about: Mapping[str, str] = field(default_factory=dict)


def _zipped(files: Iterator[File], made: Export) -> Iterator[bytes]:
    """The archive, piece by piece: no more of it is held than what is on its way."""
    pipe, names = Pipe(), list[str]()
    # Whose history it is, and which files go together: a table alone names nobody, and parts could be exchanged.
    what = {"record": str(made.standing.record_id), "export": str(new_id())}
    what |= {"since": _word(made.since), "until": _word(made.until)}
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for one in files:
            names.append(one.name)
            signing = exports.Signing()
            entry = ZipInfo(one.name, local(clock.now()).timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in one.pieces:
                    signing.update(piece)
                    file.write(piece)
                    yield pipe.taken()
            archive.writestr(one.name + exports.SUFFIX, signing.finish(one.name, {**what, **one.about}))
        archive.writestr("LISEZMOI.txt", _how_to_check(names))
    yield pipe.taken()


def _how_to_check(names: Sequence[str]) -> str:
    several = [
        gettext(
            "The history is long: it is in %(number)d files. The first one holds the latest acts.", number=len(names)
        ),
        gettext("Each one has its own signature and its number. The last one is signed as the last."),
    ]
    lines = [
        gettext("This history was exported from espace, and signed."),
        *(several if len(names) > 1 else ()),
        gettext("The signature is in the file %(name)s.", name=names[0] + exports.SUFFIX),
        gettext("Whoever runs espace checks that nothing was changed with this command:"),
        *(f"espace audit report --verify {name}" for name in names),
        "",
    ]
    return "\r\n".join(lines)


def _word(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def columns() -> list[str]:
    """The first line of the table."""
    return [
        gettext("Day"),
        gettext("Time"),
        gettext("Who"),
        gettext("Profession"),
        gettext("Place"),
        gettext("Why"),
        gettext("What"),
        gettext("On what"),
        gettext("With the help of"),
    ]


def cells(act: Entry) -> list[str]:
    """One act as a line of the table."""
    mine = act.actor_id == viewpoint().actor.id
    profession = people.plain_label(act.actor_profession, act.actor_name) if act.actor_profession else ""
    why = visit_words.why_of(act.way, act.way_since, act.relation, own=not viewpoint().standing.acts_for_other)
    reason = act.detail.get("reason") or act.way_words
    return [
        local(act.at).date().isoformat(),
        f"{local(act.at):%H:%M:%S}",
        act.actor_name if act.actor_kind != "system" else gettext("The house"),
        profession,
        act.actor_structure,
        f"{why} ({reason})" if why and reason else why or reason,
        sentences.sentence(act, mine=mine).striptags(),
        " | ".join(name for thing in act.objects if (name := sentences.named(thing))),
        act.actor_helper,
    ]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, however it begins."""
    begins = cell.startswith(_STARTS_A_FORMULA) or cell.lstrip().startswith(_STARTS_A_FORMULA)
    return f"'{cell}" if begins else cell


def _table(made: Export) -> Iterator[bytes]:
    """CSV as French spreadsheets open it: UTF-8 with its mark, semicolons."""
    yield b"\xef\xbb\xbf" + _csv([columns()])
    lines: list[list[str]] = []
    for act in made.acts():
        lines.append([harmless(cell) for cell in cells(act)])
        if len(lines) == 200:
            yield _csv(lines)
            lines = []
    yield _csv(lines)


def _csv(lines: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(lines)
    return written.getvalue().encode()


def _papers(name: str, made: Export) -> Iterator[File]:
    """A long history is in several PDFs: each is made when the one before has left."""
    for paper in made.papers():
        if paper.is_whole:
            yield File(f"{name}.pdf", _paper(made, paper))
        else:
            about = {"part": str(paper.number), "last": "yes" if paper.is_last else "no"}
            yield File(f"{name}-{paper.number:02}.pdf", _paper(made, paper), about)


def _paper(made: Export, paper: Paper) -> Iterator[bytes]:
    here = viewpoint()
    acts = [cells(act) for act in paper.acts]
    part = "" if paper.is_whole else gettext("Part %(number)d. The latest acts are in part 1.", number=paper.number)
    first, last = _said(made.since, first=True), _said(made.until)
    period = gettext("First day: %(first)s. Last day: %(last)s.", first=first, last=last)
    yield typeset(
        "home/history",
        {
            "title": gettext("History of the record of %(name)s", name=here.standing.holder_name),
            "period": f"{period} {part}".rstrip(),
            "made": gettext(
                "Exported on %(day)s at %(time)s by %(name)s.",
                day=full_day(clock.now()),
                time=moment(clock.now()),
                name=here.actor.name,
            ),
            "columns": [gettext("When"), gettext("Who"), gettext("Why"), gettext("What")],
            "lines": [
                [f"{_numeric(day)} {at[:5]}", ", ".join(filter(None, (who, what_they_are, place))), why, what, things]
                for day, at, who, what_they_are, place, why, what, things, _ in acts
            ],
            "none": gettext("No act in this period."),
            "foot": gettext("The signature is in the file beside this one."),
            "lang": language(),
        },
    )


def _said(at: datetime | None, *, first: bool = False) -> str:
    if at is None:
        return str(gettext("the beginning") if first else gettext("today"))
    return full_day(at if first else at - timedelta(days=1))


def _numeric(day: str) -> str:
    return "/".join(reversed(day.split("-")))
