"""Searching in the messages. What is sought is posted, and stands unreadable in the address of its answer."""

from flask import Response, request

from espace.messaging.forms import SearchForm
from espace.messaging.services.reading import searching
from espace.messaging.services.reading.searching import Question
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.compression import leave_plain
from espace.web.guards import asks, requires

from .here import Here, here


@requires(Permission.MESSAGES_READ)
def ask() -> Response:
    """The page of the search, with the answer to the question in `r`."""
    leave_plain()
    place = here()
    question = searching.opened(place.box, request.args.get("r", ""))
    if question is None:
        return page(
            "messaging/search.html", SearchForm(formdata=None), here=place, question=None, over="r" in request.args
        )
    results = searching.search(place.box, question)
    following = searching.following(question, results)
    return page(
        "messaging/search.html",
        SearchForm(formdata=None, data={"q": question.text}),
        here=place,
        question=question,
        hits=results.hits,
        more=_address(place, following) if following else "",
        over=False,
    )


@requires(Permission.MESSAGES_READ)
@asks
def asked() -> Response:
    """Take a question and lead to its answer, so that going back to it from a message asks nothing again."""
    leave_plain()
    place = here()
    form = SearchForm()
    with attempt(form):
        return to(_address(place, searching.ask(form.q.data or "")))
    return page("messaging/search.html", form, here=place, question=None, over=False)


def _address(place: Here, question: Question) -> str:
    return f"{place.base}/recherche?r={searching.sealed(place.box, question)}"
