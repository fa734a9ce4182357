"""`espace demo`, built once and run as a person runs it: what it tells, who signs in, how it stops and comes back."""

import html
import re
import signal
import smtplib
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from espace.identifiers import parse_ins, parse_rpps
from tests.support.mail_peer import needs
from tests.support.ports import free_port

from .house import House, Somebody

SMTP = {"host", "port", "patient_domain", "ca_file", "client_certificate", "client_key", "sender"}
# design.md section 5, as far as this step goes; `client_secret` comes later.
CONTRACT = {
    "patients": {"key", "display_name", "email", "password", "totp_secret", "record", "ins", "birth_date", "about"},
    "children": {"key", "display_name", "record", "ins", "birth_date", "parents", "about"},
    "activation": {"key", "ins", "birth_date", "vitale_serial", "provisional_code", "about"},
    "professionals": {
        "key",
        "display_name",
        "rpps",
        "profession_code",
        "structure",
        "mssante",
        "psc_login",
        "psc_password",
        "about",
    },
    "operators": {"key", "display_name", "email", "password", "totp_secret", "role", "about"},
}
CAST = {
    "patients": ["mother", "retired", "teen", "second_parent", "carer", "newcomer", "protected", "reader"],
    "children": ["child", "baby"],
    "activation": ["unactivated", "minor_unactivated"],
    "professionals": [
        "gp",
        "cardiologist",
        "pharmacist",
        "nurse",
        "biologist",
        "dentist",
        "samu",
        "physio",
        "endocrinologist",
        "emergency",
        "assistant",
    ],
    "operators": ["administrator", "privacy_officer", "counter"],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("demo") / "house")
    made.start()
    yield made
    made.close()


def test_demo_json_holds_everybody_with_everything_the_contract_names(house: House) -> None:
    cast = house.cast
    assert cast["base_url"] == house.address
    assert cast["smtp"].keys() == SMTP
    assert cast["smtp"]["host"] == "127.0.0.1"
    for kind, fields in CONTRACT.items():
        assert [entry["key"] for entry in cast[kind]] == CAST[kind]
        for entry in cast[kind]:
            assert set(entry) == fields
            assert all(entry.values()), entry["key"]
    for entry in cast["patients"] + cast["children"] + cast["activation"]:
        parse_ins(entry["ins"])
    for entry in cast["patients"] + cast["children"]:
        UUID(entry["record"])
    for entry in cast["professionals"]:
        parse_rpps(entry["rpps"], checked=True)


def test_files_with_secrets_are_their_owners_alone(house: House) -> None:
    for name in (
        "demo.json",
        "psc_accounts.json",
        "espace-demo.json",
        "keys/keys.json",
        "mail/gateway.key",
        "mail/operator.key",
    ):
        assert stat.S_IMODE((house.folder / name).stat().st_mode) == 0o600, name


@pytest.fixture(scope="module")
def patients(house: House) -> Callable[[str], Somebody]:
    """Each patient at the door, signed in once: a code of the app serves once."""
    signed_in: dict[str, Somebody] = {}

    def patient(key: str) -> Somebody:
        if key not in signed_in:
            signed_in[key] = house.somebody()
            signed_in[key].signs_in(next(entry for entry in house.cast["patients"] if entry["key"] == key))
        return signed_in[key]

    return patient


@pytest.mark.parametrize("key", CAST["patients"])
def test_each_patient_signs_in_and_opens_their_record(
    house: House, patients: Callable[[str], Somebody], key: str
) -> None:
    person = next(entry for entry in house.cast["patients"] if entry["key"] == key)
    assert patients(key).goes(f"/dossiers/{person['record']}/documents") == httpx.codes.OK
    assert person["display_name"] in html.unescape(patients(key).page)


@pytest.mark.parametrize("key", ["mother", "second_parent"])
def test_both_parents_open_both_children(house: House, patients: Callable[[str], Somebody], key: str) -> None:
    for child in house.cast["children"]:
        assert patients(key).goes(f"/dossiers/{child['record']}/") == httpx.codes.OK


def test_the_parent_of_the_teenager_sees_nothing_of_the_secret_care(
    house: House, patients: Callable[[str], Somebody]
) -> None:
    record = next(entry for entry in house.cast["patients"] if entry["key"] == "teen")["record"]
    seen = {}
    for key in ("teen", "carer"):
        assert patients(key).goes(f"/dossiers/{record}/documents") == httpx.codes.OK
        seen[key] = html.unescape(patients(key).page)
    assert "Consultation, demandée seul" in seen["teen"]
    assert "Consultation, demandée seul" not in seen["carer"]
    assert "Certificat médical, handball" in seen["carer"]


