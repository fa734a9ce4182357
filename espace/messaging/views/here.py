"""Whose messages a page shows: the same views stand below a record and below a mailbox of professionals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, g

from espace.messaging.services.boxes import Box, MailboxFacts, as_box, box_of, mailbox_of
from espace.permissions import Permission
from espace.web.guards import requires, signed_in, viewpoint
from espace.web.viewpoint import Viewpoint

View = Callable[..., Response]
_RECORD_LAYOUT, _MAILBOX_LAYOUT = "layout/record.html", "messaging/_mailbox.html"


@dataclass(frozen=True, slots=True)
class Here:
    """One box before one reader. `base` is the address of its list, under which its other pages stand.

    Of a person's box `viewpoint` is the reader's, of a mailbox `facts` are what is known of it.
    """

    box: Box
    base: str
    viewpoint: Viewpoint | None = None
    facts: MailboxFacts | None = None

    @property
    def layout(self) -> str:
        """The frame around the page."""
        return _RECORD_LAYOUT if self.viewpoint else _MAILBOX_LAYOUT

    @property
    def is_veiled(self) -> bool:
        """Whether nothing that was written may be shown now."""
        return self.viewpoint is not None and self.viewpoint.is_veiled

    @property
    def for_other(self) -> str:
        """The first name of whom the reader acts for, or "" when they act for themselves."""
        standing = self.box.standing
        return standing.holder_name.split()[0] if standing and standing.acts_for_other else ""


def here() -> Here:
    """The box of this request's page.

    Raises:
        NotFoundError: when the reader may not read in it.
    """
    found: Here | None = g.get("mail_here")
    if found is None:
        point = viewpoint()
        found = g.mail_here = Here(box_of(point.standing), f"{point.base}/messages", viewpoint=point)
    return found


def mailbox_here(mailbox_id: UUID) -> Here:
    """A mailbox before one of those who work in it.

    Raises:
        NotFoundError: for anybody else.
    """
    actor = signed_in()
    facts = mailbox_of(actor, mailbox_id)
    return Here(as_box(actor, facts), base_of(mailbox_id), facts=facts)


def base_of(mailbox_id: UUID) -> str:
    """The address of a mailbox's list, under which its other pages stand."""
    return f"/pro/messages/{mailbox_id}"


def of_mailbox(view: View) -> View:
    """The same view, below the address of a mailbox, for the professionals who belong to it."""

    @wraps(view)
    def in_mailbox(mailbox_id: UUID, **given: Any) -> Response:
        g.mail_here = mailbox_here(mailbox_id)
        return view(**given)

    return requires(Permission.PRACTICE)(in_mailbox)
