"""Archives of documents that come by mail: believed where everything agrees, else set aside; flags always close."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from espace import assembly, db, outbox
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.models import Quarantined
from espace.errors import InvalidError, NotFoundError
from espace.interop.cda import CdaHeader
from espace.interop.cda_write import wrap
from espace.interop.mail_letter import XDM_NAME, Part
from espace.interop.xdm_write import Outgoing, pack
from espace.machines import Machines
from espace.messaging.services.facts import ARCHIVE, NOT_FOR_READER, OTHER_PERSON, AttachmentFacts
from espace.messaging.services.incoming import archives
from espace.messaging.services.reading import attachments as files
from espace.messaging.services.reading.attachments import WITHHELD
from espace.settings import Settings
from tests.documents.house import header, pdf
from tests.interop.test_xdm import closed, opened
from tests.support import build
from tests.support.build import Citizen

from .letters import HOSPITAL, address_of, arrive, attachments, conversations, letter, mailbox, messages, own_box

_AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
_METADATA = "IHE_XDM/SUBSET01/METADATA.XML"


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account; the house's events have their handlers."""
    assembly.handle_events()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


def archive(*given: CdaHeader) -> bytes:
    """An archive of documents."""
    out = [Outgoing(wrap(one, pdf(one.title), "application/pdf"), one, "42", "x", "application/pdf") for one in given]
    return pack(out, at=_AT, index="<p>", readme="x")


def sent(content: bytes, *people: Citizen, **changes: Any) -> None:
    """A letter with an archive and its readable copy comes in, and the worker has seen it."""
    parts = [Part(XDM_NAME, "application/zip", content), Part("lettre.pdf", "application/pdf", pdf("copie"))]
    arrive(letter(*(address_of(one) for one in people), subject="XDM/1.0/DDM Sortie", parts=parts, **changes))
    outbox.work()


def archive_of(person: Citizen) -> AttachmentFacts:
    """The archive in a person's box."""
    return next(facts for _, facts in attachments(person.record_id) if facts.name == XDM_NAME)


def aside() -> list[str]:
    """Why what is in quarantine is there."""
    with db.read() as tx:
        return sorted(tx.execute(select(Quarantined.reason)).scalars())


def titles(person: Citizen) -> list[str]:
    """What the person reads in their record."""
    return sorted(row.title for row in documents.page(person.standing()).rows)


def test_its_documents_are_offered_and_filed_one_by_one_in_one_action(claire: Citizen) -> None:
    sent(archive(header(claire, "1.2.3", title="Ordonnance"), header(claire, "1.2.4", title="Suite")), claire)
    found = archive_of(claire)
    assert [(one.outcome, one.title) for one in found.documents] == [("offered", "Ordonnance"), ("offered", "Suite")]
    assert titles(claire) == []
    box = own_box(claire)
    (line,) = [one for each in _lines(claire) for one in each if one.kind == ARCHIVE]
    filed = archives.file_document(box, line.id, 1)
    assert archives.file_document(box, line.id, 1) == filed
    assert titles(claire) == ["Suite"]
    assert [one.outcome for one in files.line(box, line.id).facts.documents] == ["offered", "filed"]
    with pytest.raises(NotFoundError):
        archives.file_document(box, line.id, 2)


def _lines(person: Citizen) -> list[list[files.AttachmentLine]]:
    box = own_box(person)
    return list(files.of_messages(box, [row.id for _, row in messages(person.record_id)]).values())


def test_documents_destined_for_the_record_file_themselves(claire: Citizen) -> None:
    content = archive(header(claire, "1.2.3", title="Ordonnance"))
    inside = opened(content)
    marked = inside[_METADATA].replace(b'nodeRepresentation="N"', b'nodeRepresentation="DESTDMP"')
    sent(closed({**inside, _METADATA: marked}), claire)
    assert titles(claire) == ["Ordonnance"]
    assert [one.outcome for one in archive_of(claire).documents] == ["filed"]


