"""Why files were set aside, and where they stand, in words for operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask_babel import gettext

from espace.administration.services.quarantine import mark
from espace.documents.services.aside.quarantine_desk import Aside
from espace.permissions import Actor
from espace.web.i18n import instant
from espace.words import N_, Message

_REASONS: Mapping[str, Message] = MappingProxyType(
    {
        "unknown-patient": N_("Nobody here has this INS number"),
        "traits-mismatch": N_("The number is known, but the names, the birth date or the sex differ"),
        "several-patients": N_("It names several people"),
        "other-recipient": N_("The message it came with was written to somebody else"),
        "contradictory-patients": N_("The archive and the document name different people"),
        "no-identity": N_("It names nobody"),
        "no-ins": N_("It has no INS number"),
        "bad-ins": N_("Its INS number is wrong"),
        "no-record": N_("This person has no space yet"),
        "record-not-open": N_("This person's space is not open yet"),
        "record-suspended": N_("This person's space is suspended"),
        "record-deceased": N_("A death was declared for this person"),
        "unknown-type": N_("Its kind is not one of ours"),
        "type-not-accepted": N_("Documents of this kind come another way"),
        "bad-date": N_("Its date is wrong or still to come"),
        "unknown-visibility": N_("It says who may see it in a way that is not known"),
        "visibility-conflict": N_("It says two opposite things of who may see it"),
        "unique-id-reused": N_("Its number is that of another document"),
        "version-reused": N_("Its version is that of another document"),
        "metadata-mismatch": N_("The archive and the document say different things"),
        "no-id": N_("It has no number of its own"),
        "no-code": N_("It does not say what it is"),
        "no-body": N_("It has a header and no content"),
        "body-broken": N_("Its content is damaged or lies elsewhere"),
        "dtd": N_("It carries orders for the reading software, which are never obeyed"),
        "too-deep": N_("It is built in a way that no true document is"),
        "too-large": N_("It is too large"),
        "not-xml": N_("It is damaged"),
        "not-cda": N_("It is only a part of a document"),
        "virus": N_("The scanner knows it as harmful"),
        "scanner-down": N_("The scanner did not answer"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One file in the list: no name, nothing of what it says. `state` is one of `new`, `mine` and `awaits`."""

    href: str
    reason: str
    when: str
    mark: str
    state: str


def reason(code: str) -> str:
    """Why it was set aside, in a sentence; archives have many ways of being faulty."""
    if code in _REASONS:
        return str(gettext(_REASONS[code].msgid))
    if code.startswith("xdm"):
        return str(gettext("It is an archive that contradicts itself, or is damaged"))
    if code.startswith("body-"):
        return str(gettext("Its content cannot be read"))
    return str(gettext("It could not be filed by itself"))


def line(aside: Aside, actor: Actor) -> Line:
    """One file as it stands in the list."""
    state = "new" if aside.proposed_by is None else "mine" if aside.proposed_by == actor.id else "awaits"
    place = f"/admin/quarantaine/{aside.id}"
    return Line(place, reason(aside.reason), instant(aside.received_at), mark(aside.id), state)
