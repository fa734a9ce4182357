"""A carer's first file that waited for the scanner is told when it is filed, once (security.md R38)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from espace.documents.services.adding import composing, waiting
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Upload
from espace.family.services.carers import links
from espace.machines import Machines
from espace.permissions import Standing
from espace.settings import Settings
from tests.documents.house import picture
from tests.support.scanner import Scanner
from tests.support.scanner import scanner as scanner_on

from .caring import ADD, READ, helped_and_carer, made, scope, told


@pytest.fixture
def peer() -> Iterator[Scanner]:
    with scanner_on() as found:
        yield found


@pytest.fixture
def settings(settings: Settings, peer: Scanner) -> Settings:
    return replace(settings, scanner_url=peer.url)


def _send(standing: Standing, title: str, side: int) -> bool:
    """Add a picture; gives whether it waits."""
    begun = composing.begin(standing, [Upload("a.jpg", picture((side, side)))])
    assert begun.draft_id
    said = Described(title=title, date=date(2026, 3, 4), type_code="DOCPAT05")
    return composing.complete(standing, begun.draft_id, said).waits


@pytest.mark.parametrize("is_over", [False, True], ids=["help goes on", "help ended meanwhile"])
def test_a_carer_s_first_file_is_told_once_it_is_filed(machines: Machines, peer: Scanner, is_over: bool) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    port = int(peer.server_address[1])
    peer.shutdown()
    peer.server_close()
    helping = carer.standing(helped.record_id)
    assert [_send(helping, "Ordonnance", 80), _send(helping, "Bilan", 90)] == [True, True]
    assert _send(helped.standing(), "À moi", 70)
    assert told(helped.email, "carer-first-act") == 0, "nothing is in the record yet"
    if is_over:
        links.end(helped.standing(), one.id)
    with scanner_on(port):
        assert waiting.retry() == 3
        assert told(helped.email, "carer-first-act") == 1
        if not is_over:
            assert not _send(helping, "Encore", 60)
    assert told(helped.email, "carer-first-act") == 1
    assert told(carer.email, "carer-first-act") == 0
