"""A FranceConnect-style identity as first proof: instead of the letter, or instead of the password (rules.md AC-8).

Off unless `identity_issuer` is set. It never replaces the second factor (security.md R3), and it opens an activation
only for the person whose strict traits it tells exactly (rules.md ID-1): the number is typed, as the provider does
not know it.
"""

import re
import unicodedata
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from espace import crypto, db, settings
from espace.accounts.models import Account
from espace.audit.services import Action
from espace.interop import openid
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Visitor, demand_fresh_proof

from . import account_rows, outside, throttle
from .outside import Back, Begun, TripRefusedError
from .security_change import settle
from .sign_in import await_second

SCOPE = "openid given_name family_name birthdate gender birthplace birthcountry"
_PURPOSE = "outside-identity"
_SEXES = {"female": "F", "male": "M"}


def configured() -> bool:
    """Whether this house offers it."""
    return bool(settings.current().identity_issuer)


def entrance() -> str:
    """The origin of the provider's sign-in page.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    return openid.endpoints(_party()).entrance


def leave_to_sign_in() -> Begun:
    """Begin a sign-in.

    Raises:
        ProviderDownError: when the provider does not answer.
    """
    return outside.leave(_party(), _PURPOSE, {"act": "sign-in"})


def leave_to_activate(ins: str, visitor: Visitor) -> Begun:
    """Begin an activation of the person of this INS (15 characters, with a right key).

    Raises:
        ThrottledError: when the next try is not due yet.
        ProviderDownError: when the provider does not answer.
    """
    throttle.admit(throttle.names_for("activation", ins, visitor.address))
    return outside.leave(_party(), _PURPOSE, {"act": "activation", "ins": ins})


def leave_to_link(actor: Actor) -> Begun:
    """Begin to link the actor's account with an outside identity.

    Raises:
        StepUpError: when the actor's proof is not fresh (R9: factors).
        ProviderDownError: when the provider does not answer.
    """
    demand_fresh_proof(actor)
    return outside.leave(_party(), _PURPOSE, {"act": "link", "session": str(actor.session_id)})


def come_back(*, state: str, code: str, browser: str) -> Back:
    """Who comes back; `facts["act"]` says why they left: `sign-in`, `activation` (with `ins`) or `link`.

    Raises:
        TripRefusedError: when the return is not one of ours, or proves nobody.
        ProviderDownError: when the provider does not answer.
    """
    return outside.come_back(_party(), _PURPOSE, state=state, code=code, browser=browser)


def sign_in(back: Back, visitor: Visitor) -> str:
    """The first proof of a linked account; gives the token of a session that waits for the second factor.

    Raises:
        TripRefusedError: `not-linked`, when this identity opens no account.
    """
    with db.read() as tx:
        account_id = tx.execute(select(Account.id).where(Account.provider_index == index_of(back.claims))).scalar()
    if account_id is None:
        raise TripRefusedError("not-linked")
    return await_second(account_rows.held(account_id), visitor)


def person_of(back: Back) -> Person:
    """The person an activation is for, once the identity proved is theirs.

    Raises:
        TripRefusedError: `not-matching`, when it is not, or nobody of this number is known: which is not told (R5).
    """
    person = people.find_person(back.facts["ins"])
    if person is None or not _fits(person, back.claims):
        raise TripRefusedError("not-matching")
    return person


def link(actor: Actor, back: Back) -> None:
    """Link the actor's account with the identity that came back to the same session.

    Raises:
        TripRefusedError: `not-matching`, when it is not the actor's own identity, or the trip began in another
            session; `taken`, when it opens another account already.
    """
    if back.facts["session"] != str(actor.session_id) or actor.person_id is None:
        raise TripRefusedError("not-matching")
    if not _fits(people.person(actor.person_id), back.claims):
        raise TripRefusedError("not-matching")
    try:
        _write(actor, index_of(back.claims), Action.IDENTITY_LINKED)
    except IntegrityError:
        raise TripRefusedError("taken") from None


def unlink(actor: Actor) -> None:
    """Have the outside identity open the actor's account no longer.

    Raises:
        StepUpError: when the actor's proof is not fresh (R9: factors).
    """
    demand_fresh_proof(actor)
    _write(actor, None, Action.IDENTITY_UNLINKED)


def is_linked(account_id: UUID) -> bool:
    """Whether an outside identity opens this account."""
    with db.read() as tx:
        return tx.execute(select(Account.provider_index).where(Account.id == account_id)).scalar() is not None


def index_of(claims: dict[str, Any]) -> bytes:
    """Under what an outside identity is found: the provider and its name for the person."""
    return crypto.blind("outside-identity", f"{settings.current().identity_issuer} {claims['sub']}")


def _write(actor: Actor, index: bytes | None, action: Action) -> None:
    """A first proof more, or less: as with every lock, other sessions end and the person is told (R8)."""
    with db.write() as tx:
        account = account_rows.locked(tx, actor.id)
        tx.execute(update(Account).where(Account.id == actor.id).values(provider_index=index))
        settle(actor, account, action)


def _fits(person: Person, claims: dict[str, Any]) -> bool:
    """Whether the strict traits told are this person's: birth name, first given name, birth date, sex, birthplace."""
    given, first = str(claims.get("given_name", "")), person.first_names[0]
    place = str(claims.get("birthplace") or claims.get("birthcountry") or "")
    return (
        _plain(str(claims.get("family_name", ""))) == _plain(person.birth_name)
        and (_plain(given) == _plain(first) or _begins(given, first))
        and claims.get("birthdate") == person.birth_date.isoformat()
        and _SEXES.get(str(claims.get("gender"))) == person.sex
        and (not place or not person.birth_place or place == person.birth_place)
    )


def _begins(given: str, first: str) -> bool:
    """Whether the first of these given names is `first`. A hyphen counts: Marie-Claire is not her twin Marie."""
    told, ours = _apart(given), _apart(first)
    return bool(ours) and told[: len(ours)] == ours


def _apart(names: str) -> list[str]:
    """Given names one by one; what a hyphen joins is one name."""
    whole = re.sub(r"\s*[-\u2010-\u2015]\s*", "-", names)
    return [plain for name in whole.split() if (plain := _plain(name).replace(" ", "-"))]


def _plain(name: str) -> str:
    """A name without accents, capitals and marks: civil status and card do not write them alike."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[^a-z]+", " ", "".join(c for c in letters if not unicodedata.combining(c))).strip()


def _party() -> openid.Party:
    given = settings.current()
    return openid.Party(
        issuer=given.identity_issuer,
        client_id=given.identity_client_id,
        client_secret=given.identity_client_secret,
        callback=given.base_url.rstrip("/") + "/connexion/identite/retour",
        scope=SCOPE,
        acr=given.identity_acr,
        demands_acr=bool(given.identity_acr),
    )
