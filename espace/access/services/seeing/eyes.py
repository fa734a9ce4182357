"""Through whose eyes a record may be looked at by who manages it: "voir comme".

The standing of who is looked through is built by the same code, from the same facts, as their own; then it is bound to
the looker's, beyond which it lets nothing through (rules.md AR-13 to AR-15, MI-10).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import bindparam, select

from espace import db
from espace.access import policy
from espace.access.models import Opposition
from espace.access.policy import ConsentState, EmergencyMode, VisibilityRule, Window
from espace.access.services.decisions.consents import TEAM, ConsentLine, consents
from espace.access.services.matrix import ROLE_BASED, active_matrix
from espace.access.services.passing.open_now import Passing, open_now
from espace.access.services.personal import bound_standings, told_standing
from espace.access.services.practising import Supposed, supposed_standing
from espace.access.services.standing import standing
from espace.accounts import services as accounts
from espace.family import services as family
from espace.family.services import Bond
from espace.people import services as people
from espace.people.services import Professional, Structure
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing

BREAK_GLASS, CENTRE_15 = "urgence", "centre-15"
_TEAM, _PROFESSION = "equipe-", "metier-"
_DOCTOR = "G15_10"
_WAYS = {
    Window.READ.value: "read_until",
    Window.DEPOSIT.value: "deposit_until",
    EmergencyMode.BREAK_GLASS.value: "glass_until",
    EmergencyMode.CENTRE_15.value: "centre_until",
}
_MODES = {BREAK_GLASS: EmergencyMode.BREAK_GLASS, CENTRE_15: EmergencyMode.CENTRE_15}
_OPPOSED = select(Opposition.break_glass, Opposition.centre_15).where(Opposition.record_id == bindparam("record"))


class EyesKind(StrEnum):
    """What sort of reader."""

    PROFESSIONAL = "professional"
    TEAM = "team"
    PARENT = "parent"
    GUARDIAN = "guardian"
    CARER = "carer"
    PROFESSION = "profession"
    EMERGENCY = "emergency"


class Sees(StrEnum):
    """Whether they read the record."""

    NOW = "now"
    IF_GIVEN = "if-given"
    """They asked and wait for an answer, or it is asked of a profession at large: what an access would open."""
    IN_EMERGENCY = "in-emergency"
    NOTHING = "nothing"
    OPPOSED = "opposed"


@dataclass(frozen=True, slots=True)
class Eyes:
    """One reader through whose eyes the record may be looked at. `id` stands in addresses.

    `name` is empty for a profession at large and for emergencies; `about` says what they are and where; `line` is what
    was decided about a professional or a team. `standing` is None for who reads nothing.
    """

    id: str
    kind: EyesKind
    sees: Sees
    standing: Standing | None = None
    name: str = ""
    profession_code: str = ""
    about: str = ""
    place: str = ""
    grantee_id: UUID | None = None
    line: ConsentLine | None = None

    @property
    def is_ruled(self) -> bool:
        """Whether rules about single documents may be made for them."""
        return self.kind in (EyesKind.PROFESSIONAL, EyesKind.TEAM, EyesKind.CARER)


def visible(standing: Standing) -> VisibilityRule:
    """Which documents a standing lets through, as the policy says; through another's eyes, no more than the looker's.

    What the looker may not know of does not show itself by whom they look as (security.md R13).
    """
    rule = policy.visible(standing)
    if standing.through is None:
        return rule
    own = policy.visible(standing.through)
    return replace(
        rule,
        reads=rule.reads and own.reads,
        sees_hidden=rule.sees_hidden and own.sees_hidden,
        sees_patient_invisible=rule.sees_patient_invisible and own.sees_patient_invisible,
        sees_representatives_invisible=rule.sees_representatives_invisible and own.sees_representatives_invisible,
        sees_held=rule.sees_held and own.sees_held,
    )


def eyes(own: Standing, eyes_id: str) -> Eyes | None:
    """One of those through whose eyes this standing may look; None for nobody of this id."""
    if not own.may(Permission.ACCESS_MANAGE):
        return None
    if eyes_id in _MODES:
        return _emergency(own, eyes_id)
    if eyes_id.startswith(_PROFESSION):
        code = eyes_id.removeprefix(_PROFESSION)
        return _profession(own, code) if code in dict(professions()) else None
    if eyes_id.startswith(_TEAM):
        return _team(own, eyes_id)
    try:
        wanted = UUID(eyes_id)
    except ValueError:
        return None
    bond = _bond(own, wanted)
    return relative(own, bond) if bond else _professional(own, wanted)


def seen_as(own: Standing, eyes_id: str) -> Standing | None:
    """The record as this standing's looker sees it through another's eyes; None for nobody of this id.

    Without any right: they read nothing now, and `eyes` says why.
    """
    found = eyes(own, eyes_id)
    if found is None:
        return None
    if found.standing is None:
        nobody = _lent(Actor(ActorKind.PATIENT, uuid5(NAMESPACE_OID, eyes_id), found.name), own.actor)
        return Standing(nobody, own.record_id, Relation.CARER, own.holder_name, frozenset(), through=own)
    return found.standing


def professions() -> list[tuple[str, str]]:
    """The professions of the table, by their everyday name: code and name."""
    codes = [code for code in active_matrix().readable if code not in ROLE_BASED and "#" not in code]
    named = [(code, people.plain_label(code)) for code in codes if people.plain_label(code)]
    return sorted(named, key=lambda one: one[1])


def _lent(actor: Actor, looker: Actor) -> Actor:
    """Somebody as an actor, behind the veil of who looks as them."""
    return replace(
        actor,
        is_private=looker.is_private,
        is_veiled=looker.is_veiled,
        helper=looker.helper,
        assisted_until=looker.assisted_until,
        locale=looker.locale,
    )


def through(found: Standing | None, own: Standing) -> Standing | None:
    """A standing as who looks through it has it: no first visit, none at all."""
    return found and replace(
        found,
        actor=_lent(found.actor, own.actor),
        through=own,
        never_read=False,
        visit_due=False,
        places_kept=found.places_kept or own.places_kept,
        keeps_places=False,  # one's own choice, untold
    )


# --- professionals


def place_of(
    professional: Professional, line: ConsentLine | None, teams: Mapping[UUID, ConsentLine]
) -> Structure | None:
    """Where they practise: one whose team was decided upon, else the one they asked from; a blocked one comes last."""
    blocked = {place for place, team in teams.items() if team.state is ConsentState.BLOCKED}
    places = sorted(professional.structures, key=lambda one: one.id in blocked)  # a stable order
    asked_from = line.structure if line else ""
    best = next((one for one in places if one.id in teams.keys() - blocked), None)
    named = next((one for one in places if one.id not in blocked and one.display_name == asked_from), None)
    return best or named or next(iter(places), None)


def of_professional(
    own: Standing,
    professional: Professional,
    place: Structure | None,
    reads: Standing | None,
    line: ConsentLine | None,
    sees: Sees = Sees.NOW,
) -> Eyes:
    """A professional who reads so, through the looker's eyes."""
    return Eyes(
        str(professional.id),
        EyesKind.PROFESSIONAL,
        sees,
        standing=through(reads, own),
        name=professional.display_name,
        profession_code=professional.specialty_code or professional.profession_code,
        about=professional.plain_label,
        place=place.display_name if place and not own.places_kept else "",
        grantee_id=professional.id,
        line=line,
    )