class TestHouseThatFiles:
    """Where the setting says so, everything that is offered is filed by itself (rules.md MS-17)."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Such a house."""
        return replace(settings, archives_filed=True)

    def test_what_fits_is_filed_once_and_what_does_not_is_not(self, claire: Citizen) -> None:
        strange = header(claire, "1.2.4", title="Inconnu", type_code="0000-0")
        content = archive(header(claire, "1.2.3", title="Ordonnance"), strange)
        for _ in range(2):
            sent(content, claire)
        assert titles(claire) == ["Ordonnance"]
        assert [one.outcome for one in archive_of(claire).documents] == ["filed", "aside"]
        assert aside() == ["unknown-type"]


def test_an_archive_that_was_changed_on_its_way_is_set_aside_and_its_message_says_so(claire: Citizen) -> None:
    inside = opened(archive(header(claire, "1.2.3")))
    name = next(one for one in inside if one.endswith("DOC00001.XML"))
    sent(closed({**inside, name: inside[name] + b" "}), claire)
    found = archive_of(claire)
    assert found.faults[0].startswith("xdm-bad-")
    assert str(archives.wrong(found.faults[0]))
    assert aside() == [found.faults[0]]
    assert len(messages(claire.record_id)) == 1
    assert not found.withheld


def test_what_is_about_somebody_else_is_withheld_with_its_copies(claire: Citizen) -> None:
    other = build.citizen("Paul", "Roux", sex="M", birth=date(1979, 1, 2))
    given = header(claire, "1.2.3", title="Ordonnance")
    sent(archive(given), other)
    assert {facts.withheld for _, facts in attachments(other.record_id)} == {OTHER_PERSON}
    assert [one.reason for one in archive_of(other).documents] == ["other-recipient"]
    assert aside() == ["other-recipient"]
    assert titles(other) == titles(claire) == []
    for each in _lines(other):
        for line in each:
            assert str(WITHHELD[line.facts.withheld])
            with pytest.raises(NotFoundError):
                files.content(own_box(other), line.id)


def test_traits_that_differ_are_set_aside(claire: Citizen) -> None:
    given = header(claire, "1.2.3")
    wrong = replace(given, patient=replace(given.patient, birth_date=date(1988, 3, 15)))
    sent(archive(wrong), claire)
    assert [one.reason for one in archive_of(claire).documents] == ["traits-mismatch"]
    assert aside() == ["traits-mismatch"]
    (line,) = [one for each in _lines(claire) for one in each if one.kind == ARCHIVE]
    with pytest.raises(NotFoundError):
        archives.file_document(own_box(claire), line.id, 0)


def test_headers_of_the_mail_open_nothing(claire: Citizen) -> None:
    given = header(claire, "1.2.3")
    wrong = replace(given, patient=replace(given.patient, birth_name="AUTRE"))
    parts = [Part(XDM_NAME, "application/zip", archive(wrong))]
    arrive(replace(letter(address_of(claire), parts=parts), mss={"X-MSS-INS": ("O",), "X-MSS-CODECDA": ("57833-6",)}))
    outbox.work()
    assert [one.outcome for one in archive_of(claire).documents] == ["aside"]
    assert titles(claire) == []


def test_what_waits_for_its_announcement_never_stands_in_the_patients_message(claire: Citizen) -> None:
    given = header(claire, "1.2.3", title="Annonce", confidentiality=("N", "INVISIBLE_PATIENT"))
    sent(archive(given), claire)
    assert attachments(claire.record_id) == []
    ((said, _),) = messages(claire.record_id)
    assert said.files == 0
    assert titles(claire) == []
    doctor = build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    standing = doctor.standing(claire.record_id)
    assert standing is not None
    assert [row.title for row in documents.page(standing).rows] == ["Annonce"]


def test_what_is_hidden_from_professionals_is_withheld_in_a_mailbox(claire: Citizen) -> None:
    team = mailbox()
    parts = [Part(XDM_NAME, "application/zip", archive(header(claire, "1.2.3", confidentiality=("N", "MASQUE_PS"))))]
    arrive(letter(replace(HOSPITAL, address=team.address), parts=parts))
    assert team.box_id is not None
    assert [facts.withheld for _, facts in attachments(team.box_id)] == [NOT_FOR_READER]


