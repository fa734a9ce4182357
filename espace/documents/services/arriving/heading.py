"""Headers of the clinical documents written here: whose they are, who wrote them (interop.md section 1)."""

from datetime import UTC, date, datetime, time

from espace import clock
from espace.interop.cda import CdaAuthor, CdaPatient
from espace.people import services as people
from espace.people.services import Person, Professional, Structure
from espace.permissions import Standing
from espace.records import services as records


def holder_of(standing: Standing) -> Person:
    """The person of a record."""
    return people.person(records.record(standing.record_id).person_id)


def patient(holder: Person) -> CdaPatient:
    """The person a document is about, under their strict traits."""
    return CdaPatient(
        ins=holder.ins,
        ins_oid=holder.oid,
        birth_name=holder.birth_name,
        first_names=" ".join(holder.first_names),
        use_name=holder.use_name,
        birth_date=holder.birth_date,
        sex=holder.sex,
        birth_place=holder.birth_place,
    )


def own_author(holder: Person) -> CdaAuthor:
    """A person who wrote or added it themself."""
    return CdaAuthor(
        family_name=holder.use_name or holder.birth_name,
        given_name=" ".join(holder.first_names),
        ins=holder.ins,
        ins_oid=holder.oid,
    )


def professional_author(author: Professional, place: Structure | None) -> CdaAuthor:
    """A professional of the directory, and where they signed in from."""
    return CdaAuthor(
        professional_id=f"8{author.rpps}",
        family_name=author.family_name,
        given_name=author.given_name,
        title=author.title,
        specialty_code=author.specialty_code or author.profession_code,
        specialty_label=author.specialty_label or author.profession_label,
        structure_id=place.number if place else "",
        structure_name=place.name if place else "",
    )


def marks(
    *, hidden: bool = False, patient_invisible: bool = False, representatives_invisible: bool = False
) -> tuple[str, ...]:
    """The visibility codes of a document (rules.md AR-17)."""
    said = (
        ("MASQUE_PS", hidden),
        ("INVISIBLE_PATIENT", patient_invisible),
        ("INVISIBLE_REPRESENTANTS_LEGAUX", representatives_invisible),
    )
    return ("N", *(code for code, marked in said if marked))


def noon(day: date) -> datetime:
    """The middle of a civil day: what only a day is known of."""
    return datetime.combine(day, time(12), clock.HOME_ZONE).astimezone(UTC)
