"""Measures of adults that end: whoever has one is reminded, however many end at once (rules.md MI-11)."""

from datetime import date, timedelta

import pytest

from espace import clock as house_clock
from espace.family.services import guardians
from espace.family.services.asking import linking
from espace.machines import Machines
from tests.support import build
from tests.support.marks import on_sqlite


@on_sqlite
def test_two_guardians_of_one_person_are_both_reminded_wherever_a_batch_ends(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    adult = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9))
    helpers = [build.citizen("Claire", "Fontenay"), build.citizen("Mathieu", "Lecomte", sex="M")]
    for one in helpers:
        assert linking.link(adult.record_id, one.person_id, "tutor", house_clock.now() + timedelta(days=20))
    monkeypatch.setattr(guardians, "_ENDING", getattr(guardians, "_ENDING").limit(1))  # noqa: B009 - its batch
    assert (guardians.remind(), guardians.remind()) == (2, 0)
    for one in helpers:
        assert [mail["message"] for mail in build.mails_to(one.email)][-1] == "link-changed"
