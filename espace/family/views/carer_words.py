"""What a carer may do, as one sentence (look: rights are sentences)."""

from collections.abc import Collection, Sequence

from flask_babel import gettext

from espace.family.services.carers.scope import Scope
from espace.family.services.carers.subjects import SUBJECTS, in_order
from espace.permissions import Task
from espace.web.i18n import elide, full_day


def summary_of(name: str, scope: Scope) -> str:
    """« Karim peut lire les documents, sauf la psychiatrie, jusqu'au 30 juin »."""
    # Reading last: what it leaves out can then belong to nothing else.
    what = listed([words for words in (_adding(scope.tasks), *_messages(scope.tasks), _reading(scope)) if words])
    return elide(
        gettext("%(name)s may %(what)s, until %(day)s.", name=name, what=what, day=full_day(scope.last_day)), name
    )


def tasks_in_words(tasks: Collection[Task]) -> str:
    """The same for the carer, who is never told what is withheld."""
    found = []
    if Task.READ_DOCUMENTS in tasks:
        found.append(gettext("read the documents"))
    return listed([*found, *([_adding(tasks)] if _adding(tasks) else []), *_messages(tasks)])


def listed(words: Sequence[str]) -> str:
    """« a, b et c »."""
    if len(words) < 2:
        return "".join(words)
    return str(gettext("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1]))


def _reading(scope: Scope) -> str:
    if Task.READ_DOCUMENTS not in scope.tasks:
        return ""
    kept = [gettext(SUBJECTS[one].msgid) for one in in_order(scope.subjects)]
    if not kept:
        return str(gettext("read the documents"))
    return str(gettext("read the documents, except %(what)s", what=listed(kept)))


def _adding(tasks: Collection[Task]) -> str:
    return str(gettext("add documents")) if Task.ADD_DOCUMENTS in tasks else ""


def _messages(tasks: Collection[Task]) -> list[str]:
    words = {Task.READ_MESSAGES: gettext("read the messages"), Task.WRITE_MESSAGES: gettext("answer the messages")}
    return [said for task, said in words.items() if task in tasks]