@pytest.mark.parametrize(
    ("key", "place", "words"),
    [
        ("mother", "soins", "Caché aux professionnels"),
        ("mother", "documents?vue=archives", "Fiche de suivi de kinésithérapie"),
        ("mother", "documents/dossiers", "Thyroïde"),
        ("retired", "soins?sorte=hearing", "Appareil auditif"),
        ("retired", "documents?vue=versions", "Synthèse médicale"),
        ("second_parent", "documents/ajouter", "Ma tension à la maison"),
    ],
)
def test_what_people_keep_waits_where_they_look(
    house: House, patients: Callable[[str], Somebody], key: str, place: str, words: str
) -> None:
    record = next(one["record"] for one in house.cast["patients"] if one["key"] == key)
    somebody = patients(key)
    assert somebody.goes(f"/dossiers/{record}/{place}") == httpx.codes.OK
    assert words in html.unescape(somebody.page)


def test_a_guardian_acts_for_the_adult_he_protects(house: House, patients: Callable[[str], Somebody]) -> None:
    record = next(one["record"] for one in house.cast["patients"] if one["key"] == "protected")
    for key in ("second_parent", "protected"):
        assert patients(key).goes(f"/dossiers/{record}/documents") == httpx.codes.OK
        assert "Consultation de gériatrie" in html.unescape(patients(key).page)
    assert patients("protected").goes(f"/dossiers/{record}/acces") == httpx.codes.OK
    assert "Mathieu Lecomte" in html.unescape(patients("protected").page)
    assert patients("mother").goes(f"/dossiers/{record}/documents") == httpx.codes.NOT_FOUND


def test_at_fifteen_an_account_reads_and_shows_no_secret_care(
    house: House, patients: Callable[[str], Somebody], doctor: Somebody
) -> None:
    record = next(one["record"] for one in house.cast["patients"] if one["key"] == "reader")
    for key in ("reader", "carer"):
        assert patients(key).goes(f"/dossiers/{record}/documents") == httpx.codes.OK
        assert "Certificat médical, natation" in html.unescape(patients(key).page)
        assert "Entretien, demandé seule" not in html.unescape(patients(key).page)
    assert patients("reader").goes(f"/dossiers/{record}/documents/ajouter") == httpx.codes.NOT_FOUND
    assert doctor.goes(f"/pro/patients/{record}/documents") == httpx.codes.OK
    assert "Entretien, demandé seule" in html.unescape(doctor.page)


def test_secret_care_of_the_teenager_is_in_no_care_history(house: House, patients: Callable[[str], Somebody]) -> None:
    record = next(one["record"] for one in house.cast["patients"] if one["key"] == "teen")
    teen = patients("teen")
    assert teen.goes(f"/dossiers/{record}/soins") == httpx.codes.OK
    assert "remboursés" in teen.page
    assert "laboratory" not in teen.page, "the only analyses are the secret ones"


@pytest.fixture(scope="module")
def doctor(house: House) -> Somebody:
    """The doctor, signed in through the provider."""
    entry = next(entry for entry in house.cast["professionals"] if entry["key"] == "gp")
    somebody = house.somebody()
    somebody.goes("/pro/connexion")
    assert somebody.fills() == httpx.codes.OK
    assert somebody.path.startswith("/demo/psc")
    assert somebody.fills(login=entry["psc_login"], password=entry["psc_password"]) == httpx.codes.OK
    assert somebody.path.startswith("/pro/")
    return somebody


def test_the_doctor_signs_in_and_reads_the_mothers_documents(house: House, doctor: Somebody) -> None:
    mother = next(entry for entry in house.cast["patients"] if entry["key"] == "mother")
    assert doctor.goes(f"/pro/patients/{mother['record']}/documents") == httpx.codes.OK
    assert "Bilan sanguin" in doctor.page


@pytest.mark.parametrize(
    ("key", "whose", "words", "unseen"),
    [
        ("mother", "mother", "Bilan sanguin de contrôle", "Comme convenu"),
        ("teen", "teen", "Comme convenu", "Pilulier"),
        ("carer", "teen", "Ton asthme et le handball", "Comme convenu"),
        ("carer", "retired", "Vos glycémies du mois", "Comme convenu"),
        ("second_parent", "child", "Croissance de Jules", "Vaccins de Lina"),
    ],
)
def test_each_reads_the_messages_that_are_theirs_to_read(
    house: House, patients: Callable[[str], Somebody], key: str, whose: str, words: str, unseen: str
) -> None:
    people = house.cast["patients"] + house.cast["children"]
    record = next(entry["record"] for entry in people if entry["key"] == whose)
    assert patients(key).goes(f"/dossiers/{record}/messages") == httpx.codes.OK
    page = html.unescape(patients(key).page)
    assert words in page
    assert unseen not in page


