"""What one profession reads and deposits, and how sure the table is of it: the matrix as patients may read it."""

from collections import defaultdict
from dataclasses import dataclass

from espace.people import services as people

from .matrix import active_matrix, column_of, type_categories, types_in


@dataclass(frozen=True, slots=True)
class Outlook:
    """One category (JDV_J06) for one profession: types read, types not read, types it deposits by nature.

    `sources` are how sure the table is of these: official, reported, inferred.
    """

    seen: frozenset[str]
    unseen: frozenset[str]
    deposited: frozenset[str]
    sources: frozenset[str]


def told_professions() -> tuple[str, ...]:
    """The professions the table in use says something about, doctors first, the others by their everyday names."""
    columns = {who for who, _ in active_matrix().sources if column_of(who) is not None}
    named = [one for one in columns if "#" in one or people.plain_label(one)]
    return tuple(sorted(named, key=lambda one: (one != "G15_10", "#" not in one, people.plain_label(one), one)))


def outlook(profession: str) -> dict[str, Outlook]:
    """What a profession reads and deposits of each category, by class code."""
    table, column = active_matrix(), column_of(profession)
    readable, natural = types_in(table.readable, profession), types_in(table.natural, profession)
    kinds: dict[str, set[str]] = defaultdict(set)
    for type_code, class_code in type_categories().items():
        kinds[class_code].add(type_code)
    return {
        code: Outlook(
            frozenset(types & readable),
            frozenset(types - readable),
            frozenset(types & natural),
            frozenset(table.sources[column or "", one] for one in types if (column or "", one) in table.sources),
        )
        for code, types in kinds.items()
    }
