"""`espace audit verify` and `espace audit report`. The program binds the machines before it calls them."""

import csv
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
import orjson

from espace.clock import HOME_ZONE

from .services import Examination, Fault, Reached, examine, reached
from .services.exports import Verdict, verify_export
from .services.walk import HOUSE

_MEANING = {
    "edited": "this row was changed",
    "deleted": "a row was removed here",
    "inserted": "this row was put in",
    "reordered": "this row was moved",
    "truncated": "rows are missing from here to the end",
    "rewritten": "this row is not the one the checkpoint saw",
    "head": "the end of the chain is not the one its head names",
    "checkpoint-forged": "this checkpoint was changed or replaced",
    "checkpoint-missing": "this checkpoint is gone",
}
_TOLD = ("name", "record", "export", "part", "last", "made_at", "since", "until", "size")
_FILE = click.Path(path_type=Path, dir_okay=False)
_DAY = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(as_json: bool) -> None:  # noqa: FBT001 - a command's flag
    """Check every chain of the trail, its head and every signed checkpoint. Exits 1 when there is a fault."""
    found = examine()
    click.echo(_as_json(found) if as_json else _as_text(found))
    if found.faults:
        click.get_current_context().exit(1)


@click.command()
@click.option("--actor", type=click.UUID, help="Id of the account or professional who acted.")
@click.option("--from", "since", type=_DAY, help="First day or instant, in Paris time.")
@click.option("--to", "until", type=_DAY, help="Day or instant before which to stop, in Paris time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of CSV.")
@click.option("--verify", "export", type=_FILE, help="Check an exported history against its signature instead.")
@click.option("--signature", type=_FILE, help="Where the signature is, when not beside the file as FILE.sig.")
def report(
    actor: UUID | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,  # noqa: FBT001 - a command's flag
    export: Path | None,
    signature: Path | None,
) -> None:
    """List which records and accounts were reached, by an actor or in a period: how often, first and last.

    With --verify, check a history that somebody exported: says what is wrong and exits 1 when it is not as signed.
    """
    if export is not None:
        if actor or since or until:
            raise click.UsageError("--verify checks a file: it goes with --signature and --json only.")
        _tell_verdict(verify_export(export, signature), as_json=as_json)
        return
    if signature is not None:
        raise click.UsageError("--signature goes with --verify.")
    if actor is None and since is None and until is None:
        raise click.UsageError("Name an actor, a period, or both: --actor, --from, --to.")
    rows = reached(actor_id=actor, since=_paris(since), until=_paris(until))
    if as_json:
        click.echo(orjson.dumps([_reached(row) for row in rows], option=orjson.OPT_INDENT_2))
    else:
        _write_csv(rows)


def _tell_verdict(found: Verdict, *, as_json: bool) -> None:
    about = {name: found.about[name] for name in _TOLD if name in found.about}
    if as_json:
        click.echo(orjson.dumps({"holds": found.holds, **about, "faults": found.faults}, option=orjson.OPT_INDENT_2))
    else:
        if about:
            click.echo(f"Signed as {about['name']} on {about['made_at'][:16]} UTC.")
        if "record" in about:
            click.echo(f"Record {about['record']}, export {about['export']}: files of one export go together.")
        if "part" in about:
            after = "the last one" if about["last"] == "yes" else "another part follows"
            click.echo(f"This is part {about['part']} of a history in several files: {after}.")
        click.echo("\n".join(found.faults) if found.faults else "The file is as it was signed.")
    if not found.holds:
        click.get_current_context().exit(1)


def _paris(local: datetime | None) -> datetime | None:
    return None if local is None else local.replace(tzinfo=HOME_ZONE)


def _as_json(found: Examination) -> bytes:
    return orjson.dumps(
        {
            "chains": found.chains,
            "rows": found.rows,
            "erased_rows": found.erased,
            "checkpoints": found.checkpoints,
            "last_checkpoint_at": found.last_checkpoint_at,
            "faults": [
                {"chain": str(fault.chain_id), "sequence": fault.sequence, "kind": fault.kind} for fault in found.faults
            ],
        },
        option=orjson.OPT_INDENT_2,
    )


def _as_text(found: Examination) -> str:
    last = f" (last: {found.last_checkpoint_at:%Y-%m-%d %H:%M} UTC)" if found.last_checkpoint_at else ""
    lines = [f"Checked. Chains: {found.chains}. Rows: {found.rows}. Checkpoints: {found.checkpoints}{last}."]
    if found.erased:
        lines.append(f"Rows of erased records: {found.erased}. Their content cannot be read; the rest is checked.")
    lines += [_fault_line(fault) for fault in found.faults]
    lines.append(f"Faults: {len(found.faults)}." if found.faults else "No fault found.")
    return "\n".join(lines)


def _fault_line(fault: Fault) -> str:
    where = "checkpoint" if fault.chain_id == HOUSE else f"chain {fault.chain_id}, row"
    return f"  {fault.kind}: {where} {fault.sequence}: {_MEANING[fault.kind]}"


def _reached(row: Reached) -> dict[str, str | int]:
    return {
        "record": str(row.chain_id),
        "actor": str(row.actor_id),
        "actor_kind": row.actor_kind,
        "action": row.action,
        "count": row.count,
        "first_at": row.first_at.isoformat(),
        "last_at": row.last_at.isoformat(),
    }


def _write_csv(rows: Iterable[Reached]) -> None:
    names = ["record", "actor", "actor_kind", "action", "count", "first_at", "last_at"]
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_reached(row) for row in rows)
