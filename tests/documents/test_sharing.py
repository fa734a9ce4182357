"""Share links: what goes in, what stays out, who comes by one, how it ends; sealed files read by the rules apart."""

import json
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import update

from espace import clock as clocks
from espace import crypto, db, storage
from espace.access import services as access
from espace.access.services import Answer, passing_lines
from espace.access.services.passing import links
from espace.access.services.passing.links import LinkKind, LinkState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document, SharedFile
from espace.documents.services.passing import choosing, receiving, sharing
from espace.documents.services.passing.receiving import WrongPasscodeError
from espace.documents.services.passing.sharing import MadeShare, NewShare
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.family.models import Link
from espace.family.services import parents
from espace.interop import shlink
from espace.machines import Machines
from espace.permissions import Standing, Visitor
from espace.records import services as records
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf

VISITOR = Visitor("192.0.2.44", browser="Firefox", system="Android")
PASSCODE = "482915"


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account and two documents."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


def new(ids: list[UUID], **other: object) -> NewShare:
    """What is asked of a link."""
    asked = NewShare(document_ids=ids, classes=(), label="Médecin à Lisbonne", passcode=PASSCODE, hours=72, most=3)
    return replace(asked, **other)  # type: ignore[arg-type]


def made(standing: Standing, ids: list[UUID], **other: object) -> MadeShare:
    """A link of these documents."""
    return sharing.share(standing, new(ids, **other), "Documents de santé")


def token_of(share: MadeShare) -> str:
    """The token inside a link."""
    return share.address.partition("/partage/")[2].partition("#")[0]


def came(share: MadeShare) -> receiving.Guest:
    """Somebody who opened a link on its page."""
    visit, key = receiving.enter(token_of(share), "Dr Silva", PASSCODE, share.address, VISITOR)
    return receiving.guest(token_of(share), visit, key)


