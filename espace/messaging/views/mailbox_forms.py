"""What professionals send about their mailboxes: choices, teams, programs, templates, the address book."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from espace.identifiers import new_id
from espace.messaging.services.boxes import BoxKind, MailboxFacts
from espace.messaging.services.practice.choosing import Choices
from espace.messaging.services.practice.mailboxes import NewMailbox
from espace.messaging.services.practice.templates import Template
from espace.people.services import Professional
from espace.web.forms import Form, SelectChoice
from espace.words import N_

KINDS = {
    BoxKind.ORG: N_("A team"),
    BoxKind.CAB: N_("A practice"),
    BoxKind.APP: N_("A software that sends by itself"),
}
KIND_HINTS = {
    BoxKind.ORG.value: N_("A ward, a secretariat, a pharmacy: several read and answer."),
    BoxKind.CAB.value: N_("The address of a practice, read by those who work there."),
    BoxKind.APP.value: N_("Results or letters leave by themselves. People see it in no list unless you say so."),
}


class PressForm(Form):
    """A button and nothing else."""


class NewMailboxForm(Form):
    """A mailbox for a place: what for, where, its address, its name."""

    kind = RadioField(
        _l("What is it for?"),
        choices=[SelectChoice(kind.value, _l(words)) for kind, words in KINDS.items()],
        validate_choice=False,
    )
    structure = RadioField(_l("For which place?"), validate_choice=False)
    local = StringField(_l("Address, before the @"))
    domain = SelectField(_l("Behind the @"), validate_choice=False)
    name = StringField(_l("Name that people read"))

    def offer(self, professional: Professional, domains: Collection[str]) -> "NewMailboxForm":
        """Offer the places of this professional, and the domains of this house."""
        self.structure.choices = [SelectChoice(str(one.id), one.display_name) for one in professional.structures]
        self.domain.choices = [SelectChoice(one, one) for one in domains]
        if len(professional.structures) == 1 and not self.structure.data:
            self.structure.data = str(professional.structures[0].id)
        return self

    def command(self) -> NewMailbox:
        """What was typed."""
        kind = next((one for one in KINDS if one.value == self.kind.data), BoxKind.PER)  # refused by the service
        return NewMailbox(
            kind=kind,
            local=self.local.data or "",
            domain=self.domain.data or "",
            name=self.name.data or "",
            structure_id=_id(self.structure.data) or UUID(int=0),
        )


class ChoicesForm(Form):
    """What may change of a mailbox. Its address and its kind are no fields: they never change (rules.md MS-8)."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    name = StringField(_l("Name that people read"))
    reply_days = IntegerField(_l("Usual time of an answer, in days"), validators=[Optional()])
    absent_from = DateField(_l("First day of the absence"), validators=[Optional()])
    absent_until = DateField(_l("Last day, that day included"), validators=[Optional()])
    absence = TextAreaField(_l("What people who write to you read meanwhile"))
    listed = BooleanField(_l("Show this address in the directory"))
    receipts = BooleanField(_l("Confirm the reading to those who ask for it"))

    def show(self, facts: MailboxFacts) -> "ChoicesForm":
        """Fill in what stands."""
        self.version.data = facts.version
        self.name.data = facts.name
        self.reply_days.data = facts.reply_days or None
        self.absence.data = facts.absence
        self.absent_from.data = date.fromisoformat(facts.absent_from) if facts.absent_from else None
        self.absent_until.data = date.fromisoformat(facts.absent_until) if facts.absent_until else None
        self.listed.data, self.receipts.data = facts.listed, facts.receipts
        return self

    def validate_absent_from(self, field: DateField) -> None:
        """A day that exists."""
        self._say_day(field)

    def validate_absent_until(self, field: DateField) -> None:
        """A day that exists."""
        self._say_day(field)

    def validate_reply_days(self, field: IntegerField) -> None:
        """A whole number."""
        if field.process_errors:
            field.errors = [gettext("Write a whole number of days, for example 3.")]

    def _say_day(self, field: DateField) -> None:
        if field.process_errors:
            field.errors = [gettext("Write a date that exists, for example 14/03/2027.")]

    def command(self) -> Choices:
        """What was typed."""
        return Choices(
            name=self.name.data or "",
            reply_days=self.reply_days.data or 0,
            absence=self.absence.data or "",
            absent_from=self.absent_from.data,
            absent_until=self.absent_until.data,
            listed=bool(self.listed.data),
            receipts=bool(self.receipts.data),
        )


class MemberForm(Form):
    """A colleague of the place."""

    professional = SelectField(_l("Colleague of this place"), validate_choice=False)

    def offer(self, colleagues: Collection[Professional]) -> "MemberForm":
        """Offer these colleagues."""
        self.professional.choices = [
            SelectChoice(str(one.id), f"{one.display_name}, {one.plain_label}") for one in colleagues
        ]
        return self

    @property
    def chosen(self) -> UUID:
        """Who was chosen; nobody's id for something our page does not send."""
        return _id(self.professional.data) or UUID(int=0)


class TokenForm(Form):
    """What a program is called."""

    name = StringField(_l("Name of the program"))


class TemplateForm(Form):
    """A text that is used again."""

    name = StringField(_l("Name of the template"))
    subject = StringField(_l("Subject"))
    text = TextAreaField(_l("Words"))

    def command(self, template_id: UUID | None = None) -> Template:
        """What was typed."""
        return Template(self.name.data or "", self.subject.data or "", self.text.data or "", template_id)


class BookForm(Form):
    """Whom one looks for in the address book."""

    name = StringField(_l("Name of a professional, a team or a place"))
    where = StringField(_l("Town or place"), validators=[Optional()])
    after = HiddenField()
    mailbox, draft = HiddenField(), HiddenField()

    def writing(self, mailbox: str, draft: str) -> "BookForm":
        """Opened from a message that is being written: whom one chooses is added to it."""
        if _id(mailbox) and _id(draft):
            self.mailbox.data, self.draft.data = mailbox, draft
        return self

    @property
    def beyond(self) -> UUID | None:
        """After whom the next page begins."""
        return _id(self.after.data)


class SenderForm(Form):
    """From which mailbox somebody is written to, and to whom."""

    ref = HiddenField()
    draft = HiddenField()
    mailbox = RadioField(_l("From which mailbox?"), validate_choice=False)

    @property
    def begun(self) -> UUID | None:
        """The message that is being written already, if it is."""
        return _id(self.draft.data)

    @property
    def chosen(self) -> UUID | None:
        """The mailbox."""
        return _id(self.mailbox.data)


class AnsweringForm(Form):
    """Who answers a conversation: `who` is empty for nobody, `seen` who did when the page was shown."""

    who = SelectField(_l("Who answers"), validate_choice=False)
    seen = HiddenField()

    @property
    def chosen(self) -> UUID | None:
        """Who is to answer."""
        return _id(self.who.data)

    @property
    def before(self) -> UUID | None:
        """Who answered when the page was shown."""
        return _id(self.seen.data)


class EndForm(Form):
    """What a patient reads when the exchange is ended, or opened again. Sent twice it is said once."""

    once = HiddenField(default=lambda: str(new_id()))
    text = TextAreaField(_l("What the patient reads"))

    @property
    def key(self) -> UUID:
        """The id of what this form sends."""
        return _id(self.once.data) or new_id()


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