def test_the_doctor_finds_her_mailbox_and_that_of_her_practice(house: House, doctor: Somebody) -> None:
    assert doctor.goes("/pro/messages") == httpx.codes.OK
    boxes = sorted(set(re.findall(r"/pro/messages/[0-9a-f-]{36}", doctor.page)))
    assert len(boxes) == 2
    pages = []
    for box in boxes:
        assert doctor.goes(box) == httpx.codes.OK
        pages.append(html.unescape(doctor.page))
    assert any("Planning des visites" in page for page in pages)
    assert any("Rupture d'un médicament" in page for page in pages)


def test_what_left_for_other_operators_is_shown_with_its_files(house: House) -> None:
    somebody = house.somebody()
    assert somebody.goes("/demo/outbox") == httpx.codes.OK
    page = html.unescape(somebody.page)
    assert "karim.belhadj@anjou.mssante.fr" in page
    assert "Demande d'avis.pdf" in page
    assert "armelle.guegan" not in page, "her mailbox is gone: nothing reached it"


def test_the_line_of_the_readme_writes_to_a_patient(
    house: House, patients: Callable[[str], Somebody], tmp_path: Path
) -> None:
    needs("swaks")
    [line] = re.findall(r"^swaks .*$", (Path(__file__).parents[2] / "README.md").read_text(), re.MULTILINE)
    (tmp_path / "demo-data").symlink_to(house.folder)
    line = line.replace("127.0.0.1:2525", f"127.0.0.1:{house.cast['smtp']['port']}")
    ran = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    mother = house.cast["patients"][0]["record"]
    assert patients("mother").goes(f"/dossiers/{mother}/messages") == httpx.codes.OK  # durable before the answer
    assert "Comment allez-vous" in html.unescape(patients("mother").page)


def test_nobody_writes_without_the_certificate_of_an_operator(house: House) -> None:
    told = house.cast["smtp"]
    with smtplib.SMTP("localhost", told["port"], timeout=20) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=told["ca_file"]))
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            smtp.sendmail(told["sender"], [f"{house.cast['patients'][0]['ins']}@{told['patient_domain']}"], b"\r\n")
    assert refused.value.smtp_code == 550


def test_a_letter_opens_an_activation_and_its_code_arrives_by_mail(house: House) -> None:
    letter = house.cast["activation"][0]
    facts = {
        "ins": letter["ins"],
        "code": letter["provisional_code"],
        "birth_date": "/".join(reversed(letter["birth_date"].split("-"))),
        "vitale_serial": letter["vitale_serial"],
    }
    somebody = house.somebody()
    assert somebody.goes("/activation") == httpx.codes.OK
    assert somebody.fills(**facts) == httpx.codes.OK
    assert somebody.fills(email="samira@example.org", password="trois phares dans la brume") == httpx.codes.OK
    end = time.monotonic() + 30
    while "samira@example.org" not in somebody.page or somebody.path != "/demo/outbox":
        assert time.monotonic() < end
        assert somebody.goes("/demo/outbox") == httpx.codes.OK
    newest = somebody.page.split("samira@example.org")[1]
    assert re.search(r"\b\d{6}\b", newest)


def test_the_demos_page_shows_everybody_and_codes(house: House) -> None:
    somebody = house.somebody()
    assert somebody.goes("/demo/") == httpx.codes.OK
    page = html.unescape(somebody.page)
    for person in house.cast["patients"] + house.cast["operators"]:
        assert person["password"] in page
    assert len(re.findall(r"<dd>\d{6}</dd>", page)) == len(CAST["patients"]) + len(CAST["operators"])


def test_the_trail_of_the_demo_holds(house: House) -> None:
    program = (
        "import json,os,sys; from pathlib import Path; from espace.demo.folder import Folder, MARKER;"
        "p=Path(sys.argv[1]); os.environ.update(Folder(p,'x',True,0).environment(1,2));"
        "from espace.cli import main; main(['audit','verify'])"
    )
    checked = subprocess.run([sys.executable, "-c", program, str(house.folder)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_port_in_use_is_said_and_nothing_is_made(house: House, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "espace.cli", "demo", "--port", str(house.port)]
    command += ["--smtp-port", str(free_port()), "--data", str(tmp_path / "other")]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert f"port {house.port} cannot be used" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_ctrl_c_stops_every_process_and_the_next_start_keeps_everything(house: House) -> None:
    before, built = house.cast, (house.folder / "data" / "espace.db").stat().st_ino
    assert house.stop() == 0
    assert not house.answers()
    assert "The demo is stopped." in house.said
    house.start()
    assert "Building" not in house.said
    assert (house.folder / "data" / "espace.db").stat().st_ino == built
    after = house.cast
    assert after["base_url"] == house.address
    assert [after[kind] for kind in CONTRACT] == [before[kind] for kind in CONTRACT]


def test_killed_the_demo_takes_its_processes_along(house: House) -> None:
    if house.process is None:
        house.start()
    house.stop(signal.SIGKILL)
    assert house.falls_silent()
