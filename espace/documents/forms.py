"""What a person says of the document they add."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired

from espace.documents.services import PATIENT_TYPES, AddDocument
from espace.documents.services.checks import MAX_UPLOAD
from espace.web.forms import Form, translated
from espace.words import N_


class AddForm(Form):
    """A file, its title, the date that stands on it, and what it is."""

    file = FileField(_l("The file"))
    title = StringField(_l("Title"), validators=[InputRequired(_l("Write a title, for example “Blood test”."))])
    date = DateField(
        _l("Date on the document"), validators=[InputRequired(_l("Write the date that stands on the document."))]
    )
    type_code = SelectField(_l("What is it?"), validators=[InputRequired(_l("Choose what it is."))])

    def __init__(self) -> None:
        super().__init__()
        offered = [(code, translated(words)) for code, words in PATIENT_TYPES.items()]
        self.type_code.choices = [("", translated(N_("Choose"))), *offered]

    def validate_file(self, field: FileField) -> None:
        """A file forgotten is said at once, beside what else is missing."""
        if not field.data:
            field.errors = [translated(N_("Choose a file first: a PDF, or a picture of the document."))]

    def validate_date(self, field: DateField) -> None:
        """A date that cannot be read gets one sentence in words, in the place of the library's."""
        if field.errors:
            field.errors = [translated(N_("Write the date that stands on the document."))]

    def command(self) -> AddDocument:
        """The document, as it was sent; a file larger than allowed is read only so far as to know it."""
        chosen = self.file.data
        day = self.date.data
        return AddDocument(
            title=self.title.data or "",
            date=day if isinstance(day, date) else date.min,
            type_code=self.type_code.data or "",
            content=chosen.stream.read(MAX_UPLOAD + 1) if chosen else b"",
        )
