"""Finding a patient: by exact number and birth date only, each search traced, misses counted (security.md R50)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from espace import clock, db, settings
from espace.access import services as access
from espace.access.services import ConsentState
from espace.access.services.emergencies import emergency
from espace.access.services.passing import counter, windows
from espace.access.services.watching import volume
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, ThrottledError
from espace.identifiers import WrongInsError, parse_ins
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Relation
from espace.records import services as records
from espace.words import N_, Message

from . import secrecy

WINDOW = timedelta(hours=1)
MISS = "miss"


@dataclass(frozen=True, slots=True)
class PatientSearch:
    """What was typed: the INS with its key, and the birth date. `secret`: in secret connection, from the search on."""

    ins: str
    birth_date: date | None
    secret: bool = False


def find_patient(actor: Actor, search: PatientSearch) -> UUID:
    """The record of exactly this person. It opens deposit and the request for consent for some hours (AR-4).

    The search is a row of the person's trail when it finds, of the professional's own when it does not.

    Raises:
        InvalidError: when something typed is no INS or no birth date (nothing is looked up), or nobody is found.
        StepUpError: after the records an hour allows (security.md R48).
        ThrottledError: after the misses allowed in an hour: nothing is looked up any more.
    """
    number = _checked(search)
    left = settings.current().search_misses_per_hour - len(misses := counter.misses(actor))
    if left <= 0:
        raise ThrottledError((min(misses) + WINDOW - clock.now()).total_seconds())
    volume.demand_room(actor)
    person = people.find_person(number)
    record = records.record_of(person.id) if person is not None else None
    if person is None or record is None or not record.is_open or person.birth_date != search.birth_date:
        with db.write_apart():
            audit.record(actor, actor.id, Action.PATIENT_SEARCHED, detail={"result": MISS})
        raise InvalidError({"": N_("No record is open for this number and this birth date. Check both.")})
    volume.admit(actor, record.id)
    with db.write():
        if search.secret:
            actor = secrecy.enter(actor, record.id)
        access.note_encounter(actor, record.id)
        audit.record(actor, record.id, Action.PATIENT_FOUND, relation=Relation.PROFESSIONAL)
    return record.id


def _checked(search: PatientSearch) -> str:
    problems: dict[str, Message] = {}
    number = ""
    try:
        number = parse_ins(search.ins).number
    except WrongInsError as error:
        problems["ins"] = {
            "length": N_("You wrote %(written)d characters, the number has 15.", written=error.digits)
            if search.ins.strip()
            else N_("Write the INS number."),
            "form": N_("This is no INS number: read it again, digit by digit."),
            "key": N_("The two last digits do not fit the others. Read the number again."),
        }[error.why]
    if search.birth_date is None:
        problems["birth_date"] = N_("Write the birth date with its day, month and year, for example 14/03/1988.")
    elif search.birth_date > clock.today():
        problems["birth_date"] = N_("This birth date is in the future.")
    elif search.secret and (refused := secrecy.why_not(search.birth_date)) is not None:
        problems["secret"] = refused
    if problems:
        raise InvalidError(problems)
    return number


@dataclass(frozen=True, slots=True)
class PatientLine:
    """A patient on a professional's own page. `until` is when the access or the encounter ends.

    `is_brief`: the access is one of hours, by a code or an emergency.
    """

    record_id: UUID
    person: Person
    has_access: bool
    awaiting: bool
    reachable: bool
    until: datetime | None
    asked_at: datetime | None
    is_brief: bool = False


def my_patients(actor: Actor) -> list[PatientLine]:
    """Whom a professional met lately, has access to, or asked: newest first, identity only.

    A patient whose access ended and who was not met lately is no longer on the list.
    """
    met = {one.record_id: one for one in access.recent_encounters(actor)}
    given = {one.record_id: one for one in access.my_patients(actor)}
    rescued = {one.record_id: one.until for one in reversed(emergency.open_to(actor))}
    shown = rescued | windows.windows_of(actor.id)
    ids = list(dict.fromkeys([*shown, *met, *given]))
    found = records.records(ids)
    persons = people.persons([record.person_id for record in found.values()])
    lines = []
    for record_id in ids:
        record = found.get(record_id)
        if record is None or not record.is_open or record.person_id not in persons:
            continue
        consent, encounter = given.get(record_id), met.get(record_id)
        has_consent = consent is not None and consent.state is ConsentState.VALID
        has_access = has_consent or record_id in shown
        ends = consent.valid_until if consent is not None and has_consent else shown.get(record_id)
        until = ends if has_access else encounter.until if encounter else None
        lines.append(
            PatientLine(
                record_id=record_id,
                person=persons[record.person_id],
                has_access=has_access,
                awaiting=consent is not None and not has_access,
                reachable=has_access or encounter is not None,
                until=until,
                asked_at=consent.asked_at if consent else None,
                is_brief=has_access and not has_consent,
            )
        )
    return lines
