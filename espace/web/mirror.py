"""Pages drawn through another's eyes: what their own reader could do there is shown, and cannot be done."""

import re

from .viewpoint import Viewpoint

_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
_POSTED = re.compile(r'<form\b[^>]*\bmethod="post"')
_ACTION = re.compile(r'<form\b[^>]*\baction="([^"]*)"')
_CONTROL = re.compile(r'<(button|select|textarea|input(?! type="hidden"))(?=[ >])')
_QUESTION = "/recherche"


def inert(page: str, here: Viewpoint) -> str:
    """The same page with its forms out of use, but for those that ask a question: nothing is done as somebody else."""

    def shut(found: re.Match[str]) -> str:
        form = found[0]
        action = _ACTION.match(form)
        is_theirs = action is not None and action[1].startswith(f"{here.base}/")
        if not _POSTED.match(form) or not is_theirs or (action is not None and action[1].endswith(_QUESTION)):
            return form
        return _CONTROL.sub(r"<\1 disabled", form)

    return _FORM.sub(shut, page)
