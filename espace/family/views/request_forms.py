"""What people send to ask for a link, to answer an invitation, to contest, or to send a court's decision."""

from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from espace.family.services.asking import inviting, proofs
from espace.family.services.asking.request_rows import BINDS, Traits
from espace.family.services.asking.requests import Ask
from espace.web.forms import Form, SelectChoice
from espace.web.identity_fields import IdentityForm, asked

_LONGEST_TEXT = 2000  # far above what the services take, so that an endless text is refused before it is looked at


def _text(label: Any) -> TextAreaField:
    return TextAreaField(label, [Length(max=_LONGEST_TEXT, message=_l("This answer is too long."))])


class ProofForm(Form):
    """A proof: photographed or chosen."""

    proof = FileField(_l("Photograph or choose the proof"))

    def content(self) -> bytes:
        """The file that was sent; nothing when none was, or when it is larger than may be sent."""
        sent = request.files.get("proof")
        return sent.stream.read(proofs.MAX_UPLOAD + 1) if sent is not None else b""


class AskForm(IdentityForm, ProofForm):
    """Who the person is, what binds one to them, and the proof."""

    ins = StringField(_l("Their social security number"), asked(_l("Write the number of this person.")))
    birth_name = StringField(_l("Birth name"), asked(_l("Write the birth name.")))
    first_name = StringField(_l("First given name"), asked(_l("Write the first given name.")))
    birth_date = StringField(_l("Birth date"), asked(_l("Write the birth date.")))
    binds = SelectField(
        _l("You are"), validators=[InputRequired(_l("Choose what binds you to this person."))], validate_choice=False
    )
    words = _text(_l("Something to add (optional)"))

    def offer(self) -> "AskForm":
        """Offer what may bind two people."""
        self.binds.choices = [SelectChoice("", gettext("Choose"))] + [
            SelectChoice(key, gettext(word.msgid)) for key, word in BINDS.items()
        ]
        return self

    def command(self) -> Ask:
        """What was typed."""
        day: date = self.birth_day
        traits = Traits(self.number, self.birth_name.data or "", self.first_name.data or "", day)
        return Ask(traits, self.binds.data or "", self.words.data or "")


class AnswerInvitationForm(ProofForm):
    """The code of an invitation, what binds one to the child, and the proof."""

    code = StringField(_l("Code of the invitation"), asked(_l("Write the code of your e-mail.")))
    binds = RadioField(
        _l("You are"), validators=[InputRequired(_l("Choose what binds you to this person."))], validate_choice=False
    )

    def offer(self) -> "AnswerInvitationForm":
        """Offer what may bind somebody to a child."""
        self.binds.choices = [SelectChoice(key, gettext(BINDS[key].msgid)) for key in inviting.BINDS]
        return self


class InviteParentForm(Form):
    """Where the invitation goes."""

    email = StringField(_l("Their e-mail address"), asked(_l("Write the e-mail address.")))


class ContestForm(Form):
    """Why a link must not be made."""

    words = _text(_l("Why this link must not be made"))


class DecisionForm(ProofForm):
    """What a court decided about another representative."""

    words = _text(_l("What the decision says"))
