"""The door as people walk through it: pages, codes read in the mailbox, an authenticator app."""

from dataclasses import dataclass
from datetime import timedelta

import pyotp
from flask import Flask

from espace import clock
from espace.accounts import services as accounts
from tests.support.browser_client import Browser, Page
from tests.support.build import PASSWORD, Citizen, citizen, mails_to
from tests.support.clock import FakeClock

EMAIL = "claire.fontenay@exemple.fr"


@dataclass
class Newcomer:
    """A person with a letter in their hand."""

    person: Citizen
    code: str
    serial: str = ""

    @property
    def letter(self) -> dict[str, str]:
        """The four facts, as typed."""
        day = self.person.birth_date
        return {
            "ins": self.person.ins,
            "code": self.code,
            "birth_date": f"{day:%d/%m/%Y}",
            "vitale_serial": self.serial,
        }


def newcomer() -> Newcomer:
    """Claire Fontenay, whose record is open and who has no account."""
    person = citizen(activated=False)
    return Newcomer(person, accounts.new_activation_code(person.person_id))


def give_letter(browser: Browser, who: Newcomer, expect: int | None = 200, **changed: str) -> Page:
    """The first page."""
    form = browser.get("/activation").form("ins", "code")
    return browser.submit(form, {**who.letter, **changed}, expect=expect)


def give_address(browser: Browser, email: str = EMAIL, password: str = PASSWORD, expect: int | None = 200) -> Page:
    """The second page: address and password."""
    form = browser.get("/activation/adresse").form("email", "password")
    return browser.submit(form, {"email": email, "password": password}, expect=expect)


def sent_code(email: str = EMAIL) -> str:
    """The six digits that came last by e-mail."""
    return str(mails_to(email)[-1]["values"]["code"])


def give_email(browser: Browser, email: str = EMAIL) -> Page:
    """The second and the third page: address and password, then the code received."""
    give_address(browser, email)
    page = browser.get("/activation/adresse/code")
    return browser.submit(page.form("code"), {"code": sent_code(email)}, expect=200)


def secret_on(page: Page) -> str:
    """The key of the authenticator app, as it is typed from the page."""
    return "".join(page.tree.xpath("//*[@id='key']")[0].text_content().split())


def choose_app(browser: Browser) -> Page:
    """The fourth page: an authenticator app is chosen."""
    forms = browser.get("/activation/securite").forms
    return browser.submit(next(form for form in forms if form.action.endswith("/application")), expect=200)


def link_app(browser: Browser) -> str:
    """The fourth and the fifth page; gives the app's secret."""
    page = choose_app(browser)
    secret = secret_on(page)
    browser.submit(page.form("code"), {"code": app_code(secret)}, expect=200)
    return secret


def app_code(secret: str) -> str:
    """What the app shows now."""
    return pyotp.TOTP(secret).at(clock.now())


def recovery_codes(page: Page) -> list[str]:
    """The ten codes of the page."""
    return [item.text_content().strip() for item in page.tree.xpath("//ol[contains(@class, 'codes')]/li")]


def keep_codes(browser: Browser, expect: int | None = None, *, follow: bool = True) -> Page:
    """The last page."""
    form = browser.get("/activation/codes").form("kept", "terms")
    return browser.submit(form, {"kept": "y", "terms": "y"}, expect=expect, follow=follow)


@dataclass
class Member:
    """Someone who has activated their space."""

    person: Citizen
    email: str
    secret: str
    recovery: list[str]


def activated(app: Flask, email: str = EMAIL) -> Member:
    """Somebody who walked through all the pages."""
    browser, who = Browser(app), newcomer()
    give_letter(browser, who)
    give_email(browser, email)
    secret = link_app(browser)
    codes = recovery_codes(browser.get("/activation/codes"))
    keep_codes(browser, follow=False, expect=303)
    return Member(who.person, email, secret, codes)


def give_password(browser: Browser, email: str, password: str = PASSWORD, expect: int | None = None) -> Page:
    """The first page of signing in."""
    form = browser.get("/connexion").form("email", "password")
    return browser.submit(form, {"email": email, "password": password}, expect=expect)


def sign_in(browser: Browser, member: Member, time: FakeClock) -> Page:
    """Both pages of signing in, with the next code of the app."""
    time.advance(timedelta(seconds=30))
    page = give_password(browser, member.email, expect=200)
    return browser.submit(page.form("code"), {"code": app_code(member.secret)}, expect=303, follow=False)