@pytest.mark.parametrize("flag", ["INVISIBLE_REPRESENTANTS_LEGAUX", "INVISIBLE_REP_LEGAUX", "CONNEXION_SECRETE"])
def test_secret_care_makes_the_message_secret_for_a_minor_and_only_there(claire: Citizen, flag: str) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2010, 7, 2), parents=[claire])
    for person in (child, claire):
        inside = opened(archive(header(person, "1.2.3")))
        marked = inside[_METADATA].replace(b'nodeRepresentation="N"', b'nodeRepresentation="%b"' % flag.encode())
        sent(closed({**inside, _METADATA: marked}), person)
    assert [row.secret for _, row in conversations(child.record_id)] == [True]
    assert [row.secret for _, row in conversations(claire.record_id)] == [False]


def test_an_archive_that_says_nothing_readable_is_no_error(claire: Citizen) -> None:
    content = archive(header(claire, "1.2.3"))
    for cut in (10, 200, len(content) // 2, len(content) - 10):
        sent(content[:cut], claire)
    assert len(messages(claire.record_id)) == 4


def test_a_document_that_was_offered_and_cannot_be_filed_any_more_says_why(claire: Citizen) -> None:
    sent(archive(header(claire, "1.2.3", title="A")), claire)
    sent(archive(header(claire, "1.2.3", title="B")), claire)
    box = own_box(claire)
    first, second = [one for each in _lines(claire) for one in each if one.kind == ARCHIVE]
    archives.file_document(box, first.id, 0)
    assert archives.file_document(box, second.id, 0).outcome == "aside"
    with pytest.raises(InvalidError):
        archives.file_document(box, second.id, 0)


def alone(given: CdaHeader) -> Part:
    """A clinical document without an archive around it."""
    return Part("compte-rendu.xml", "text/xml", wrap(given, pdf(given.title), "application/pdf"))


def test_a_document_without_an_archive_that_waits_for_its_announcement_is_not_shown_either(claire: Citizen) -> None:
    given = header(claire, "1.2.3", title="Annonce", confidentiality=("N", "INVISIBLE_PATIENT"))
    arrive(letter(address_of(claire), parts=[alone(given), Part("lettre.pdf", "application/pdf", pdf("copie"))]))
    outbox.work()
    assert attachments(claire.record_id) == []
    assert titles(claire) == []
    other = build.citizen("Paul", "Roux", sex="M", birth=date(1979, 1, 2))
    arrive(letter(address_of(other), parts=[alone(replace(given, unique_id="1.2.4", set_id="1.2.4"))]))
    assert attachments(other.record_id) == []
    assert aside() == ["other-recipient"]  # written to Paul, it enters the record of nobody


def test_a_document_without_an_archive_that_is_hidden_from_professionals_is_withheld_in_a_mailbox(
    claire: Citizen,
) -> None:
    team = mailbox()
    given = header(claire, "1.2.3", confidentiality=("N", "MASQUE_PS"))
    arrive(letter(replace(HOSPITAL, address=team.address), parts=[alone(given)]))
    assert team.box_id is not None
    assert [facts.withheld for _, facts in attachments(team.box_id)] == [NOT_FOR_READER]


def test_a_document_without_an_archive_about_somebody_else_is_withheld_and_set_aside(claire: Citizen) -> None:
    other = build.citizen("Paul", "Roux", sex="M", birth=date(1979, 1, 2))
    arrive(letter(address_of(other), parts=[alone(header(claire, "1.2.3"))]))
    outbox.work()
    assert [(facts.withheld, facts.faults) for _, facts in attachments(other.record_id)] == [
        (OTHER_PERSON, ("other-recipient",))
    ]
    assert [said.receipt_said for said, _ in messages(other.record_id)] == ["failed"]  # its sender is told (MS-14)
    assert aside() == ["other-recipient"]
    arrive(letter(address_of(claire), parts=[alone(header(claire, "1.2.3"))]))
    outbox.work()
    assert [facts.withheld for _, facts in attachments(claire.record_id)] == [""]


def test_a_minors_secret_document_without_an_archive_makes_its_message_secret(claire: Citizen) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2010, 7, 2), parents=[claire])
    given = header(child, "1.2.3", confidentiality=("N", "INVISIBLE_REPRESENTANTS_LEGAUX"))
    arrive(letter(address_of(child), parts=[alone(given)]))
    assert [row.secret for _, row in conversations(child.record_id)] == [True]
