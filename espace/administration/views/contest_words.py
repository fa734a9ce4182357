"""What somebody did in a visit, counted: for who may know how much was opened, and nothing of what it says."""

from collections.abc import Callable, Iterable, Mapping

from flask_babel import gettext, ngettext

from espace.audit.services import Action

_COUNTED: Mapping[str, Callable[[int], str]] = {
    Action.EMERGENCY_OPENED: lambda _: gettext("opened this record in an emergency"),
    Action.DOCUMENT_OPENED: lambda n: ngettext("opened %(num)d document", "opened %(num)d documents", n),
    Action.DOWNLOADED: lambda n: ngettext("downloaded %(num)d document", "downloaded %(num)d documents", n),
    Action.DOCUMENT_DEPOSITED: lambda n: ngettext("deposited %(num)d document", "deposited %(num)d documents", n),
    Action.DOCUMENT_ADDED: lambda n: ngettext("added %(num)d document", "added %(num)d documents", n),
    Action.DOCUMENTS_SEARCHED: lambda _: gettext("searched the documents"),
    Action.DOCUMENTS_LISTED: lambda _: gettext("looked at the list of documents"),
    Action.CARE_READ: lambda _: gettext("looked at the care history"),
    Action.CARE_SEARCHED: lambda _: gettext("searched the care history"),
    Action.RECORD_HOME_OPENED: lambda _: gettext("read the home page"),
    Action.PATIENT_PAGE_OPENED: lambda _: gettext("opened the page of this record"),
    Action.PATIENT_FOUND: lambda _: gettext("found this record by its number"),
    Action.ACCESSES_READ: lambda _: gettext("looked at who sees this record"),
    Action.HISTORY_READ: lambda _: gettext("read this history"),
    Action.CONSENT_ASKED: lambda _: gettext("asked to read this record"),
}


def counted(acts: Iterable[tuple[str, int]]) -> str:
    """« ouvert 3 documents, regardé la liste des documents »."""
    given = dict(acts)
    said = [word(given[action]) for action, word in _COUNTED.items() if action in given]
    others = sum(count for action, count in given.items() if action not in _COUNTED)
    if others:
        said.append(ngettext("did one other thing", "did %(num)d other things", others))
    return ", ".join(said)
