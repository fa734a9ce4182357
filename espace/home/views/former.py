"""Acts of an earlier record that was taken over: told as they were, with their own day and names."""

from datetime import datetime

from flask_babel import gettext
from markupsafe import Markup

from espace.audit.services import Entry
from espace.web.i18n import full_day
from espace.words import N_, Message

_ACTS: dict[str, tuple[Message, Message]] = {
    "read": (N_("%(who)s read a document."), N_("%(who)s read the document “%(what)s”.")),
    "added": (N_("%(who)s added a document."), N_("%(who)s added the document “%(what)s”.")),
    "hidden": (N_("%(who)s hid a document."), N_("%(who)s hid the document “%(what)s”.")),
    "shown": (N_("%(who)s showed a document again."), N_("%(who)s showed the document “%(what)s” again.")),
    "deleted": (N_("%(who)s deleted a document."), N_("%(who)s deleted the document “%(what)s”.")),
    "access-given": (N_("%(who)s was allowed to read the record."),) * 2,
    "access-ended": (N_("%(who)s was no longer allowed to read the record."),) * 2,
    "access-blocked": (N_("%(who)s was blocked."),) * 2,
    "opened": (N_("%(who)s opened the record."),) * 2,
    "other": (N_("%(who)s did something in the record."),) * 2,
}


def sentence(entry: Entry) -> Markup:
    """« Repris de l'ancien dossier, 3 mai 2019 : Hélène Morvan a lu le document « Radio ». », everything escaped."""
    detail = entry.detail
    plain, named = _ACTS.get(detail.get("act", ""), _ACTS["other"])
    what = entry.objects[0].get("title", "") if entry.objects else ""
    who = Markup("<b>%s</b>") % (detail.get("who") or gettext("Someone"))
    told = Markup(gettext(str(named if what else plain))) % {"who": who, "what": Markup("<b>%s</b>") % what}  # noqa: S704
    day = full_day(datetime.fromisoformat(detail["at"])) if detail.get("at") else ""
    lead = Markup(gettext("Taken over from the former record, %(day)s:"))  # noqa: S704 - ours
    return lead % {"day": day} + " " + told
