"""What an event needs to be told: the same parts in every language."""

from dataclasses import dataclass

GO_FR, GO_EN = "connectez-vous sur le site", "sign in on the site yourself"


@dataclass(frozen=True, slots=True)
class Words:
    """One event in one language. `name` is its line on the page, `why` when it is told.

    `subject` and `text` are the e-mail; `sms` the SMS, within 160 characters of GSM 03.38 and without any link.
    """

    name: str
    why: str
    subject: str
    text: str
    sms: str


@dataclass(frozen=True, slots=True)
class Template:
    """Subject and text of one e-mail in one language; `{site}` is the address of the house."""

    subject: str
    text: str