def octets(text: str) -> bytes:
    """Base64url, read apart from the house's own."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened_apart(sealed: bytes, key: str) -> dict[str, object]:
    """A sealed file opened by an independent reading of RFC 7516 and of the rules of SMART Health Links."""
    head, wrapped, nonce, body, tag = sealed.decode().split(".")
    header = json.loads(octets(head))
    assert (header["alg"], header["enc"], header["cty"]) == ("dir", "A256GCM", "application/fhir+json")
    assert wrapped == ""
    assert len(octets(nonce)) == 12
    assert len(octets(key)) == 32
    plain = AESGCM(octets(key)).decrypt(octets(nonce), octets(body) + octets(tag), head.encode())
    found: dict[str, object] = json.loads(plain)
    return found


def test_the_link_has_the_shape_others_read(holder: Citizen) -> None:
    share = made(holder.standing(), [build.document(holder.standing())])
    page, _, packed = share.address.partition("#shlink:/")
    payload = json.loads(octets(packed))
    assert set(payload) == {"url", "key", "exp", "flag", "label", "v"}
    assert payload["url"] == f"{page}/manifeste"
    assert len(payload["url"]) <= 128
    assert len(octets(token_of(share))) == 32
    assert (payload["flag"], payload["v"], len(payload["key"])) == ("P", 1, 43)
    assert payload["exp"] == int((clocks.now() + timedelta(hours=72)).timestamp())
    assert "Lisbonne" not in str(payload)  # one's own words do not leave


def test_a_sealed_file_opens_by_the_rules_and_holds_the_document(holder: Citizen) -> None:
    standing = holder.standing()
    document_id = build.document(standing, "Ordonnance du cardiologue")
    share = made(standing, [document_id])
    (given,) = receiving.manifest(token_of(share), "Viewer", PASSCODE, None, VISITOR)
    way, sealed = given
    assert way == "embedded"
    assert isinstance(sealed, bytes)
    bundle = opened_apart(sealed, shlink.key_in(share.address))
    resources = {one["resource"]["resourceType"]: one["resource"] for one in bundle["entry"]}  # type: ignore[attr-defined]
    assert set(resources) == {"Patient", "DocumentReference", "Binary"}
    reference = resources["DocumentReference"]
    assert reference["description"] == "Ordonnance du cardiologue"
    (content,) = reference["content"]
    addresses = {one["fullUrl"] for one in bundle["entry"]}  # type: ignore[attr-defined]
    assert {content["attachment"]["url"], reference["subject"]["reference"]} <= addresses
    assert resources["Patient"]["name"][0]["text"] == "Claire Fontenay"
    assert holder.ins not in json.dumps(resources["Patient"])
    assert resources["Binary"]["contentType"] == "application/pdf"
    with db.read() as tx:
        facts = documents.document(standing, document_id)
        assert octets(resources["Binary"]["data"].replace("+", "-").replace("/", "_").rstrip("=")) == (
            storage.current().open(tx, holder.record_id, facts.body_file_id).read_all()
        )


def test_neither_token_nor_key_nor_passcode_is_kept(holder: Citizen) -> None:
    share = made(holder.standing(), [build.document(holder.standing())])
    came(share)
    key = shlink.key_in(share.address)
    secrets = [token_of(share).encode(), key.encode(), octets(key), PASSCODE.encode()]
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for row in tx.execute(table.select()).all():
                kept = b"|".join(one if isinstance(one, bytes) else str(one).encode() for one in row if one is not None)
                assert not any(secret in kept for secret in secrets), table.name
        (line,) = links.links(holder.standing(), LinkKind.SHARE)
        (file,) = tx.execute(SharedFile.__table__.select()).all()
        sealed = storage.current().open(tx, holder.record_id, file.id).read_all()
    assert crypto.token_hash(token_of(share)) != b""
    assert line.passcode_hash.startswith("$argon2id$")
    assert b"Compte rendu" not in sealed


def test_what_a_guest_opens_is_told_once_by_name(holder: Citizen) -> None:
    standing = holder.standing()
    first, second = build.document(standing, "Bilan"), build.document(standing, "Radio", date(2026, 10, 1))
    share = made(standing, [first, second])
    guest = came(share)
    assert [one.id for one in receiving.documents(guest)] == [first, second]
    for _ in range(2):
        assert receiving.opened(guest, first).document.id == first
    document, content = receiving.downloaded(guest, second)
    assert content.startswith(b"%PDF")
    line = links.link(standing, LinkKind.SHARE, share.id)
    (visit,) = links.visits(standing, line)
    assert (visit.name, visit.means, visit.device) == ("Dr Silva", "page", "Firefox, Android")
    assert visit.documents == (first, document.id)
    found = audit.entries(holder.record_id, mine=False, holder_actor_ids=[standing.actor.id], before=None, limit=10)
    told = [(entry.action, [thing["title"] for thing in entry.objects]) for entry in found][2::-1]
    assert told == [
        (Action.SHARE_OPENED, ["Bilan", "Radio"]),
        (Action.SHARE_DOCUMENT_OPENED, ["Bilan"]),
        (Action.SHARE_DOCUMENT_OPENED, ["Radio"]),
    ]
    sent = [str(one["message"]) for one in build.mails_to(holder.email)]
    assert sent.count("share-opened") == 1
    assert "192.0.2" not in str(visit)


@pytest.mark.parametrize("mark", ["hidden", "patient_invisible", "representatives_invisible"])
def test_what_is_hidden_or_secret_goes_into_no_link_and_leaves_those_made(holder: Citizen, mark: str) -> None:
    standing = holder.standing()
    kept, left = build.document(standing, "Reste"), build.document(standing, "Part")
    share = made(standing, [kept, left])
    guest = came(share)
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == left).values(**{mark: True}))
    assert [one.id for one in receiving.documents(guest)] == [kept]
    with pytest.raises(NotFoundError):
        receiving.downloaded(guest, left)
    with pytest.raises(NotFoundError):
        receiving.opened(guest, left)
    assert len(receiving.manifest(token_of(share), "App", PASSCODE, None, VISITOR)) == 1
    assert left not in {one.id for one in choosing.choices(standing).documents}
    with pytest.raises(InvalidError):
        made(standing, [left])
    assert made(standing, [kept, left]).count == 1


def test_a_parent_shares_nothing_they_may_not_see(machines: Machines) -> None:
    access.ensure_matrix()
    mother = build.citizen("Claire", "Fontenay")
    child = build.citizen("Lou", "Fontenay", birth=date(2011, 5, 2), parents=[mother])
    own, parent = child.standing(), mother.standing(child.record_id)
    seen = build.document(own, "Vue")
    secret = documents.add(
        own, documents.AddDocument("Secret", date(2026, 11, 1), "DOCPAT05", pdf("Secret"), secret=True)
    ).id
    assert [one.id for one in choosing.choices(parent).documents] == [seen]
    with pytest.raises(InvalidError):
        made(parent, [secret])
    by_category = made(parent, [], classes=("90",))
    assert by_category.count == 1


def test_a_link_shows_its_maker_no_place_that_is_kept_from_them(machines: Machines) -> None:
    """Who opens their own link reads nothing that the other parent's two homes keep from them (R15)."""
    access.ensure_matrix()
    mother, father = build.citizen("Claire"), build.citizen("Marc", "Lecomte", sex="M")
    child = build.citizen("Jules", "Lecomte", sex="M", birth=date(2018, 3, 4), parents=[mother, father])
    ids = [build.document(mother.standing(child.record_id))]
    share = made(father.standing(child.record_id), ids)
    guest = came(share)
    assert not receiving.opened(guest, ids[0]).places_kept
    parents.choose_two_homes(mother.standing(child.record_id), on=True)
    visit, key = receiving.enter(token_of(share), "Marc", PASSCODE, share.address, VISITOR)
    assert receiving.opened(receiving.guest(token_of(share), visit, key), ids[0]).places_kept


