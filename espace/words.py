"""Sentences for people, born where no request is: marked for translation here, translated where a page is written."""

from typing import Any, Self


class Message(str):
    """A msgid and the values to put into its translation. As a plain string it is the English sentence."""

    __slots__ = ("msgid", "values")
    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, **values: Any) -> Self:
        """`Message("At most %(limit)d pages.", limit=20)`."""
        made = super().__new__(cls, msgid % values if values else msgid)
        made.msgid = msgid
        made.values = values
        return made


def N_(msgid: str, **values: Any) -> Message:  # noqa: N802 - the name that message extraction looks for
    """Mark a sentence for translation; `Message` says how values go in."""
    return Message(msgid, **values)


def one_line(text: str) -> str:
    """What somebody wrote, on one line, without signs nobody sees: some turn the words around them, others steer."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def some_lines(text: str) -> str:
    """The same of a text that keeps its lines."""
    return "\n".join(one_line(line) for line in text.strip().splitlines())
