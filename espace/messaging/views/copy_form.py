"""What is said of a document that is sent on: to whom, with which words, once."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField, SubmitField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from espace.messaging.services.outgoing.letters import Copies
from espace.messaging.services.practice.directory import Line
from espace.web.forms import SelectChoice

from .mailbox_forms import SenderForm


class CopyForm(SenderForm):
    """To whom a copy goes. `look` is the button that searches the address book; all else stays as it was."""

    key = HiddenField()
    patient = BooleanField(_l("Send it to the patient"))
    refs = SelectMultipleField(
        _l("Colleagues it goes to"), validate_choice=False, option_widget=CheckboxInput(), widget=ListWidget()
    )
    name = StringField(_l("Name of a professional, a team or a place"), validators=[Optional()])
    where = StringField(_l("Town or place"), validators=[Optional()])
    look = SubmitField(_l("Look in the address book"))
    addresses = TextAreaField(_l("Other addresses of the secure mail"), validators=[Optional()])
    words = TextAreaField(_l("A few words with it"))
    without = 0
    nobody = False

    def begin(self) -> "CopyForm":
        """A form of its own: sent twice, it sends once."""
        self.key.data = str(uuid4())
        self.offer([])
        return self

    @property
    def is_looking(self) -> bool:
        """Whether somebody is sought, and nothing sent yet."""
        return bool(self.look.data)

    @property
    def chosen_refs(self) -> list[str]:
        """The lines of the address book that were ticked."""
        return list(self.refs.data or [])

    def offer(self, lines: Sequence[Line]) -> None:
        """Offer these lines; those that were ticked stay so."""
        self.refs.choices = [SelectChoice(one.ref, f"{one.name}, {one.place or one.address}") for one in lines]

    def command(self, chosen: Sequence[str]) -> Copies:
        """What was said."""
        typed = (self.addresses.data or "").replace(",", "\n").replace(";", "\n").split("\n")
        return Copies(
            to_patient=bool(self.patient.data),
            to=(*chosen, *(one.strip() for one in typed if one.strip())),
            words=self.words.data or "",
            key=_key(self.key.data),
        )


def _key(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        return uuid4()