def test_foreign_documents_go_into_no_link(holder: Citizen) -> None:
    other = build.citizen("Luc", "Bernard", sex="M")
    foreign = build.document(other.standing())
    with pytest.raises(InvalidError):
        made(holder.standing(), [foreign])


def ends(holder: Citizen, share: MadeShare, clock: FakeClock, how: str) -> None:
    """One of the ways in which a link is over."""
    match how:
        case "closed":
            sharing.close(holder.standing(), share.id)
        case "expired":
            clock.advance(timedelta(hours=72))
        case "record closed":
            records.close(holder.actor, holder.record_id)
        case "refused":
            for _ in range(links.TRIES):
                clock.advance(timedelta(seconds=31))
                with pytest.raises((InvalidError, NotFoundError)):
                    receiving.enter(token_of(share), "X", "000000", share.address, VISITOR)


@pytest.mark.parametrize("how", ["closed", "expired", "record closed", "refused"])
def test_a_link_that_is_over_is_one_that_never_was(holder: Citizen, clock: FakeClock, how: str) -> None:
    share = made(holder.standing(), [build.document(holder.standing())])
    guest = came(share)
    (given,) = receiving.manifest(token_of(share), "App", PASSCODE, 0, VISITOR)
    ticket = str(given[1]).rpartition("/")[2]
    assert receiving.fetched(ticket)
    ends(holder, share, clock, how)
    token = token_of(share)
    for act in (
        lambda: receiving.enter(token, "Dr Silva", PASSCODE, share.address, VISITOR),
        lambda: receiving.manifest(token, "App", PASSCODE, None, VISITOR),
        lambda: receiving.guest(token, "x", guest.key),
        lambda: receiving.fetched(ticket),
        lambda: receiving.enter(crypto.new_token(), "Dr Silva", PASSCODE, share.address, VISITOR),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert not receiving.is_open(token)


@pytest.mark.parametrize("sees_before", [False, True])
def test_a_frozen_parents_link_closes_at_once(machines: Machines, sees_before: bool) -> None:
    access.ensure_matrix()
    mother = build.citizen("Claire", "Fontenay")
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=[mother], activated=False)
    parent = mother.standing(child.record_id)
    share = made(parent, [build.document(parent)])
    guest = came(share)
    now = clocks.now()
    with db.write() as tx:
        frozen = {"frozen_at": now, "sees_before": now + timedelta(days=1) if sees_before else None}
        tx.execute(update(Link).where(Link.record_id == child.record_id).values(**frozen))
    assert not receiving.is_open(token_of(share))
    with pytest.raises(NotFoundError):
        receiving.guest(token_of(share), str(guest.visit_id), guest.key)


def test_openings_are_counted_and_end_the_link(holder: Citizen) -> None:
    share = made(holder.standing(), [build.document(holder.standing())], most=1)
    guest = came(share)
    assert receiving.documents(guest)  # who came goes on
    with pytest.raises(NotFoundError):
        receiving.enter(token_of(share), "Autre", PASSCODE, share.address, VISITOR)
    assert links.link(holder.standing(), LinkKind.SHARE, share.id).state is LinkState.USED


def test_of_many_at_once_as_many_open_as_may(holder: Citizen, machines: Machines) -> None:
    share = made(holder.standing(), [build.document(holder.standing())], most=3)

    def attempt(number: int) -> bool:
        machines.bind()
        try:
            receiving.manifest(token_of(share), "App", PASSCODE, 0, Visitor(f"192.0.2.{number}"))
        except (NotFoundError, ThrottledError):
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(attempt, range(6)))
    assert sum(opened) <= 3
    assert links.link(holder.standing(), LinkKind.SHARE, share.id).used == sum(opened)


