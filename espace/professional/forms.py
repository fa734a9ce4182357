"""What professionals send."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from espace import clock, settings
from espace.access.services import COLLECTED_HOW, Collected, How, Scope, durations
from espace.access.services.emergencies.emergency import WHY, Why
from espace.access.services.passing.codes import DIGITS
from espace.documents.services import plain_title, type_label
from espace.people.services import Structure
from espace.professional.services.drafts import Confirmation, deposit_types
from espace.professional.services.search import PatientSearch
from espace.web.forms import Form, SelectChoice
from espace.web.i18n import day_numeric
from espace.web.identity_fields import BirthDateError, IdentityForm, asked, read_birth_date, without_blanks
from espace.words import N_

_PATTERNS = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d%m%Y", "%Y-%m-%d")
YES, NO = "yes", "no"
ALONE = "person"
_AGREED = {
    How.SAID: N_("In words, face to face"),
    How.PHONE: N_("By telephone"),
    How.WRITTEN: N_("On paper, kept at my practice"),
}


def read_day(text: str) -> date | None:
    """A day as people write it: 14/03/1988, 14.03.1988, 14031988 or 1988-03-14; None for anything else."""
    for pattern in _PATTERNS:
        try:
            return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 - a civil day has no zone
        except ValueError:
            continue
    return None


class SearchForm(IdentityForm):
    """Whose record to open: the exact number and birth date (security.md R50)."""

    ins = StringField(_l("INS number"), asked(_l("Write the INS number.")))
    birth_date = StringField(_l("Birth date"), asked(_l("Write the birth date.")))
    secret = BooleanField(_l("Secret connection: the parents of this minor learn nothing of your visit"))

    @property
    def secret_ages(self) -> tuple[int, int]:
        """From and up to which age the secret connection is offered here."""
        house = settings.current()
        return house.secret_care_age, house.majority_age - 1

    def command(self) -> PatientSearch:
        """What was typed, read."""
        return PatientSearch(ins=self.number, birth_date=self.birth_day, secret=bool(self.secret.data))


class SecretForm(Form):
    """Going into secret connection, or out of it: nothing but the button."""


class CounterForm(Form):
    """The code a person shows at a counter, and their birth date. Once valid, `digits` and `birth_day` are these."""

    code = StringField(_l("Code of 6 digits"), asked(_l("Write the code of 6 digits.")))
    birth_date = StringField(_l("Birth date of the person"), asked(_l("Write the birth date.")))

    digits: str = ""
    birth_day: date = date.min

    def validate_code(self, field: StringField) -> None:
        """Six digits, whatever stands between them."""
        written = without_blanks(field.data or "")
        if not field.errors and not (len(written) == DIGITS and written.isascii() and written.isdigit()):
            field.errors = [*field.errors, gettext("The code has 6 digits: read it again.")]
        self.digits = written

    def validate_birth_date(self, field: StringField) -> None:
        """A day that exists and has come."""
        if field.errors:
            return
        try:
            self.birth_day = read_birth_date(field.data or "")
        except BirthDateError as wrong:
            field.errors = [*field.errors, gettext(str(wrong))]


class OpenForm(Form):
    """Showing a secret deposit to the parents, which nothing takes back."""

    sure = BooleanField(_l("I know that nothing takes this back"), [InputRequired(_l("Tick this box to go on."))])


class AskForm(Form):
    """Why a professional asks to read a record, and for whom."""

    reason = TextAreaField(_l("Why you ask"))
    scope = RadioField(_l("For whom you ask"), default=Scope.PERSON.value, validate_choice=False)

    def offer(self, place: str) -> "AskForm":
        """Offer to ask for the team of the place of this session."""
        self.scope.choices = [
            SelectChoice(Scope.PERSON.value, gettext("For me alone")),
            SelectChoice(Scope.TEAM.value, gettext("For everyone at %(place)s", place=place)),
        ]
        return self

    @property
    def asked_for(self) -> Scope:
        """For whom it is asked; for oneself unless our page said otherwise."""
        return Scope.TEAM if self.scope.data == Scope.TEAM.value else Scope.PERSON


class CollectForm(Form):
    """A consent the person just gave beside a professional: for whom, how, how long, and that they were told."""

    who = RadioField(_l("Who may read?"), default=ALONE, validate_choice=False)
    how = RadioField(_l("How did the person agree?"), description=_l("The way to agree"), validate_choice=False)
    days = SelectField(_l("For how long"), coerce=int, validate_choice=False)
    told = BooleanField(
        _l(
            "I told the person why the record is to be read and under which rules. "
            "They agreed, and may change their mind."
        ),
        description=_l("What was said"),
    )
    limits = BooleanField(
        _l("I told the person that they may hide documents from me, refuse, and end this at any time."),
        description=_l("How to keep documents"),
    )

    def offer(self, name: str, places: Sequence[Structure]) -> "CollectForm":
        """Offer the professional alone or the teams of their places, the ways to agree and the durations."""
        teams = [SelectChoice(str(one.id), gettext("Everyone at %(place)s", place=one.display_name)) for one in places]
        self.who.choices = [SelectChoice(ALONE, gettext("%(name)s only", name=name)), *teams]
        self.how.choices = [SelectChoice(how.value, gettext(words.msgid)) for how, words in _AGREED.items()]
        self.days.choices = [SelectChoice(str(days), _length(days)) for days in durations()]
        if self.days.data not in durations():
            self.days.data = 90 if 90 in durations() else durations()[-1]
        return self

    def command(self, professional_id: UUID) -> Collected:
        """What was written down about this professional."""
        how = next((one for one in COLLECTED_HOW if one.value == self.how.data), None)
        place_id = None
        if self.who.data not in (None, "", ALONE):
            try:
                place_id = UUID(self.who.data)
            except ValueError:
                place_id = UUID(int=0)  # no place of theirs: refused beside its field
        return Collected(
            professional_id, how, self.days.data, bool(self.told.data), place_id, limits_told=bool(self.limits.data)
        )


class ColleagueForm(Form):
    """Which colleague a consent is for."""

    name = StringField(_l("Name, or RPPS number"))
    where = StringField(_l("Town or place"), validators=[Optional()])


def _length(days: int) -> str:
    """« 3 mois »."""
    if days % 365 == 0:
        return str(ngettext("%(num)d year", "%(num)d years", days // 365))
    if days % 30 == 0:
        return str(ngettext("%(num)d month", "%(num)d months", days // 30))
    return str(ngettext("%(num)d day", "%(num)d days", days))


class EmergencyForm(Form):
    """Why a record is opened in an emergency; the button pressed says which step."""

    why = RadioField(_l("Why the person cannot agree now"), choices=[], validate_choice=False)
    words = TextAreaField(_l("What happens, in your words"))
    step = HiddenField()

    def offer(self) -> "EmergencyForm":
        """Offer the reasons."""
        self.why.choices = [SelectChoice(one.value, gettext(WHY[one].msgid)) for one in WHY if one is not Why.CALL]
        return self


class CallForm(Form):
    """The call that a doctor of the centre 15 answers."""

    reference = StringField(_l("Reference of the call"))


class ExplainForm(Form):
    """What a professional answers about an opening."""

    words = TextAreaField(_l("Your explanation"))


class PracticeForm(Form):
    """Where a professional practises today."""

    structure = RadioField(_l("Where do you practise today?"), choices=[], validate_choice=False)


class FileForm(Form):
    """The file to deposit."""

    file = FileField(_l("Choose the document"))


class ConfirmForm(Form):
    """What is stated about a file before it is deposited."""

    type_code = SelectField(_l("Kind of document"), validate_choice=False)
    title = StringField(_l("Title the patient will read"))
    date = StringField(_l("Date of the document"))
    patient_sees = RadioField(
        _l("Does the patient see it at once?"),
        choices=[
            SelectChoice(YES, _l("Yes, the patient is told right away")),
            SelectChoice(NO, _l("No, not before I have told the patient myself")),
        ],
        default=YES,
        validators=[Optional()],
        validate_choice=False,
    )
    representatives_see = RadioField(
        _l("Do the parents see it?"),
        choices=[
            SelectChoice(YES, _l("Yes, the parents see it")),
            SelectChoice(NO, _l("No, this care stays between the child and carers")),
        ],
        validators=[Optional()],
        validate_choice=False,
    )

    _labels: Mapping[str, str] = MappingProxyType({})
    _offered: tuple[str, str] = ("", "")

    def offer(self, profession: str, proposed: Confirmation | None = None) -> "ConfirmForm":
        """Offer the kinds this profession deposits, prescriptions first; fill what was not typed yet, as `proposed`."""
        usual, others = deposit_types(profession)
        groups = ((gettext("Most usual"), usual), (gettext("Other documents"), others))
        self._labels = {code: type_label(code) for _, codes in groups for code in codes}
        self.type_code.choices = [
            SelectChoice(code, self._labels[code], optgroup=name) for name, codes in groups for code in codes
        ]
        first = next(iter(self._labels), "")
        self._offered = (proposed.type_code, proposed.title) if proposed else (first, plain_title(first))
        if not self.is_submitted() and first:
            self.type_code.data, self.title.data = self._offered
            self.date.data = day_numeric(proposed.date if proposed else clock.today())
        return self

    def fill(self, said: Confirmation | None) -> "ConfirmForm":
        """Show what was confirmed before a cut, if anything: that is what will be deposited."""
        if said is not None:
            self.type_code.data, self.title.data, self.date.data = said.type_code, said.title, day_numeric(said.date)
            self.patient_sees.data = NO if said.patient_invisible else YES
            self.representatives_see.data = {True: YES, False: NO, None: None}[said.representatives_see]
        return self

    @property
    def withheld(self) -> dict[str, str]:
        """What is said below « no »: when a house shows what nobody announced, and when (rules.md AR-15)."""
        days = settings.current().announcement_days
        if not days:
            return {}
        said = ngettext(
            "Without an announcement, the patient sees it after %(num)d day.",
            "Without an announcement, the patient sees it after %(num)d days.",
            days,
        )
        return {NO: str(said)}

    def command(self, *, minor: bool, secret: bool = False) -> Confirmation | None:
        """What was stated; None, with a sentence beside the field, when the date is no date.

        In `secret` connection nothing is asked of the representatives: they do not see it (MI-7).
        """
        day = read_day(self.date.data or "")
        if day is None:
            self.refuse({"date": N_("Write the date with its day, month and year, for example 23/11/2026.")})
            return None
        if self.patient_sees.data not in (YES, NO):
            self.refuse({"patient_sees": N_("Choose yes or no.")})
            return None
        return Confirmation(
            type_code=self.type_code.data or "",
            title=self._title(),
            date=day,
            representatives_see=self._to_representatives(secret=secret) if minor else None,
            patient_invisible=self.patient_sees.data == NO,
        )

    def _to_representatives(self, *, secret: bool) -> bool | None:
        if secret:
            return False
        return {YES: True, NO: False}.get(self.representatives_see.data or "")

    def _title(self) -> str:
        """The title as typed; one that was offered for another kind and left so becomes the chosen kind's."""
        typed, chosen = self.title.data or "", self.type_code.data or ""
        kind, offered = self._offered
        return plain_title(chosen) if typed.strip() == offered and chosen != kind and chosen in self._labels else typed
