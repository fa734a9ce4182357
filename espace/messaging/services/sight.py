"""Which messages of a box its reader sees, as conditions of SQL: what they may not see changes nothing (R13).

A parent does not see what a minor keeps secret, whoever reads up to a limit nothing of what came later. Secrecy is a
whole conversation's: a secret message that answers an open one begins another.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam

from espace.db import Id, Instant
from espace.messaging.models import Message

from .boxes import Box

BOX = bindparam("box", type_=Id)


class Shape(NamedTuple):
    """What of a box changes a statement; the rest are its parameters.

    `is_limited`: the columns of a conversation may tell of messages that came too late for this reader.
    """

    sees_secret: bool
    is_limited: bool


def shape(box: Box) -> Shape:
    """The shape of what a box's reader sees."""
    return Shape(box.sees_secret, box.arrived_before is not None)


def parameters(box: Box) -> dict[str, Any]:
    """The values of the conditions."""
    found: dict[str, Any] = {"box": box.id}
    if box.arrived_before is not None:
        found["before_limit"] = box.arrived_before
    return found


def conditions(shape: Shape, message: Any = Message) -> list[ColumnElement[bool]]:
    """The messages of the box that are seen; `message` is the table, or an alias of it."""
    found: list[ColumnElement[bool]] = [message.box_id == BOX]
    if not shape.sees_secret:
        found.append(message.secret.is_(False))
    if shape.is_limited:
        found.append(message.at < bindparam("before_limit", type_=Instant))
    return found
