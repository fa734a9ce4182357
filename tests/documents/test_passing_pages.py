"""What is given away, as people walk it: codes on the phone and at the counter, links, guests; each page attacked."""

import io
import json
import re
from datetime import date, timedelta
from uuid import UUID

import pytest
import structlog
from flask import Flask
from sqlalchemy import update

from espace import clock as clocks
from espace import crypto, db
from espace.access import services as access
from espace.access.services import Answer, Window
from espace.access.services.passing import codes, counter, links
from espace.access.services.passing.links import LinkKind
from espace.audit import services as audit
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.adding.pieces import Upload as PaperFile
from espace.documents.services.passing import guests, sharing
from espace.documents.services.passing.guests import Deposit
from espace.documents.services.passing.sharing import NewShare
from espace.interop import shlink
from espace.machines import Machines
from espace.permissions import Visitor
from espace.web import logs
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.build import Caregiver, Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf

BIRTH = date(1988, 3, 14)
PASSCODE = "482915"


@pytest.fixture
def holder(machines: Machines) -> Citizen:
    """A person with an account."""
    access.ensure_matrix()
    return build.citizen("Claire", "Fontenay", birth=BIRTH)


@pytest.fixture
def nurse(machines: Machines) -> Caregiver:
    """A professional outside her circle."""
    return build.caregiver("Diarra", "Awa", profession=build.NURSE)


def place(holder: Citizen, rest: str) -> str:
    """A page of the record."""
    return f"/dossiers/{holder.record_id}/acces/{rest}"


def a_share(holder: Citizen, *titles: str, most: int = 10) -> str:
    """The address of a new share link."""
    ids = [build.document(holder.standing(), title) for title in titles or ("Compte rendu",)]
    asked = NewShare(document_ids=ids, classes=(), label="Lisbonne", passcode=PASSCODE, hours=72, most=most)
    return sharing.share(holder.standing(), asked, "Documents de santé").address.removeprefix("http://localhost:8000")


def entered(app: Flask, address: str, passcode: str = PASSCODE) -> tuple[Browser, Page]:
    """Somebody opens a link on its page."""
    browser = Browser(app)
    page = browser.get(address.partition("#")[0])
    said: dict[str, str | list[str] | Upload | None] = {"name": "Dr Silva", "passcode": passcode, "link": address}
    return browser, browser.submit(page.form("passcode"), said)


