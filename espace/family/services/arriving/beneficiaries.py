"""Import of the insurer's list: one short transaction per person, so that nothing is ever half-written.

Persons without parents in the list are written as they are read; the others follow, the oldest first: a parent is
older than their child, so whoever is named as a parent is there already, wherever their own line stands.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import OperationalError

from espace import clock, db, settings
from espace.accounts.services import account_of, new_activation_code
from espace.accounts.services.letters import has_valid_code
from espace.errors import BusyError, ConflictError
from espace.family.services.links import link_parent, representatives
from espace.import_report import Report
from espace.import_table import LONGEST_LINE, LineError, header_of, lines_of, split
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.records import services as records

from .awaited import await_parent, link_awaited, why_no_link
from .beneficiary_lines import COLUMNS, Beneficiary, beneficiary
from .letters import Letter, in_words, letter_of

MAIL_LOCALE = "fr"  # nobody has chosen a language before the activation


def import_beneficiaries(
    path: Path,
    *,
    letters: Callable[[Letter], None] | None = None,
    progress: Callable[[int], None] = lambda _read: None,
) -> Report:
    """Announce and open the spaces of the list at `path` (design section 4); a second run changes nothing.

    `letters` takes the activation letters, for paper; without it the announcement goes by e-mail, to the person or a
    child's parents, with the code but no identifier (rules.md AC-2, SE-7), and whoever has no e-mail gets none yet.
    It is called inside the person's transaction: a code that could not be handed over is not kept.

    Raises:
        BusyError: when the database stays locked; what was read so far is written, and the list can be run again.
        UnreadableError: when the file is no such list; nothing was written.
    """
    report = Report()
    header = header_of(path, COLUMNS)
    seen: dict[str, int] = {}
    children: list[Beneficiary] = []
    for each in _read(path, header, report, progress, seen):
        if each.parents:
            children.append(each)
        else:
            _take_in(each, letters, report)
    for each in sorted(children, key=lambda child: child.traits.birth_date):
        _take_in(each, letters, report)
    report.sort()
    return report


def _read(
    path: Path, header: Sequence[str], report: Report, progress: Callable[[int], None], seen: dict[str, int]
) -> Iterator[Beneficiary]:
    """The good lines; the others are reported."""
    for number, line in lines_of(path):
        report.read += 1
        progress(report.read)
        try:
            yield _one(number, line, header, seen)
        except LineError as error:
            report.refuse(f"line {number}", str(error))


def _one(number: int, line: str, header: Sequence[str], seen: dict[str, int]) -> Beneficiary:
    if len(line) > LONGEST_LINE:
        raise LineError("the line is too long")
    found = beneficiary(number, header, split(line))
    first = seen.setdefault(found.traits.ins, number)
    if first != number:
        raise LineError(f"ins: the same number stands on line {first}")
    return found


def _take_in(each: Beneficiary, letters: Callable[[Letter], None] | None, report: Report) -> None:
    where = f"line {each.line}"
    refused, notes = list(each.wrong_links), list(each.notes)
    try:
        with db.write():
            changed = _save(each, letters, refused, notes)
    except ConflictError:
        report.refuse(where, "somebody else wrote the same person at the same time: run the import again")
        return
    except OperationalError:
        raise BusyError(f"the database stayed locked at line {each.line}: run the import again") from None
    report.done += changed
    report.unchanged += not changed
    for reason in refused:
        report.refuse(where, f"{reason}; the link is not made, the person is")
    for note in notes:
        report.note(where, note)


def _save(each: Beneficiary, letters: Callable[[Letter], None] | None, refused: list[str], notes: list[str]) -> bool:
    """Write person, record, links and code; gives whether anything changed."""
    person_id, changed = people.save_person(each.traits)
    record = records.record_of(person_id)
    if record is None:
        record_id = records.open_record(person_id, attending_rpps=each.attending_rpps)
        changed = True
    else:
        record_id = record.id
        changed |= records.set_attending(record_id, each.attending_rpps)
    for place, ins in each.parents:
        parent = people.find_person(ins)
        problem = why_no_link(each.traits, parent)
        if problem:
            refused.append(f"parent {place}: {problem}")
        elif parent:
            changed |= link_parent(record_id, parent.id)
        if parent is None:
            await_parent(record_id, ins)
    changed |= link_awaited(person_id, each.traits)
    if _waits_for_code(person_id, record_id, each.traits):
        changed |= _hand_over(person_id, record_id, each, letters, notes)
    return changed


def _waits_for_code(person_id: UUID, record_id: UUID, traits: people.Traits) -> bool:
    """Whether a code is due: nobody came in yet, nobody objected, and no code still works.

    A child's code serves its parents (rules.md AC-7, MI-1); from `autonomy_age` on it serves the young person, whose
    parents may have opened the profile long ago (MI-3).
    """
    if account_of(person_id) is not None or has_valid_code(person_id):
        return False
    waiting = {records.ANNOUNCED, records.OPEN}
    if traits.age_on(clock.today()) >= settings.current().autonomy_age:
        waiting.add(records.ACTIVE)
    return records.record(record_id).state in waiting


def _hand_over(
    person_id: UUID,
    record_id: UUID,
    each: Beneficiary,
    letters: Callable[[Letter], None] | None,
    notes: list[str],
) -> bool:
    """Make the code and give it to the letters, else to the e-mail on file; gives whether one was made."""
    opens_at = records.record(record_id).opens_at
    if letters:
        code = new_activation_code(person_id)
        letters(letter_of(person_id, each.traits, code, opens_at, line=each.line, address=each.address))
        return True
    message, addresses = _announcement(record_id, each.traits)
    if not addresses:
        notes.append("no e-mail, so no activation code was made: run again with --letters")
        return False
    code, opens = new_activation_code(person_id), in_words(opens_at.astimezone(clock.HOME_ZONE).date())
    for address in addresses:
        send_mail(address, MAIL_LOCALE, message, code=code, opens=opens)
    return True


def _announcement(record_id: UUID, traits: people.Traits) -> tuple[str, list[str]]:
    """Which message announces the space, and to whom: the person, or the parents of a child."""
    if traits.age_on(clock.today()) >= settings.current().autonomy_age:
        return "announcement", [traits.email] if traits.email else []
    parents = people.persons(representatives(record_id)).values()
    found = [traits.email, *(parent.email for parent in parents)]
    return "child-announcement", list(dict.fromkeys(address for address in found if address))
