"""What a person says of the document they add."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.validators import Optional

from espace.documents.services import PATIENT_TYPES
from espace.documents.services.adding.adding_drafts import Typed
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Refused, Upload
from espace.documents.services.entries.checks import MAX_UPLOAD, check_day
from espace.documents.services.types import PATIENT_TITLES
from espace.web.forms import Form, translated
from espace.words import N_

ACCEPT = (
    "image/jpeg,image/png,image/heic,image/heif,image/tiff,application/pdf,text/plain,application/rtf,"
    ".heic,.heif,.rtf,.txt,.tif,.tiff"
)
"""What the file chooser offers; what a file really is, the server finds out (security.md R34)."""
RETAKEN = "reprise-"


class FilesForm(Form):
    """Photos from the camera, or files chosen."""

    camera = FileField(_l("Photograph the paper"))
    file = MultipleFileField(_l("Choose one or several files"))

    def uploads(self) -> list[Upload]:
        """What was sent, in its order."""
        return [_upload(one) for name in ("camera", "file") for one in request.files.getlist(name) if one.filename]

    def refuse_files(self, refused: list[Refused]) -> None:
        """Say beside the files why each could not be kept; by its name where several were sent."""
        several = len(refused) > 1 or len(self.uploads_sent()) > 1
        words = [
            f"{one.name}{translated(N_(': '))}{translated(one.why)}" if several else translated(one.why)
            for one in refused
        ]
        self.file.errors = [*self.file.errors, *words]

    def uploads_sent(self) -> list[str]:
        """The names of all files of this request."""
        return [one.filename for _, one in request.files.items(multi=True) if one.filename]


class DescribeForm(FilesForm):
    """A draft's words: what it is, the date that stands on it, a title; and further files."""

    type_code = SelectField(_l("What is it?"), validate_choice=False)
    date = DateField(_l("Date on the document"))
    title = StringField(_l("Title"), validators=[Optional()])
    secret = BooleanField(_l("Keep it from my parents"))

    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__(**({"formdata": None} if typed else {}))
        offered = [(code, translated(words)) for code, words in PATIENT_TYPES.items()]
        self.type_code.choices = [("", translated(N_("Choose"))), *offered]
        if typed:
            self.title.data, self.type_code.data, self.secret.data = typed.title, typed.type_code, typed.secret
            self.date.raw_data = [typed.date] if typed.date else None

    def typed(self) -> Typed:
        """What stands in the fields, as it was typed."""
        raw = self.date.raw_data or [""]
        return Typed(self.title.data or "", str(raw[0]), self.type_code.data or "", bool(self.secret.data))

    def retaken(self) -> Mapping[UUID, Upload]:
        """The photos taken anew: of which file -> the new one. A name that is none of ours is left aside."""
        found = {}
        for name, one in request.files.items():
            if name.startswith(RETAKEN) and one.filename:
                try:
                    found[UUID(name.removeprefix(RETAKEN))] = _upload(one)
                except ValueError:
                    continue
        return found

    def described(self) -> Described | None:
        """What is said of the document, when every field can be read; a title left empty is what the document is."""
        day = self.date.data
        if self.date.errors or not isinstance(day, date):
            self.date.errors = [translated(N_("Write the date that stands on the document."))]
            day = None
        elif wrong := check_day(day, ""):  # said together with what else is wrong
            self.date.errors = [translated(wrong)]
        named = PATIENT_TITLES.get(self.type_code.data or "")
        title = self.title.data or (translated(named) if named else "")
        if not self.type_code.data:
            self.type_code.errors = [translated(N_("Choose what it is."))]
        elif not title:
            self.title.errors = [translated(N_("Write a title, for example “Blood test”."))]
        if self.date.errors or day is None or self.type_code.errors or self.title.errors:
            return None
        return Described(title=title, date=day, type_code=self.type_code.data, secret=bool(self.secret.data))


def _upload(one: FileStorage) -> Upload:
    """One file; larger than allowed, it is read only so far as to know it."""
    return Upload(one.filename or "", one.stream.read(MAX_UPLOAD + 1))