def test_a_code_from_the_phone_to_the_receipt(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    document_id = build.document(holder.standing(), "Ordonnance de mars")
    phone, desk = holder.browser(app), nurse.browser(app)
    page = phone.get(phone.get(place(holder, "code")).link("Donner un code"))
    page = phone.submit(page.form("opens"), {"opens": "deposit", "minutes": "60"}, expect=200)
    digits = re.sub(r"\D", "", page.tree.xpath("//*[contains(@class,'digits')]")[0].text_content())
    assert len(digits) == 6
    (picture,) = page.tree.xpath("//img[@class='qr']/@src")
    assert picture.startswith("data:image/svg+xml")
    state = page.path + "/etat"
    assert digits[:3] in phone.fragment(state, "code-state").text

    entry = desk.get(desk.get("/pro/patients").link("Taper un code de comptoir"))
    assert "#" not in entry.path
    here = desk.submit(
        entry.form("code"), {"code": f"{digits[:3]} {digits[3:]}", "birth_date": "14/03/1988"}, expect=200
    )
    assert here.path == f"/pro/patients/{holder.record_id}/"
    assert "Un code de comptoir vous a ouvert ce dossier" in here.text
    assert "Claire Fontenay" in desk.get("/pro/").text
    desk.get(f"/pro/patients/{holder.record_id}/documents/{document_id}")

    told = phone.fragment(state, "code-state").text
    assert "Awa Diarra vient d'utiliser ce code" in told
    assert "Ordonnance de mars" in told
    closed = desk.post(f"/pro/patients/{holder.record_id}/fermer-code", {"csrf_token": here.csrf_token}, expect=200)
    assert "plus ouvert" in closed.text
    desk.get(f"/pro/patients/{holder.record_id}/documents", expect=404)
    receipt = phone.get(phone.get(place(holder, "code")).link("Awa Diarra"))
    assert "fermé avant l'heure" in receipt.text
    assert "Ordonnance de mars" in receipt.text


def test_the_people_of_the_record_close_with_one_press(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    standing = holder.standing()
    digits = codes.code(standing, codes.make(standing, Window.READ, 20)).digits
    counter.use(nurse.actor, digits, BIRTH)
    phone, desk = holder.browser(app), nurse.browser(app)
    desk.get(f"/pro/patients/{holder.record_id}/documents")
    page = phone.get(place(holder, "code"))
    (form,) = [one for one in page.forms if one.action.endswith("/fermer")]
    phone.submit(form, expect=200)
    desk.get(f"/pro/patients/{holder.record_id}/documents", expect=404)


def test_every_wrong_code_reads_the_same(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    standing = holder.standing()
    digits = codes.code(standing, codes.make(standing, Window.READ, 20)).digits
    blocked = build.caregiver("Renard", "Thomas")
    build.consent(holder, blocked, Answer.BLOCK)
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
    tries = ((nurse, wrong, "14/03/1988"), (nurse, digits, "15/03/1988"), (blocked, digits, "14/03/1988"))
    answers = set()
    for who, code, birth in tries:
        desk = who.browser(app)
        said = {"code": code, "birth_date": birth}
        answer = desk.submit(desk.get("/pro/patients/code").form("code"), said, expect=422)
        answers.add(" ".join(answer.tree.xpath("//main")[0].text_content().split()))
    assert len(answers) == 1


def test_what_is_typed_badly_is_said_beside_its_field(app: Flask, nurse: Caregiver, machines: Machines) -> None:
    access.ensure_matrix()
    desk = nurse.browser(app)
    page = desk.get("/pro/patients/code")
    answer = desk.submit(page.form("code"), {"code": "12a", "birth_date": "hier"}, expect=422)
    assert "6 chiffres" in answer.text
    assert counter.misses(nurse.actor) == []


def test_what_a_window_hides_leaves_no_trace(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    """The pages of a professional in a window, with a hidden document and without: the same (security.md R13)."""
    standing = holder.standing()
    build.document(standing, "Vu")
    digits = codes.code(standing, codes.make(standing, Window.READ, 20)).digits
    counter.use(nurse.actor, digits, BIRTH)
    desk = nurse.browser(app)
    base = f"/pro/patients/{holder.record_id}"
    rooms = ("/", "/documents", "/documents/filtrer", "/documents?tri=profession")

    def seen() -> list[str]:
        return [re.sub(r"[A-Za-z0-9_\-]{20,}", "", desk.get(base + room, expect=None).text) for room in rooms]

    before = seen()
    hidden = build.document(standing, "Cachée")
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == hidden).values(hidden=True))
    assert seen() == before
    desk.get(f"{base}/documents/{hidden}", expect=404)


def test_a_link_from_the_choice_to_its_log(app: Flask, holder: Citizen) -> None:
    first = build.document(holder.standing(), "Bilan sanguin")
    build.document(holder.standing(), "Radio du genou")
    phone = holder.browser(app)
    page = phone.get(place(holder, "liens/nouveau"))
    said: dict[str, str | list[str] | Upload | None] = {
        "label": "Médecin à Lisbonne",
        "document": [str(first)],
        "hours": "24",
    }
    passcode = page.form("label").values["passcode"][0]
    made = phone.submit(page.form("label"), said, button="geste=faire", expect=200)
    address = made.tree.xpath("//textarea[@id='address']")[0].text.strip()
    assert passcode in made.text
    assert "ne le gardons pas" in made.text

    guest, list_page = entered(app, address.removeprefix("http://localhost:8000"), passcode)
    assert list_page.status == 200
    assert "Bilan sanguin" in list_page.text
    assert "Radio" not in list_page.text
    assert "Fontenay" not in list_page.title
    one = guest.get(list_page.link("Bilan sanguin"))
    assert guest.get(one.tree.xpath("//figure//img/@src")[0]).response.mimetype == "image/webp"
    taken = guest.get(one.link("Télécharger"))
    assert taken.body.startswith(b"%PDF")
    assert "attachment" in taken.headers["Content-Disposition"]

    own = phone.get(made.link("voir ce lien"))
    assert "Dr Silva" in own.text
    assert "Bilan sanguin" in own.text
    assert address not in own.text
    closed = phone.submit(next(form for form in own.forms if form.action.endswith("/fermer")), expect=200)
    assert "ne montre plus rien" in closed.text
    guest.get(list_page.link("Bilan sanguin"), expect=404)
    assert guest.get(f"{list_page.path}/pouls", expect=404).body == b""


@pytest.mark.parametrize("what", ["liens", "depots"])
def test_a_form_sent_twice_makes_one_link(app: Flask, holder: Citizen, what: str) -> None:
    """The page of a new link loaded again, or a button pressed twice."""
    document_id = str(build.document(holder.standing(), "Compte rendu"))
    phone, listing = holder.browser(app), place(holder, what)
    form = phone.get(f"{listing}/nouveau").form("label")
    said: dict[str, str | list[str] | Upload | None] = {"label": "Lisbonne"}
    said |= {"document": [document_id]} if what == "liens" else {}
    button = "geste=faire" if what == "liens" else None
    made = phone.submit(form, dict(said), button=button, expect=200)
    assert "http://localhost:8000" in made.response.text
    again = phone.submit(form, dict(said), button=button, expect=200)
    assert again.path == listing
    assert "Ce lien existe déjà" in again.text
    assert again.text.count("Lisbonne") == 1


def test_a_choice_goes_on_to_older_documents_with_what_was_ticked(app: Flask, holder: Citizen) -> None:
    for number in range(23):
        build.document(holder.standing(), f"Papier {number:02d}", date(2026, 9, 1) - timedelta(days=number))
    phone = holder.browser(app)
    page = phone.get(place(holder, "liens/nouveau"))
    boxes = page.tree.xpath("//input[@name='document']/@value")
    assert len(boxes) == 20
    said: dict[str, str | list[str] | Upload | None] = {"document": [boxes[1]], "label": "Écrit"}
    more = phone.submit(page.form("label"), said, button="geste=plus", expect=200)
    assert len(more.tree.xpath("//input[@name='document']")) == 23
    assert more.tree.xpath("//input[@name='document'][@checked]/@value") == [boxes[1]]
    assert more.form("label").values["label"] == ["Écrit"]
    assert links.links(holder.standing(), LinkKind.SHARE) == []


def test_links_that_open_nothing_answer_alike(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    used, closed, expired = (a_share(holder, f"Papier {number}", most=1) for number in range(3))
    entered(app, used)
    line = links.links(holder.standing(), LinkKind.SHARE)[1]
    sharing.close(holder.standing(), line.id)
    drop = guests.make(holder.standing(), "Kiné", 24).address.removeprefix("http://localhost:8000")
    clock.advance(timedelta(days=4))
    unknown = f"/partage/{crypto.new_token()}"
    texts = set()
    for address in (used, closed, expired, unknown, drop, f"/depot/{crypto.new_token()}"):
        answer = Browser(app).get(address.partition("#")[0], expect=404)
        texts.add(answer.text)
        assert answer.h1 == "Ce lien n'ouvre rien"
    assert len(texts) == 1


def test_a_wrong_passcode_says_what_is_left_and_keeps_what_was_typed(app: Flask, holder: Citizen) -> None:
    address = a_share(holder)
    guest, page = entered(app, address, "000000")
    assert page.status == 422
    assert "Essais restants : 9" in page.text
    assert page.form("link").values["name"] == ["Dr Silva"]
    assert "shlink:/" in page.form("link").values["link"][0]
    assert guest.cookie("partage") is None


def test_the_cookie_of_a_visit_is_its_own_and_leaving_ends_it(app: Flask, holder: Citizen) -> None:
    address = a_share(holder)
    guest, page = entered(app, address)
    cookie = guest.cookie("partage")
    assert cookie
    assert shlink.key_in(address) in cookie
    left = guest.submit(next(form for form in page.forms if form.action.endswith("/quitter")), expect=200)
    assert "a oublié la clé" in left.text
    thief = Browser(app)
    thief.set_cookie("partage", cookie)
    assert "passcode" in thief.get(page.path).form("passcode").names  # the visit is over for everybody


def test_a_stolen_cookie_without_the_key_reads_nothing(app: Flask, holder: Citizen) -> None:
    address = a_share(holder, "Secret")
    guest, page = entered(app, address)
    one = page.link("Secret")
    visit = str(guest.cookie("partage")).partition(".")[0]
    thief = Browser(app)
    for key in (shlink.new_key(), "", "x"):
        thief.set_cookie("partage", f"{visit}.{key}")
        thief.get(one, expect=404)
        thief.get(f"{one}/fichier", expect=404)
        thief.get(f"{one}/pages/1", expect=404)


def test_a_manifest_for_an_application(app: Flask, holder: Citizen) -> None:
    address = a_share(holder, "Bilan")
    page = address.partition("#")[0]
    viewer = {"Origin": "https://viewer.example", "Sec-Fetch-Site": "cross-site"}

    def ask(**said: object) -> Page:
        return Browser(app).send("POST", f"{page}/manifeste", json=said, headers=viewer, follow=False)

    wrong = ask(recipient="Viewer", passcode="000000")
    assert (wrong.status, json.loads(wrong.body)) == (401, {"remainingAttempts": 9})
    given = ask(recipient="Viewer", passcode=PASSCODE)
    assert given.headers["Access-Control-Allow-Origin"] == "*"
    (file,) = json.loads(given.body)["files"]
    assert file["contentType"] == "application/fhir+json"
    assert b"Bilan" in shlink.unseal(file["embedded"].encode(), shlink.key_in(address))
    (file,) = json.loads(ask(recipient="Viewer", passcode=PASSCODE, embeddedLengthMax=10).body)["files"]
    fetched = Browser(app).get(file["location"].removeprefix("http://localhost:8000"))
    assert fetched.response.mimetype == "application/jose"
    assert b"Bilan" in shlink.unseal(fetched.body, shlink.key_in(address))
    for said in ({}, {"recipient": ""}, {"recipient": 3, "passcode": PASSCODE}, {"passcode": PASSCODE}):
        assert ask(**said).status == 400
    gone = Browser(app).send(
        "POST", f"/partage/{crypto.new_token()}/manifeste", json={"recipient": "x", "passcode": "y"}
    )
    assert gone.status == 404
    ready = Browser(app).send("OPTIONS", f"{page}/manifeste", headers=viewer)
    assert ready.headers["Access-Control-Allow-Headers"] == "Content-Type"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[" * 4000,
        b'{"recipient":' * 300,
        b"\xff\xfe",
        b'{"recipient":"\\ud800","passcode":"482915"}',
        b'{"recipient":"Viewer","passcode":"\\ud800"}',
        b'{"recipient":"\\u200b\\u202e","passcode":"482915"}',
        b'{"recipient":"Viewer","passcode":"482915","embeddedLengthMax":' + b"[" * 2000 + b"}",
        b'{"recipient":"' + b"a" * 5000 + b'","passcode":"482915"}',
    ],
)
def test_what_is_no_question_is_refused_and_counts_no_try(app: Flask, holder: Citizen, sent: bytes) -> None:
    page = a_share(holder, "Bilan").partition("#")[0]
    asked = Browser(app).send(
        "POST", f"{page}/manifeste", data=sent, content_type="application/json", expect=None, follow=False
    )
    assert asked.status == 400
    (line,) = links.links(holder.standing(), LinkKind.SHARE)
    assert (line.used, line.tries_left) == (0, links.TRIES)


def test_a_guest_leaves_a_file_and_its_person_adds_it(app: Flask, holder: Citizen) -> None:
    phone, guest = holder.browser(app), Browser(app)
    page = phone.get(place(holder, "depots/nouveau"))
    made = phone.submit(page.form("label"), {"label": "Mon kiné"}, expect=200)
    address = made.tree.xpath("//textarea[@id='address']")[0].text.strip().removeprefix("http://localhost:8000")
    form = guest.get(address)
    assert "Claire" in form.text
    assert "Fontenay" not in form.text
    bad = guest.submit(form.form("name"), {"name": "Paul", "file": Upload("x.exe", b"MZ" + b"\x00" * 50)}, expect=422)
    assert "Claire" in bad.text
    done = guest.submit(
        bad.form("name"),
        {"name": "<b>Paul</b> Riou", "words": "<script>1</script>", "file": Upload("bilan.pdf", pdf("Bilan"))},
        expect=200,
    )
    assert "Merci" in done.text
    guest.get(address, expect=404)
    waiting = phone.get(place(holder, "depots"))
    assert not waiting.tree.xpath("//main//script")
    look = phone.get(waiting.link("Fichier laissé par"))
    assert (phone.get(look.tree.xpath("//figure//img/@src")[0]).response.mimetype or "").startswith("image/")
    empty = phone.submit(look.form("title"), {"date": ""}, expect=422)
    said: dict[str, str | list[str] | Upload | None] = {
        "type_code": "DOCPAT03",
        "date": "2026-11-03",
        "title": "Bilan de kiné",
    }
    added = phone.submit(empty.form("title"), said, expect=200)
    assert "Laissé par un invité, non vérifié" in added.text
    assert added.h1 == "Bilan de kiné"


def test_whoever_looks_at_what_waits_for_a_child_is_told_of_by_whatever_address(
    app: Flask, machines: Machines, clock: FakeClock
) -> None:
    access.ensure_matrix()
    mother, father = build.citizen("Claire"), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", birth=date(2017, 7, 2), parents=[mother, father], activated=False)
    clock.now = clock.now.replace(hour=23, minute=30)  # half past midnight on the wall
    made = guests.make(mother.standing(child.record_id), "Son kiné", guests.LIVES[0])
    token = made.address.rpartition("/")[2]
    assert guests.leave(token, Deposit("Paul Riou", "", [PaperFile("bilan.pdf", pdf("Bilan"))]), Visitor("::1")) == []
    (left,) = guests.waiting(mother.standing(child.record_id))
    phone, file = father.browser(app), place(child, f"depots/fichiers/{left.id}")

    def told() -> list[str]:
        found = audit.entries(child.record_id, mine=True, holder_actor_ids=[father.actor.id], before=None)
        return [one.action.value for one in found for thing in one.objects if thing["id"] == str(left.id)]

    phone.get(f"{file}/image")
    assert told() == ["accesses-read"]
    assert phone.get(file).form("title").values["date"] == [clocks.today().isoformat()]
    assert clocks.today() > left.received_at.date()
    phone.get(f"{file}/image")
    assert told() == ["accesses-read"] * 2, "the picture on the page is of the look that was told"


def test_a_file_is_thrown_away_with_one_press(app: Flask, holder: Citizen) -> None:
    phone, guest = holder.browser(app), Browser(app)
    address = guests.make(holder.standing(), "Kiné", 24).address.removeprefix("http://localhost:8000")
    guest.submit(guest.get(address).form("name"), {"name": "Paul", "file": Upload("a.pdf", pdf("A"))}, expect=200)
    look = phone.get(phone.get(place(holder, "depots")).link("Fichier laissé par"))
    done = phone.submit(next(form for form in look.forms if form.action.endswith("/jeter")), expect=200)
    assert "Fichier jeté" in done.text
    assert documents.page(holder.standing()).rows == ()


def test_strangers_and_professionals_find_none_of_it(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    other = build.citizen("Luc", "Bernard", sex="M")
    build.consent(holder, nurse, Answer.GRANT)
    standing = holder.standing()
    code_id = codes.make(standing, Window.READ, 20)
    a_share(holder)
    link_id = links.links(standing, LinkKind.SHARE)[0].id
    for who in (other.browser(app), nurse.browser(app)):
        for rest in (
            "code",
            "code/nouveau",
            f"code/{code_id}",
            f"code/{code_id}/etat",
            "liens",
            f"liens/{link_id}",
            "depots",
        ):
            who.get(place(holder, rest), expect=404)
    own = other.browser(app)
    for rest in (f"code/{code_id}", f"liens/{link_id}", f"depots/fichiers/{UUID(int=9)}"):
        own.get(place(other, rest), expect=404)


def test_a_stale_proof_is_asked_for_before_anything_is_typed(app: Flask, holder: Citizen, clock: FakeClock) -> None:
    phone = holder.browser(app)
    clock.advance(timedelta(minutes=6))
    for rest in ("code/nouveau", "liens/nouveau", "depots/nouveau"):
        assert phone.get(place(holder, rest)).path == "/connexion/preuve"


def test_tokens_keys_codes_and_names_stand_in_no_log(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    written = io.StringIO()
    logs.configure(written)
    standing = holder.standing()
    digits = codes.code(standing, codes.make(standing, Window.READ, 20)).digits
    desk = nurse.browser(app)
    desk.submit(desk.get("/pro/patients/code").form("code"), {"code": digits, "birth_date": "14/03/1988"})
    address = a_share(holder, "Bilan")
    guest, page = entered(app, address)
    guest.get(page.link("Bilan"))
    drop = guests.make(standing, "Kiné", 24).address.removeprefix("http://localhost:8000")
    guest.get(drop)
    structlog.get_logger().info("end")
    told = written.getvalue()
    token = address.partition("/partage/")[2].partition("#")[0]
    for secret in (digits, token, shlink.key_in(address), drop.rpartition("/")[2], "Silva", "Bilan", PASSCODE):
        assert secret not in told
    assert "/partage/<token>" in told


def test_the_home_of_a_record_says_what_is_open_and_what_waits(app: Flask, holder: Citizen, nurse: Caregiver) -> None:
    standing = holder.standing()
    phone = holder.browser(app)
    home = f"/dossiers/{holder.record_id}/"
    assert "avec votre code" not in phone.get(home).text
    digits = codes.code(standing, codes.make(standing, Window.READ, 20)).digits
    counter.use(nurse.actor, digits, BIRTH)
    address = guests.make(standing, "Kiné", 24).address.removeprefix("http://localhost:8000")
    guest = Browser(app)
    guest.submit(guest.get(address).form("name"), {"name": "Paul", "file": Upload("a.pdf", pdf("A"))}, expect=200)
    page = phone.get(home)
    assert "Awa Diarra lit ce dossier avec votre code" in page.text
    assert page.link("1 fichier laissé par un invité vous attend").endswith("/acces/depots")
    closed = phone.submit(next(form for form in page.forms if form.action.endswith("/fermer")), expect=200)
    assert "ne voit plus rien" in closed.text
