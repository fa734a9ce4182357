"""What people send when they decide about a document."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from espace.documents.services.deciding import delays
from espace.documents.services.deciding.delays import ResultKind
from espace.documents.services.deciding.states import MAX_REMARK
from espace.web.forms import Form, SelectChoice

_DOCTOR = "d"
_TICK = InputRequired(_l("Tick this box to go on."))


class ChoiceForm(Form):
    """A decision about one document; `choices` is how many of them the page knew of."""

    choices = IntegerField(widget=HiddenInput(), validators=[InputRequired()])

    @property
    def known(self) -> int:
        """How many choices about the document the page knew of."""
        return int(self.choices.data or 0)


class SureForm(ChoiceForm):
    """A decision that nothing takes back."""

    sure = BooleanField(_l("I know that nothing takes this back"), [_TICK])


class SureOnlyForm(Form):
    """A decision that nothing takes back, about what counts no choices."""

    sure = BooleanField(_l("I know that nothing takes this back"), [_TICK])


class RemarkForm(ChoiceForm):
    """A word beside a document."""

    words = TextAreaField(_l("A word to remember"), render_kw={"maxlength": MAX_REMARK, "rows": 3})


class PlainForm(Form):
    """A button with nothing to fill in."""


class DelaysForm(Form):
    """When fresh results are shown, for each kind; `known` is what the page showed."""

    laboratory = SelectField(_l("Laboratory results"), validate_choice=False)
    imaging = SelectField(_l("Imaging reports"), validate_choice=False)
    report = SelectField(_l("Other reports"), validate_choice=False)
    known = HiddenField(validators=[InputRequired()])

    def offer(self, chosen: Mapping[ResultKind, int | None]) -> "DelaysForm":
        """Offer the waits; what was chosen stands there until something else is sent."""
        offered = [SelectChoice(_word(days), _sentence(days)) for days in (0, *delays.DAYS, None)]
        for kind in ResultKind:
            self[kind.value].choices = offered
        if not self.is_submitted():
            self.show(chosen)
        return self

    def show(self, chosen: Mapping[ResultKind, int | None]) -> None:
        """Show what is chosen, in the place of what was sent."""
        for kind in ResultKind:
            self[kind.value].data = _word(chosen[kind])
        self.known.data = ",".join(_word(chosen[kind]) for kind in ResultKind)

    def wanted(self) -> dict[ResultKind, int | None]:
        """What was chosen; a wait nobody offered is -1, which the service refuses beside its field."""
        return {kind: _days(self[kind.value].data or "") for kind in ResultKind}

    def shown(self) -> dict[ResultKind, int | None]:
        """What the page showed as chosen."""
        words = (self.known.data or "").split(",")
        return {kind: _days(word) for kind, word in zip(ResultKind, words, strict=False)}


def _word(days: int | None) -> str:
    return _DOCTOR if days is None else str(days)


def _days(word: str) -> int | None:
    if word == _DOCTOR:
        return None
    return int(word) if word.isascii() and word.isdigit() and len(word) < 4 else -1


def _sentence(days: int | None) -> str:
    if days is None:
        return str(gettext("With my doctor: I decide when I read it"))
    if days == 0:
        return str(gettext("At once"))
    return str(ngettext("After %(num)d day", "After %(num)d days", days))
