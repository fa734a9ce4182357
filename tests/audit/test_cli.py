"""The two commands of the trail, as an operator reads them."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from click.testing import CliRunner
from sqlalchemy import update

from espace import db
from espace.audit.cli import report, verify
from espace.audit.models import AuditEvent
from espace.audit.services import Action, checkpoint, record
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, ActorKind
from tests.support.clock import FakeClock

MORVAN = Actor(ActorKind.PROFESSIONAL, new_id(), "Dr Hélène Morvan")
ADELE = Actor(ActorKind.PROFESSIONAL, new_id(), "Adèle Brun")


def _fill(clock: FakeClock) -> list[UUID]:
    """Two records; each hour Dr Morvan opens one, at the third hour Adèle Brun opens the other."""
    chains = sorted(new_id() for _ in range(2))
    clock.now = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # 23:30 in Paris
    for hour in range(4):
        record(MORVAN, chains[0], Action.DOCUMENT_OPENED)
        if hour == 2:
            record(ADELE, chains[1], Action.PATIENT_FOUND)
        clock.advance(timedelta(hours=1))
    return chains


def test_verify_says_what_it_checked_and_that_all_is_well(machines: Machines, clock: FakeClock) -> None:
    _fill(clock)
    checkpoint()
    done = CliRunner().invoke(verify)
    assert done.exit_code == 0
    assert "Chains: 2. Rows: 5. Checkpoints: 1 (last: 2026-11-23 02:30 UTC)." in done.output
    assert "No fault" in done.output


def test_verify_names_the_chain_the_row_and_the_kind_and_exits_1(machines: Machines, clock: FakeClock) -> None:
    chains = _fill(clock)
    with db.write() as tx:
        tx.execute(update(AuditEvent).where(AuditEvent.record_id == chains[1]).values(actor_id=MORVAN.id))
    done = CliRunner().invoke(verify)
    assert done.exit_code == 1
    assert f"edited: chain {chains[1]}, row 1" in done.output
    done = CliRunner().invoke(verify, ["--json"])
    assert done.exit_code == 1
    said = json.loads(done.output)
    assert said["faults"] == [{"chain": str(chains[1]), "sequence": 1, "kind": "edited"}]
    assert (said["chains"], said["rows"], said["checkpoints"]) == (2, 5, 0)


def test_report_lists_what_one_actor_reached(machines: Machines, clock: FakeClock) -> None:
    chains = _fill(clock)
    done = CliRunner().invoke(report, ["--actor", str(MORVAN.id)])
    (row,) = csv.DictReader(io.StringIO(done.output))
    assert row == {
        "record": str(chains[0]),
        "actor": str(MORVAN.id),
        "actor_kind": "professional",
        "action": "document-opened",
        "count": "4",
        "first_at": "2026-11-22T22:30:00+00:00",
        "last_at": "2026-11-23T01:30:00+00:00",
    }


def test_report_takes_a_period_in_paris_days(machines: Machines, clock: FakeClock) -> None:
    chains = _fill(clock)
    done = CliRunner().invoke(report, ["--from", "2026-11-23", "--to", "2026-11-23T02:00", "--json"])
    found = {(row["record"], row["actor"]): row["count"] for row in json.loads(done.output)}
    assert found == {(str(chains[0]), str(MORVAN.id)): 2, (str(chains[1]), str(ADELE.id)): 1}


def test_report_wants_an_actor_or_a_period(machines: Machines) -> None:
    done = CliRunner().invoke(report)
    assert done.exit_code == 2
    assert "--actor" in done.output
