"""What people send to give a code or a link away, and what guests send by one."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from espace import crypto
from espace.access.services import Window
from espace.access.services.passing.codes import MINUTES
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.entries.checks import MAX_UPLOAD
from espace.documents.services.passing import choosing, guests
from espace.documents.services.passing.guests import Deposit
from espace.documents.services.passing.sharing import LIVES, OPENINGS, NewShare
from espace.documents.services.types import CLASSES
from espace.identifiers import new_id
from espace.web.attempts import to
from espace.web.forms import Form, SelectChoice, translated
from espace.words import N_

PASSCODE_DIGITS = 6
_MOST_IDS = 400


class CodeForm(Form):
    """What a counter code opens, and for how long."""

    opens = RadioField(
        _l("What does it open?"),
        choices=[
            SelectChoice(Window.READ.value, _l("Read")),
            SelectChoice(Window.DEPOSIT.value, _l("Read and deposit")),
        ],
        default=Window.READ.value,
        validate_choice=False,
    )
    minutes = SelectField(_l("For how long, once used?"), coerce=int, validate_choice=False)
    secret = BooleanField(_l("Keep it from my parents"))

    def __init__(self, **given: object) -> None:
        super().__init__(**given)
        self.minutes.choices = [SelectChoice(str(one), length(one)) for one in MINUTES]
        if self.minutes.data is None:
            self.minutes.data = MINUTES[0]

    def window(self) -> Window | None:
        """What it opens; None for something our page does not send."""
        try:
            return Window(self.opens.data or "")
        except ValueError:
            return None


class OnceForm(Form):
    """A form that makes one thing, however often it is sent: its id is that of what it makes."""

    once = HiddenField(default=lambda: str(new_id()))

    def makes(self) -> UUID:
        """The id of what this form makes; a new one for something our page does not send."""
        return next(iter(ids([self.once.data or ""])), None) or new_id()


class ShareForm(OnceForm):
    """Which documents a link shows, to whom one gives it, its code, its life."""

    label = StringField(_l("For whom is it?"))
    passcode = StringField(_l("Code of the link"))
    hours = SelectField(_l("How long does it work?"), coerce=int, validate_choice=False)
    most = SelectField(_l("How many times may it be opened?"), coerce=int, validate_choice=False)
    shown = IntegerField(widget=HiddenInput(), default=choosing.STEP, validators=[Optional()])
    documents = HiddenField(_l("Documents"))
    q = StringField(_l("Search among your documents"))
    parmi = SelectField(_l("Kind of document"), validate_choice=False)
    sought = HiddenField()

    def __init__(self, **given: object) -> None:
        super().__init__(**given)
        self.hours.choices = [SelectChoice(str(one), length(one * 60)) for one in LIVES]
        self.most.choices = [SelectChoice(str(one), times(one)) for one in OPENINGS]
        if self.hours.data is None:
            self.hours.data = 72
        if self.most.data is None:
            self.most.data = 3
        self.offer(())
        if not self.passcode.data and not self.is_submitted():
            self.passcode.data = crypto.new_digits(PASSCODE_DIGITS)

    def offer(self, classes: Sequence[str]) -> None:
        """The categories to look among: those of which there is something to choose."""
        self.parmi.choices = [("", translated(N_("All"))), *((code, translated(CLASSES[code])) for code in classes)]

    def chosen(self) -> list[UUID]:
        """The documents ticked; what is no id is nobody's document."""
        return ids(request.form.getlist("document"))

    def classes(self) -> list[str]:
        """The categories ticked."""
        return request.form.getlist("categorie")

    def command(self) -> NewShare:
        """What was sent, to be judged by the service."""
        return NewShare(
            document_ids=self.chosen(),
            classes=self.classes(),
            label=self.label.data or "",
            passcode=(self.passcode.data or "").strip(),
            hours=self.hours.data or 0,
            most=self.most.data or 0,
            once=self.makes(),
        )


class DropForm(OnceForm):
    """A link by which somebody leaves files: who gets it, and how long it waits."""

    label = StringField(_l("Who will leave a file?"))
    hours = SelectField(_l("How long does it work?"), coerce=int, validate_choice=False)

    def __init__(self, **given: object) -> None:
        super().__init__(**given)
        self.hours.choices = [SelectChoice(str(one), length(one * 60)) for one in guests.LIVES]
        if self.hours.data is None:
            self.hours.data = guests.LIVES[1]


class EnterForm(Form):
    """What whoever holds a share link sends to open it."""

    name = StringField(_l("Your name"))
    passcode = StringField(_l("Code you were given"))
    link = TextAreaField(_l("The whole link you were given"))


class LeaveForm(Form):
    """What a guest leaves."""

    name = StringField(_l("Your name"))
    words = TextAreaField(_l("A few words"), validators=[Optional()])
    file = MultipleFileField(_l("Choose one or several files"))

    def command(self) -> Deposit:
        """What was sent."""
        return Deposit(self.name.data or "", self.words.data or "", self.uploads())

    def uploads(self) -> list[Upload]:
        """The files; one larger than allowed is read only so far as to know it."""
        given = request.files.getlist("file")[: guests.MAX_FILES + 1]
        return [Upload(one.filename or "", one.stream.read(MAX_UPLOAD + 1)) for one in given if one.filename]

    def refuse_files(self, refused: Sequence[tuple[str, str]]) -> None:
        """Say beside the files why each cannot be kept."""
        several = len(request.files.getlist("file")) > 1
        words = [
            f"{name}{translated(N_(': '))}{translated(why)}" if several else translated(why) for name, why in refused
        ]
        self.file.errors = [*self.file.errors, *words]


def length(minutes: int) -> str:
    """« 20 minutes », « 4 heures », « 7 jours »."""
    if minutes < 60:
        return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    hours = minutes // 60
    if hours < 48:
        return str(ngettext("%(num)d hour", "%(num)d hours", hours))
    return str(ngettext("%(num)d day", "%(num)d days", hours // 24))


def times(count: int) -> str:
    """« 3 fois »."""
    return str(ngettext("%(num)d time", "%(num)d times", count))


def ids(given: Sequence[str]) -> list[UUID]:
    """The ids among what was sent; other words are left out."""
    found = []
    for one in given[:_MOST_IDS]:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


def made_already(place: str) -> Response:
    """To the links of this kind, when a form that made one is sent again: its address is shown once only."""
    flash(gettext("This link is made already. Its address is shown one time only: if it is lost, close it."), "warn")
    return to(place)
