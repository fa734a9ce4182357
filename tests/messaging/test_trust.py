"""The lists of mail as files, and what counts of them: certificates for domains, addresses written otherwise."""

import pytest

from espace.errors import InvalidError
from espace.machines import Machines
from espace.messaging.services.operators import trust, trust_desk
from espace.messaging.services.operators.trust import Operators
from espace.messaging.services.operators.trust_files import MOST_BYTES, MOST_LINES, ListKind, read_lines
from espace.permissions import SYSTEM, Role
from tests.support import office

WRONG = {
    ListKind.OPERATORS: [
        (b"", "no line"),
        (b"# rien\n\n", "no line"),
        (b"\xff\xfe", "UTF-8"),
        (b"Un,un.example\n", "3 columns"),
        (b"Un,un.example,mail.un.example,de trop\n", "3 columns"),
        (b'Un,"un.example,mail.un.example\n', "3 columns"),
        (b",un.example,mail.un.example\n", "no operator"),
        (b"U\x07n,un.example,mail.un.example\n", "no operator"),
        (b"Un,un,mail.un.example\n", "no domain"),
        (b"Un,*.example,mail.un.example\n", "no domain"),
        (b"Un,un_.example,mail.un.example\n", "no domain"),
        ("Un,hôpital.example,mail.un.example\n".encode(), "no domain"),
        (b"Un,un.example,*.un.example\n", "no certificate"),
        (b"Un,Patient.espace.example,mail.un.example\n", "of this house"),
        (b"Un,cabinets.espace.example,mail.un.example\n", "of this house"),
        (b"Un,un.example,a.example\nDeux,un.example,b.example\n", "Line 2 gives a domain"),
        (b"x" * (MOST_BYTES + 1), "too large"),
        (b"".join(b"Un,d%d.example,c.example\n" % number for number in range(MOST_LINES + 1)), "more than 20000"),
    ],
    ListKind.REWRITES: [
        (b"a.example\n", "2 columns"),
        (b"a b,c.example\n", "begin with"),
        (b"@a.example,b.example\n", "begin with"),
        (b"a.example,b\n", "end with"),
        (b"a.example,x@b.example\n", "whole domain"),
        (b"a.example,b.example\na.example,c.example\n", "Line 2 writes"),
        (b"x@patient.espace.example,b.example\n", "of this house"),
        (b"a.example,x.patient.espace.example\nb.example,patient.espace.example\n", "Line 2 names"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [(kind, content, words) for kind, cases in WRONG.items() for content, words in cases],
    ids=range(sum(len(cases) for cases in WRONG.values())),
)
def test_a_wrong_line_refuses_the_whole_file(machines: Machines, kind: ListKind, content: bytes, words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_lines(kind, content)
    assert words in refused.value.problems["file"]


def test_comments_headers_capitals_and_lines_written_twice_are_borne(machines: Machines) -> None:
    content = "\ufeff" + "Operator,Domain,Certificate\r\n# liste\r\n\r\n Un , UN.example ,Mail.un.example\r\n" * 2
    assert read_lines(ListKind.OPERATORS, content.encode()) == (("Un", "un.example", "mail.un.example"),)


def test_a_certificate_is_trusted_for_the_domains_on_its_lines_and_no_others() -> None:
    lines = [
        ("Un", "a.example", "mail.un.example"),
        ("Un", "a.example", "secours.un.example"),
        ("Un", "b.example", "secours.un.example"),
        ("Deux", "c.example", "mail.deux.example"),
    ]
    operators = Operators.of(lines)
    for shown in ("mail.un.example", "secours.un.example", "mail.deux.example", "autre.example"):
        for domain in ("a.example", "b.example", "c.example", "sous.a.example", "example", ""):
            expected = any((domain, shown) == line[1:] for line in lines)
            assert operators.may_send(frozenset({shown}), domain) is expected
    assert operators.known(frozenset({"mail.un.example", "mail.deux.example"})) == {"Un", "Deux"}
    assert not operators.may_send(frozenset(), "a.example")
    assert Operators().known(frozenset({"mail.un.example"})) == frozenset()


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("dr.morvan@medical.apicrypt.org", "dr.morvan@interop-mssante.apicrypt.org"),
        ("Dr.Morvan@Apicrypt.org", "Dr.Morvan@interop-mssante.apicrypt.org"),
        ("x@interop-mssante.apicrypt.org", "x@interop-mssante.apicrypt.org"),
        ("x@notapicrypt.org", "x@notapicrypt.org"),
        ("x@hopital.example", "x@hopital.example"),
    ],
)
def test_apicrypt_is_reached_by_its_bridge_while_no_other_list_counts(
    machines: Machines, address: str, reached: str
) -> None:
    assert trust.rewritten(address) == reached


def test_a_correspondence_takes_the_place_of_the_one_that_comes_with_the_programs(app: object) -> None:
    table = (
        b"from,to\n.a.example,b.example\nx@a.example,autre@c.example\nsous.a.example,d.example\ny@a.example,e.example\n"
    )
    found = trust_desk.propose(SYSTEM, ListKind.REWRITES, table)
    trust_desk.confirm(office.officer(Role.PRIVACY_OFFICER).actor, found.id, trust_desk.seen(found.id))
    for address, reached in {
        "z@a.example": "z@b.example",
        "z@loin.sous-a.a.example": "z@b.example",
        "X@a.example": "autre@c.example",
        "z@sous.a.example": "z@d.example",
        "y@a.example": "y@e.example",
        "x@medical.apicrypt.org": "x@medical.apicrypt.org",
    }.items():
        assert trust.rewritten(address) == reached