def passing_to(professional_id: UUID, passing: Collection[Passing]) -> dict[str, datetime]:
    """Until when passing rights stand open to one professional, as `Held` names them."""
    ends: dict[str, datetime] = {}
    for one in passing:
        if one.professional_id == professional_id:
            name = _WAYS[one.way]
            ends[name] = max(one.until, ends.get(name, one.until))
    return ends


def _professional(own: Standing, professional_id: UUID) -> Eyes | None:
    """A professional the record knows of: who was given an access, asked for one, or reads by a passing right."""
    lines = consents(own)
    line = next((one for one in lines if one.grantee_id == professional_id and one.kind != TEAM), None)
    found = people.professionals([professional_id]).get(professional_id)
    if found is None:
        return None
    place = place_of(found, line, {one.grantee_id: one for one in lines if one.kind == TEAM})
    actor = people.actor_of(found, place)
    known = passing_to(professional_id, open_now(own))  # of a minor's secret code or emergency nothing is told
    reads = supposed_standing(actor, own.record_id, Supposed(passing=known))
    if reads is not None and reads.may(Permission.DOCUMENTS_READ):
        return of_professional(own, found, place, reads, line)
    if line is None:
        return None  # who merely found the record, or never did, is nobody here
    if line.state is ConsentState.ASKED:
        reads = supposed_standing(actor, own.record_id, Supposed(consent=True, passing=known))
        return of_professional(own, found, place, reads, line, Sees.IF_GIVEN)
    return of_professional(own, found, place, None, line, Sees.NOTHING)