def test_wrong_passcodes_are_counted_for_life(holder: Citizen, clock: FakeClock) -> None:
    share = made(holder.standing(), [build.document(holder.standing())])
    left = []
    for _ in range(3):
        clock.advance(timedelta(hours=2))
        with pytest.raises(WrongPasscodeError) as wrong:
            receiving.manifest(token_of(share), "App", "000000", None, VISITOR)
        left.append(wrong.value.left)
    assert left == [9, 8, 7]
    assert receiving.manifest(token_of(share), "App", PASSCODE, None, VISITOR)
    assert links.link(holder.standing(), LinkKind.SHARE, share.id).tries_left == 7  # a good one gives none back


def test_another_links_key_opens_nothing_and_counts_no_opening(holder: Citizen) -> None:
    standing = holder.standing()
    one, other = made(standing, [build.document(standing)]), made(standing, [build.document(standing, "Autre")])
    for wrong in (other.address, "nonsense", shlink.new_key(), one.address[:-8]):
        with pytest.raises(InvalidError) as refused:
            receiving.enter(token_of(one), "Dr Silva", PASSCODE, wrong, VISITOR)
        assert set(refused.value.problems) == {"link"}
    assert links.link(standing, LinkKind.SHARE, one.id).used == 0
    assert links.link(standing, LinkKind.SHARE, one.id).tries_left == links.TRIES


def test_a_visit_ends_after_half_an_hour_and_serves_one_link(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    one, other = made(standing, [build.document(standing)]), made(standing, [build.document(standing, "Autre")])
    visit, key = receiving.enter(token_of(one), "Dr Silva", PASSCODE, one.address, VISITOR)
    with pytest.raises(NotFoundError):
        receiving.guest(token_of(other), visit, key)
    clock.advance(receiving.VISIT)
    with pytest.raises(NotFoundError):
        receiving.guest(token_of(one), visit, key)


def test_making_asks_for_a_fresh_proof_closing_never_does(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    document_id = build.document(standing)
    share = made(standing, [document_id])
    clock.advance(timedelta(minutes=5))
    with pytest.raises(StepUpError):
        made(standing, [document_id])
    sharing.close(standing, share.id)
    assert links.link(standing, LinkKind.SHARE, share.id).state is LinkState.CLOSED


@pytest.mark.parametrize(
    "passcode", ["12345", "111111", "123456", "654321", "14031988", "19880314", "140388", "x" * 31]
)
def test_a_passcode_that_is_tried_first_is_refused(holder: Citizen, passcode: str) -> None:
    with pytest.raises(InvalidError) as refused:
        made(holder.standing(), [build.document(holder.standing())], passcode=passcode)
    assert set(refused.value.problems) == {"passcode"}


def test_what_is_wrong_is_said_together(holder: Citizen) -> None:
    with pytest.raises(InvalidError) as refused:
        made(holder.standing(), [], label=" ", passcode="", hours=5, most=4)
    assert set(refused.value.problems) == {"documents", "label", "passcode", "hours", "most"}


def test_a_professional_and_a_stranger_make_no_link(holder: Citizen) -> None:
    doctor = build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    document_id = build.document(holder.standing())
    standing = doctor.standing(holder.record_id)
    assert standing is not None
    for act in (lambda s: made(s, [document_id]), lambda s: links.links(s, LinkKind.SHARE), passing_lines):
        with pytest.raises(NotFoundError):
            act(standing)


def test_what_was_sealed_goes_with_the_link(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    files = storage.current().count(holder.record_id)
    document_id = build.document(standing)
    with_document = storage.current().count(holder.record_id)
    share = made(standing, [document_id])
    assert storage.current().count(holder.record_id) == with_document + 1
    sharing.close(standing, share.id)
    assert storage.current().count(holder.record_id) == with_document > files
    made(standing, [document_id], hours=1)
    assert sharing.sweep() == 0
    clock.advance(timedelta(hours=1))
    assert sharing.sweep() == 1
    assert storage.current().count(holder.record_id) == with_document


def test_an_orphan_sweep_leaves_what_links_name(holder: Citizen, clock: FakeClock) -> None:
    from espace.documents.services import sweeping

    share = made(holder.standing(), [build.document(holder.standing())], hours=720)
    clock.advance(timedelta(days=2))
    sweeping.sweep()
    assert receiving.manifest(token_of(share), "App", PASSCODE, None, VISITOR)


def test_an_erased_record_answers_as_one_that_never_was(holder: Citizen) -> None:
    share = made(holder.standing(), [build.document(holder.standing())])
    with db.write() as tx:
        crypto.destroy(tx, holder.record_id)
    assert not receiving.is_open(token_of(share))
    with pytest.raises(NotFoundError):
        receiving.manifest(token_of(share), "App", PASSCODE, None, VISITOR)
