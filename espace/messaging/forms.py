"""What people type of a message, and whom they choose to write to."""

import re
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import request
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from espace.documents.services import PATIENT_TYPES
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Refused, Upload
from espace.documents.services.entries import checks
from espace.documents.services.entries.checks import MAX_UPLOAD
from espace.identifiers import new_id
from espace.messaging.services.boxes import Box
from espace.messaging.services.writing.drafts import DraftFacts, Typed
from espace.messaging.services.writing.recipients import ref
from espace.web.forms import Form, translated
from espace.words import N_

ACCEPT = (
    "image/jpeg,image/png,image/heic,image/heif,image/tiff,application/pdf,text/plain,application/rtf,"
    ".heic,.heif,.rtf,.txt,.tif,.tiff"
)
"""What the file chooser offers a person; what a file really is, the server finds out (security.md R34)."""
ACCEPT_MORE = f"{ACCEPT},text/xml,application/zip,.xml,.zip"
"""What it offers professionals besides: clinical documents and archives."""
_SEPARATORS = re.compile(r"[,;\s]+")


class WriteForm(Form):
    """One message being written. `draft` is the id under which it is kept, and by which it is sent once."""

    draft = HiddenField()
    to = SelectMultipleField(_l("To whom do you write?"), validate_choice=False)
    other = StringField(_l("Addresses of the secure mail"))
    subject = StringField(_l("Subject"))
    text = TextAreaField(_l("Your message"))
    file = MultipleFileField(_l("Choose files"))
    documents = SelectMultipleField(_l("Documents of the record"), validate_choice=False)
    secret = BooleanField(_l("Keep this message from my parents"))
    files = HiddenField(_l("Attachments"))

    @classmethod
    def opened(cls, box: Box, found: DraftFacts | None = None) -> "WriteForm":
        """A form that was not sent: empty, or with what a draft holds."""
        form = cls(formdata=None)
        form.draft.data = str(found.id if found else new_id())
        if found is not None:
            said = found.typed
            form.to.data = [ref(box, one) for one in said.to]
            form.other.data = "" if box.is_person else ", ".join(said.to)
            form.subject.data, form.text.data = said.subject, said.text
            form.documents.data, form.secret.data = [str(one) for one in said.documents], said.secret
        return form

    @property
    def draft_id(self) -> UUID:
        """Under which id this message is kept; a new one for something our page does not send."""
        try:
            return UUID(self.draft.data or "")
        except ValueError:
            made = new_id()
            self.draft.data = str(made)
            return made

    def typed(self, offered: Mapping[str, str]) -> Typed:
        """What stands in the fields; `offered` says which address stands behind each name of the page."""
        written = [one for one in _SEPARATORS.split(self.other.data or "") if one]
        chosen = [offered[one] for one in self.to.data or [] if one in offered]
        return Typed(
            to=tuple(dict.fromkeys((*chosen, *written))),
            subject=self.subject.data or "",
            text=self.text.data or "",
            documents=tuple(dict.fromkeys(_ids(self.documents.data or []))),
            secret=bool(self.secret.data),
        )

    def uploads(self) -> list[Upload]:
        """The files that were sent with it, in their order."""
        return [_upload(one) for one in request.files.getlist("file") if one.filename]

    def refuse_files(self, refused: list[Refused]) -> None:
        """Say beside the files why each cannot go with the message."""
        why: dict[str, list[str]] = {}
        for one in refused:
            why.setdefault(translated(one.why), []).append(one.name)
        # A field shows one sentence: each reason once, with the files it is about.
        said = [f"{_some(names)}{translated(N_(': '))}{sentence}" for sentence, names in why.items()]
        if said:
            self.file.errors = [*self.file.errors, " ".join(said)]


class SearchForm(Form):
    """Words to look for in the messages."""

    q = StringField(_l("Words to find"))


_NAMED = 3


def _some(names: list[str]) -> str:
    """The names of some files, the first ones of many."""
    first, more = ", ".join(names[:_NAMED]), len(names) - _NAMED
    if more <= 0:
        return first
    return str(ngettext("%(names)s and %(num)d more", "%(names)s and %(num)d more", more, names=first))


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _upload(one: FileStorage) -> Upload:
    """One file; larger than allowed, it is read only so far as to know it."""
    return Upload(one.filename or "", one.stream.read(MAX_UPLOAD + 1))


class ShelveForm(Form):
    """What is said of an attachment that goes into the record."""

    title = StringField(_l("Title"))
    type_code = SelectField(_l("What is it?"), validate_choice=False)
    date = DateField(_l("Date on the document"))
    secret = BooleanField(_l("Keep it from my parents"))
    file = HiddenField(_l("File"))

    def __init__(self, proposed: Described | None = None) -> None:
        super().__init__(**({"formdata": None} if proposed else {}))
        offered = [(code, translated(words)) for code, words in PATIENT_TYPES.items()]
        self.type_code.choices = [("", translated(N_("Choose"))), *offered]
        if proposed:
            self.title.data, self.type_code.data, self.date.data = proposed.title, proposed.type_code, proposed.date
            self.secret.data = proposed.secret

    def described(self) -> Described | None:
        """What is said, when its day can be read; else everything that is at fault is said at once."""
        day = self.date.data
        if not isinstance(day, date):
            self.date.errors = [translated(N_("Write the date that stands on the document."))]
            if fault := checks.check_title(checks.clean_title(self.title.data or "")):
                self.title.errors = [translated(fault)]
            if self.type_code.data not in PATIENT_TYPES:
                self.type_code.errors = [translated(N_("Choose what it is."))]
            return None
        return Described(
            title=self.title.data or "",
            date=day,
            type_code=self.type_code.data or "",
            secret=bool(self.secret.data),
        )


class PickForm(Form):
    """Which documents of the record go with a message, and what is sought among them."""

    documents = SelectMultipleField(_l("Documents"), validate_choice=False)
    q = StringField(_l("Search among the documents"))
    shown = IntegerField(widget=HiddenInput(), validators=[Optional()])

    @property
    def ids(self) -> list[UUID]:
        """Those that are ticked."""
        return _ids(self.documents.data or [])
