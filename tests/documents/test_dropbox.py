"""The drop-box: files judged as one's own, nothing told of the record, one use, accepted or thrown away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID

import pikepdf
import pytest

from espace import crypto, db, storage
from espace.access import services as access
from espace.access.services.passing import links
from espace.access.services.passing.links import LinkKind, LinkState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import GuestFile
from espace.documents.services import sweeping
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.forgetting import forget_record
from espace.documents.services.passing import guests
from espace.documents.services.passing.guests import Deposit
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.machines import Machines
from espace.permissions import Standing, Visitor
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import jpeg, pdf
from tests.support.scanner import EICAR, Scanner
from tests.support.scanner import scanner as scanner_on

VISITOR = Visitor("192.0.2.77")
SAID = Described(title="Bilan de kiné", date=date(2026, 11, 3), type_code="DOCPAT03")


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


def link(standing: Standing, hours: int = 168) -> tuple[UUID, str]:
    """A link to receive files: its id and its token."""
    made = guests.make(standing, "Mon kiné", hours)
    return made.id, made.address.rpartition("/")[2]


def deposit(content: bytes = b"", name: str = "Paul Riou", words: str = "Bilan de rééducation") -> Deposit:
    """One file, with a name and a few words."""
    return Deposit(name, words, [Upload("bilan.pdf", content or pdf("Bilan"))])


def test_a_file_waits_is_accepted_and_keeps_its_mark(holder: Citizen) -> None:
    standing = holder.standing()
    link_id, token = link(standing)
    assert guests.first_name(token) == "Claire"
    assert guests.leave(token, deposit(), VISITOR) == []
    (left,) = guests.waiting(standing)
    assert (left.name, left.words, left.link_id) == ("Paul Riou", "Bilan de rééducation", link_id)
    assert documents.page(standing).rows == ()
    added = guests.accept(standing, left.id, SAID)
    document = documents.document(standing, added.id)
    assert (document.title, document.author, document.guest, document.by_patient) == (
        SAID.title,
        "Paul Riou",
        True,
        True,
    )
    assert document.depositor == "Claire Fontenay"
    assert guests.waiting(standing) == []
    with pytest.raises(NotFoundError):
        guests.accept(standing, left.id, SAID)  # a second click


def test_its_person_is_told_without_content(holder: Citizen) -> None:
    _, token = link(holder.standing())
    before = len(build.mails_to(holder.email))
    guests.leave(token, deposit(), VISITOR)
    sent = build.mails_to(holder.email)[before:]
    assert [str(one["message"]) for one in sent] == ["guest-file"]
    assert not any(word in str(sent) for word in ("Paul", "Riou", "bilan", "Bilan", "Claire"))


def test_a_link_serves_once(holder: Citizen, machines: Machines) -> None:
    link_id, token = link(holder.standing())

    def attempt(number: int) -> bool:
        machines.bind()
        try:
            return guests.leave(token, deposit(pdf(f"{number}")), Visitor(f"192.0.2.{number}")) == []
        except (NotFoundError, ThrottledError):
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert len(guests.waiting(holder.standing())) == 1
    assert links.link(holder.standing(), LinkKind.DROP, link_id).state is LinkState.USED
    with pytest.raises(NotFoundError):
        guests.first_name(token)


BAD = {
    "nothing": b"",
    "a program": b"MZ\x90\x00" + b"\x00" * 200,
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "half a picture": jpeg()[:200],
    "an archive": b"PK\x03\x04" + b"\x00" * 300,
    "a broken PDF": b"%PDF-1.7\n" + b"x" * 300,
    "too heavy": b"%PDF-1.7\n" + b"0" * (26 * 1024 * 1024),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_bad_file_is_refused_with_a_reason_and_uses_nothing_up(holder: Citizen, what: str) -> None:
    link_id, token = link(holder.standing())
    files = storage.current().count(holder.record_id)
    given = Deposit("Paul Riou", "", [Upload("x.pdf", BAD[what])])
    (refused,) = guests.leave(token, given, VISITOR)
    assert refused.why
    assert guests.waiting(holder.standing()) == []
    assert storage.current().count(holder.record_id) == files
    assert links.link(holder.standing(), LinkKind.DROP, link_id).state is LinkState.OPEN
    assert guests.leave(token, deposit(), VISITOR) == []


def test_hidden_data_and_programs_do_not_come_in(holder: Citizen) -> None:
    written = pikepdf.open(BytesIO(pdf("Bilan")))
    written.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    out = BytesIO()
    written.save(out)
    _, token = link(holder.standing())
    assert guests.leave(token, deposit(out.getvalue()), VISITOR) == []
    (left,) = guests.waiting(holder.standing())
    _, kept = guests.content(holder.standing(), left.id)
    assert b"JavaScript" not in kept


def test_what_waits_is_bounded(holder: Citizen) -> None:
    standing = holder.standing()
    many = [Upload(f"{number}.pdf", pdf(f"{number}")) for number in range(guests.MAX_FILES)]
    for _ in range(guests.MAX_WAITING // guests.MAX_FILES):
        assert guests.leave(link(standing)[1], Deposit("Paul", "", many), VISITOR) == []
    with pytest.raises(InvalidError) as refused:
        guests.leave(link(standing)[1], deposit(), VISITOR)
    assert set(refused.value.problems) == {"file"}
    with pytest.raises(InvalidError):
        guests.leave(link(standing)[1], Deposit("Paul", "", [*many, many[0]]), VISITOR)


def test_tries_are_slowed_down(holder: Citizen) -> None:
    _, token = link(holder.standing())
    bad = Deposit("Paul", "", [Upload("x", BAD["a program"])])
    for _ in range(4):
        assert guests.leave(token, bad, VISITOR)
    with pytest.raises(ThrottledError):
        guests.leave(token, bad, VISITOR)


@pytest.mark.parametrize("how", ["closed", "expired", "record closed", "never made"])
def test_a_link_that_is_over_is_one_that_never_was(holder: Citizen, clock: FakeClock, how: str) -> None:
    standing = holder.standing()
    link_id, token = link(standing, hours=24)
    if how == "closed":
        links.close(standing, LinkKind.DROP, link_id)
    elif how == "expired":
        clock.advance(timedelta(hours=24))
    elif how == "record closed":
        records.close(holder.actor, holder.record_id)
    else:
        token = crypto.new_token()
    with pytest.raises(NotFoundError):
        guests.first_name(token)
    with pytest.raises(NotFoundError):
        guests.leave(token, deposit(), VISITOR)


def test_what_is_thrown_away_is_gone(holder: Citizen) -> None:
    standing = holder.standing()
    files = storage.current().count(holder.record_id)
    guests.leave(link(standing)[1], deposit(), VISITOR)
    (left,) = guests.waiting(standing)
    guests.throw_away(standing, left.id)
    assert guests.waiting(standing) == []
    assert storage.current().count(holder.record_id) == files
    with pytest.raises(NotFoundError):
        guests.throw_away(standing, left.id)


def test_a_minors_own_link_tells_their_parents_nothing(machines: Machines) -> None:
    access.ensure_matrix()
    mother = build.citizen("Claire", "Fontenay")
    teen = build.citizen("Lou", "Fontenay", birth=date(2011, 5, 2), parents=[mother])
    own, parent = teen.standing(), mother.standing(teen.record_id)
    _, token = link(own)
    mails = len(build.mails_to(mother.email))
    guests.leave(token, deposit(), VISITOR)
    assert len(guests.waiting(own)) == 1
    assert guests.waiting(parent) == []
    assert links.links(parent, LinkKind.DROP) == []
    assert len(build.mails_to(mother.email)) == mails
    (left,) = guests.waiting(own)
    for act in (
        lambda: guests.one_left(parent, left.id),
        lambda: guests.accept(parent, left.id, SAID),
        lambda: guests.throw_away(parent, left.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    found = audit.entries(teen.record_id, mine=False, holder_actor_ids=[], before=None, limit=10)
    marked = [entry for entry in found if entry.action in (Action.DROP_MADE, Action.GUEST_FILE_LEFT)]
    assert len(marked) == 2
    assert all("representatives_invisible" in thing for entry in marked for thing in entry.objects)


def test_a_stranger_and_a_foreign_file_are_alike(holder: Citizen) -> None:
    other = build.citizen("Luc", "Bernard", sex="M")
    guests.leave(link(other.standing())[1], deposit(), VISITOR)
    (foreign,) = guests.waiting(other.standing())
    for file_id in (foreign.id, UUID(int=7)):
        with pytest.raises(NotFoundError):
            guests.one_left(holder.standing(), file_id)


def test_making_asks_for_a_fresh_proof(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        link(standing)


def test_nobodys_words_stand_in_the_clear(holder: Citizen) -> None:
    standing = holder.standing()
    _, token = link(standing)
    guests.leave(token, deposit(), VISITOR)
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for row in tx.execute(table.select()).all():
                kept = b"|".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
                assert not any(word in kept for word in (token.encode(), b"Riou", b"Mon kin", b"bilan.pdf")), table.name


def test_what_waits_long_goes_and_a_sweep_leaves_the_rest(holder: Citizen, clock: FakeClock) -> None:
    standing = holder.standing()
    guests.leave(link(standing)[1], deposit(), VISITOR)
    clock.advance(timedelta(days=3))
    sweeping.sweep()
    (left,) = guests.waiting(standing)
    assert guests.content(standing, left.id)[1]
    assert guests.sweep() == 0
    clock.advance(guests.LIFE)
    assert guests.sweep() == 1
    assert guests.waiting(standing) == []


def test_an_erased_record_takes_them_along(holder: Citizen) -> None:
    guests.leave(link(holder.standing())[1], deposit(), VISITOR)
    forget_record(holder.record_id)
    with db.read() as tx:
        assert tx.execute(GuestFile.__table__.select()).all() == []


class TestScanned:
    @pytest.fixture
    def peer(self) -> Iterator[Scanner]:
        with scanner_on() as found:
            yield found

    @pytest.fixture
    def settings(self, settings: Settings, peer: Scanner) -> Settings:
        return replace(settings, scanner_url=peer.url)

    def test_what_the_scanner_knows_is_not_kept(self, holder: Citizen) -> None:
        _, token = link(holder.standing())
        infected = pdf("a")[:-6] + b"%" + EICAR + b"\n%%EOF\n"
        (refused,) = guests.leave(token, deposit(infected), VISITOR)
        assert "antivirus" in refused.why
        assert guests.waiting(holder.standing()) == []
        found = audit.entries(holder.record_id, mine=False, holder_actor_ids=[], before=None, limit=3)
        assert found[0].action is Action.GUEST_FILE_REFUSED