def _team(own: Standing, eyes_id: str) -> Eyes | None:
    """Somebody of a profession who practises where the team was given an access: `equipe-<place>-<profession>`."""
    text = eyes_id.removeprefix(_TEAM)
    place_id, code = text[:36], text[37:]
    line = next((one for one in consents(own) if one.kind == TEAM and str(one.grantee_id) == place_id), None)
    if line is None or code not in dict(professions()):
        return None
    label = people.plain_label(code)
    actor = Actor(
        ActorKind.PROFESSIONAL,
        uuid5(own.record_id, eyes_id),
        label,
        profession=code,
        structure=line.name,
        structure_id=line.grantee_id,
    )
    reads = standing(actor, own.record_id)
    if reads is not None and not reads.may(Permission.DOCUMENTS_READ):
        reads = None
    return Eyes(
        eyes_id,
        EyesKind.TEAM,
        Sees.NOW if reads else Sees.NOTHING,
        standing=through(reads, own),
        name=line.name,
        profession_code=code,
        about=label,
        grantee_id=line.grantee_id,
        line=line,
    )


def team_id(place_id: UUID, profession_code: str) -> str:
    """The id of somebody of this profession in a team."""
    return f"{_TEAM}{place_id}-{profession_code}"


def profession_id(code: str) -> str:
    """The id of a profession at large."""
    return f"{_PROFESSION}{code}"


# --- suppositions


def _profession(own: Standing, code: str) -> Eyes:
    label = people.plain_label(code)
    actor = Actor(ActorKind.PROFESSIONAL, uuid5(own.record_id, code), label, profession=code)
    reads = supposed_standing(actor, own.record_id, Supposed(consent=True))
    seen = through(reads, own)
    return Eyes(profession_id(code), EyesKind.PROFESSION, Sees.IF_GIVEN, seen, profession_code=code, about=label)


def _emergency(own: Standing, eyes_id: str) -> Eyes:
    with db.read() as tx:
        opposed = tx.execute(_OPPOSED, {"record": own.record_id}).first()
    mode = _MODES[eyes_id]
    closed = opposed is not None and (opposed.break_glass if eyes_id == BREAK_GLASS else opposed.centre_15)
    if closed:
        return Eyes(eyes_id, EyesKind.EMERGENCY, Sees.OPPOSED, profession_code=_DOCTOR)
    actor = Actor(ActorKind.PROFESSIONAL, uuid5(own.record_id, eyes_id), "", profession=_DOCTOR)
    reads = supposed_standing(actor, own.record_id, Supposed(emergency=mode))
    seen = through(reads, own)
    return Eyes(eyes_id, EyesKind.EMERGENCY, Sees.IN_EMERGENCY, seen, profession_code=_DOCTOR)


# --- relatives


def bonds(own: Standing) -> list[Bond]:
    """Who is bound to the record besides the looker, a representative before a carer where one is both.

    As the looker may know: what a decision stops untold stands as before, carers whom a stopped parent named among it.
    """
    found: dict[UUID, Bond] = {}
    told = family.bonds_as_told(own.record_id, family.limited_openly(own.record_id))
    for one in sorted(told, key=lambda bond: bond.represents):
        if one.person_id != own.actor.person_id:
            found[one.person_id] = one
    return sorted(found.values(), key=lambda bond: (not bond.represents, bond.id))


def _bond(own: Standing, person_id: UUID) -> Bond | None:
    return next((one for one in bonds(own) if one.person_id == person_id), None)


def relative(own: Standing, bond: Bond) -> Eyes:
    """A parent, a guardian or a carer; a representative as far as the looker may know of them (security.md R15)."""
    actor = _relative_actor(bond, people.person(bond.person_id), accounts.account_of(bond.person_id))
    return _of_relative(own, bond, actor.name, told_standing(actor, bond))


def relatives(own: Standing) -> list[Eyes]:
    """All of them, each as `relative` has them, in as many statements as for one."""
    bound = bonds(own)
    persons = people.persons([one.person_id for one in bound])
    known = accounts.accounts_of([one.person_id for one in bound])
    actors = [_relative_actor(one, persons[one.person_id], known.get(one.person_id)) for one in bound]
    stand = bound_standings(own.record_id, list(zip(actors, bound, strict=True)))
    return [_of_relative(own, bond, actor.name, reads) for bond, actor, reads in zip(bound, actors, stand, strict=True)]


def _relative_actor(bond: Bond, person: people.Person, account: accounts.AccountFacts | None) -> Actor:
    return Actor(
        ActorKind.PATIENT,
        account.id if account else bond.person_id,
        person.display_name,
        person_id=bond.person_id,
    )


def _of_relative(own: Standing, bond: Bond, name: str, reads: Standing | None) -> Eyes:
    if reads is not None and not reads.may(Permission.DOCUMENTS_READ):
        reads = None
    return Eyes(
        str(bond.person_id),
        EyesKind(bond.kind),
        Sees.NOW if reads else Sees.NOTHING,
        standing=through(reads, own),
        name=name,
        grantee_id=bond.person_id,
    )
