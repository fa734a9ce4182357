"""What people send about visits: what they make of one, and why they came themselves."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from espace.home.services import Decision, Reply, Wish
from espace.web.forms import Form, SelectChoice


class AnswerForm(Form):
    """What one makes of a visit; the button pressed says which."""

    decision = HiddenField(validators=[InputRequired()])
    version = IntegerField(widget=HiddenInput(), default=0, validators=[Optional()])
    back = HiddenField()
    words = TextAreaField(_l("In your words"), validators=[Optional()])
    wish = RadioField(
        _l("And meanwhile"),
        choices=[
            SelectChoice(Wish.NOTHING.value, _l("Change nothing for now")),
            SelectChoice(Wish.BLOCK_NOW.value, _l("Block this person now")),
            SelectChoice(Wish.BLOCK_IF_WRONG.value, _l("Block this person if the visit was not in order")),
        ],
        default=Wish.NOTHING.value,
        validators=[Optional()],
    )

    def command(self) -> Reply | None:
        """What was chosen; None for something our pages do not send."""
        try:
            wish = Wish(self.wish.data or "")
            return Reply(Decision(self.decision.data or ""), self.words.data or "", wish, int(self.version.data or 0))
        except (ValueError, TypeError):
            return None


class ExplainForm(Form):
    """Why one came, in words."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    words = TextAreaField(_l("Your answer"))


class ExportForm(Form):
    """Which part of the history is taken away, and how."""

    since = StringField(_l("From (empty: since the beginning)"))
    until = StringField(_l("To (empty: until today)"))
    form = RadioField(
        _l("How"),
        choices=[
            SelectChoice("pdf", _l("A PDF, to read or print")),
            SelectChoice("csv", _l("A table, for a spreadsheet")),
        ],
        default="pdf",
    )
