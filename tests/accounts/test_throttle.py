"""Guesses are slowed down by account, network and device; nobody is locked out (security.md R6)."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest
from flask import Flask

from espace.accounts.services import throttle
from espace.errors import ThrottledError
from espace.machines import Machines
from tests.support.browser_client import Browser
from tests.support.build import PASSWORD, ins, mails_to
from tests.support.clock import FakeClock

from .journey import activated, app_code, give_address, give_letter, give_password, newcomer, sign_in

TRIES = 1000


def test_pauses_grow_from_nothing_to_thirty_seconds(machines: Machines, clock: FakeClock) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")
    pauses = []
    for _ in range(10):
        throttle.admit(names)
        pauses.append(throttle.wait(names))
        clock.advance(timedelta(seconds=pauses[-1]))
    assert pauses == [0, 0, 0, 1, 2, 4, 8, 16, 30, 30]


def test_a_try_too_early_is_refused_and_not_counted(machines: Machines, clock: FakeClock) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")
    for _ in range(4):
        throttle.admit(names)
    for _ in range(50):
        with pytest.raises(ThrottledError) as refused:
            throttle.admit(names)
        assert refused.value.wait == 1
    clock.advance(timedelta(seconds=1))
    throttle.admit(names)
    assert throttle.wait(names) == 2


def test_a_good_try_clears_the_account_but_gives_a_network_only_that_try_back(
    machines: Machines, clock: FakeClock
) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")
    for _ in range(4):
        throttle.admit(names)
    throttle.clear(names)
    assert throttle.wait(names) == 0
    for number in range(27):
        throttle.admit(throttle.names_for("password", f"victim {number}", "192.0.2.1"))
    # 3 + 27 failures stand against the network: the next ones wait, whoever they are for.
    throttle.admit(throttle.names_for("password", "another", "192.0.2.1"))
    with pytest.raises(ThrottledError):
        throttle.admit(throttle.names_for("password", "yet another", "192.0.2.1"))
    throttle.admit(throttle.names_for("password", "yet another", "192.0.2.2"))


def test_failures_are_forgotten_after_an_hour(machines: Machines, clock: FakeClock) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")
    for _ in range(8):
        clock.advance(timedelta(seconds=30))
        throttle.fail(names)
    clock.advance(timedelta(hours=1, seconds=1))
    throttle.admit(names)
    assert throttle.wait(names) == 0
    clock.advance(timedelta(hours=1, seconds=1))
    assert throttle.sweep() == 2


def test_a_clock_set_back_makes_nobody_wait_longer(machines: Machines, clock: FakeClock) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")
    for _ in range(9):
        throttle.fail(names)
    clock.advance(-timedelta(days=1))
    assert throttle.wait(names) == 30
    with pytest.raises(ThrottledError):
        throttle.admit(names)
    clock.advance(timedelta(seconds=30))
    throttle.admit(names)  # and not only once the clock has caught up with the day


NETWORKS = [
    ("192.0.2.7", "192.0.2.7"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ("", "unknown"),
    ("not an address", "unknown"),
]


@pytest.mark.parametrize(("address", "network"), NETWORKS)
def test_an_ipv6_customer_is_one_network(address: str, network: str) -> None:
    assert throttle.network_of(address) == network


def test_a_hundred_tries_at_once_count_a_hundred(machines: Machines) -> None:
    names = throttle.names_for("password", "someone", "192.0.2.1")

    def one(_: int) -> bool:
        try:
            throttle.admit(names)
        except ThrottledError:
            return False
        return True

    contexts = [copy_context() for _ in range(100)]
    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda pair: pair[1].run(one, pair[0]), enumerate(contexts)))
    assert sum(let_in) == 4, "the free tries and the one that starts the pause"


def test_under_a_thousand_bad_tries_the_owner_s_device_signs_in(app: Flask, client: Browser, clock: FakeClock) -> None:
    member = activated(app)
    sign_in(client, member, clock)
    client.submit(client.get("/deconnexion").form("csrf_token"))
    attackers = [Browser(app, ip=f"198.51.100.{number}") for number in range(5)]
    forms = [attacker.get("/connexion").form("email", "password") for attacker in attackers]
    statuses = []
    for number in range(TRIES // 50):
        for attacker, form in zip(attackers, forms, strict=True):
            typed = {"email": member.email, "password": f"essai numéro {number}"}
            statuses.append(attacker.submit(form, typed).status)
        clock.advance(timedelta(seconds=2))
    assert set(statuses) == {422, 429}
    assert statuses.count(422) < 12, "slowed down"
    page = give_password(client, member.email, expect=200)
    assert client.submit(page.form("code"), {"code": app_code(member.secret)}, follow=False).status == 303
    stranger = give_password(Browser(app, ip="203.0.113.1"), member.email, PASSWORD)
    assert stranger.status == 429
    assert 1 <= int(stranger.headers["Retry-After"]) <= 30
    clock.advance(timedelta(seconds=30))
    assert give_password(Browser(app, ip="203.0.113.1"), member.email, PASSWORD).status == 200, "never locked out"


def test_the_second_factor_and_recovery_codes_are_slowed_down(app: Flask, client: Browser, clock: FakeClock) -> None:
    member = activated(app)
    page = give_password(client, member.email, expect=200)
    form = page.form("code")
    statuses = []
    for number in range(20):
        typed = f"{number:06}" if number % 2 else f"AAAAA-{number:05}"
        statuses.append(client.submit(form, {"code": typed}).status)
    assert statuses == [422] * 4 + [429] * 16
    clock.advance(timedelta(seconds=30))
    assert client.submit(form, {"code": app_code(member.secret)}, follow=False).status == 303


def test_guessing_the_letter_is_slowed_down_and_tells_nothing(app: Flask, clock: FakeClock) -> None:
    who = newcomer()
    browser = Browser(app)
    known = [give_letter(browser, who, None, code=f"AAAAAA{number:02}") for number in range(20, 40)]
    assert [page.status for page in known] == [422] * 4 + [429] * 16
    stranger = Browser(app, ip="198.51.100.1")
    unknown = [give_letter(stranger, who, None, ins=ins()) for _ in range(4)]
    wrong_day = give_letter(Browser(app, ip="198.51.100.2"), newcomer(), None, birth_date="13/05/1984")
    assert len({(page.status, len(page.body)) for page in (*known[:4], *unknown, wrong_day)}) == 1
    clock.advance(timedelta(seconds=30))
    assert "Étape 2" in give_letter(browser, who).text, "never locked out"


def test_the_code_by_mail_is_slowed_down_and_so_is_its_sending(app: Flask, client: Browser) -> None:
    who = newcomer()
    give_letter(client, who)
    email = "claire@exemple.fr"
    page = give_address(client, email)
    right = mails_to(email)[-1]["values"]["code"]
    wrong = "000000" if right != "000000" else "111111"
    statuses = [client.submit(page.form("code"), {"code": wrong}).status for _ in range(10)]
    assert statuses == [422] * 4 + [429] * 6
    for _ in range(10):
        client.submit(page.forms[1])
    assert len(mails_to(email)) == 4


def test_asking_for_a_new_letter_code_is_slowed_down(app: Flask, client: Browser) -> None:
    who = newcomer()
    form = client.get("/activation/nouveau-code").form("ins", "birth_date")
    typed = {name: who.letter[name] for name in ("ins", "birth_date")}
    assert [client.submit(form, typed).status for _ in range(8)] == [200] * 4 + [429] * 4
