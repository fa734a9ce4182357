"""Making the demo's house: keys, database, and eight years of life, each act at its own time through the services."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice
from pathlib import Path

from espace import clock, crypto, db, outbox
from espace.accounts import services as accounts
from espace.accounts.services import ages
from espace.assembly import handle_events
from espace.audit import services as audit
from espace.family.services import may_hold_account
from espace.family.services.arriving.beneficiaries import import_beneficiaries
from espace.family.services.arriving.letters import Letter
from espace.import_report import Report
from espace.machines import Machines
from espace.people import services as people
from espace.settings import Settings
from espace.setup import migrate_house

from . import (
    accesses,
    alarms,
    answers,
    care,
    carers,
    desk,
    given,
    keeping,
    ledger,
    links,
    office,
    posting,
    protected,
    registers,
    words,
)
from .acting import BuildError, Stage, at, deliver
from .cast import ACTIVATION, CHILDREN, DIRECTORY, ENTERING, PATIENTS, Pro, Someone
from .filing import FilingOffice
from .hasty import hasty
from .lives import LIVES, papers
from .mailbox import Mailbox
from .operator import Papers
from .pages import Printer
from .papers import YEARS, Paper
from .story import ALL, Event, story

_TOGETHER = 40
_OPENING = YEARS * 365
"""How many days ago the house of the demo opened."""
_ACTIVATED = {
    "mother": _OPENING - 9,
    "retired": _OPENING - 14,
    "second_parent": 1950,
    "carer": 1460,
    "newcomer": 3,
    "protected": 690,
}
_ARRIVED = {"newcomer": 10, "unactivated": 6, "minor_unactivated": 6, "protected": 700}


def build(settings: Settings, folder: Path) -> None:
    """Make the house of `folder` and everything in it; `demo.json` comes last, so that its presence means "whole".

    Raises:
        BuildError: when a service refuses what the cast says.
    """
    now = clock.now()
    stage = Stage(now.astimezone(clock.HOME_ZONE).date(), now, Mailbox(folder))
    crypto.write_ring(crypto.new_ring(), settings.key_file)
    Papers(folder).make()
    # The house opens in the past: ids carry their time and only grow, so nothing may be made at the present first.
    machines = hasty(Machines.open(settings, clock=at(stage.moment(_OPENING, 5))))
    machines.bind()
    migrate_house(machines, say=lambda _words: None)
    handle_events()
    ages.on_younger(may_hold_account)
    outbox.on("documents.filed", words.on_filed)
    with tempfile.TemporaryDirectory() as scratch:
        _play(stage, Path(scratch))
    clock.bind(clock.system_clock)
    audit.checkpoint()
    logins = [_login(pro) for pro in ENTERING]
    ledger.write(folder / ledger.PROVIDER_ACCOUNTS, [_provider_account(*login) for login in logins])
    ledger.write(folder / ledger.NAME, _contract(stage, settings, folder, logins))
    machines.close()


def _play(stage: Stage, scratch: Path) -> None:
    """Let everything happen in the order of time; what may share a transaction does, some forty acts at once."""
    workshop = _Workshop(stage, scratch)
    events = sorted(_events(workshop), key=lambda event: event.at)
    with Printer([event.paper for event in events if event.paper], stage.today) as workshop.printer:
        for alone, acts in groupby(events, key=lambda event: event.alone):
            if alone:
                for event in acts:
                    _act([event])
                    with clock.bound(at(event.at)):
                        deliver()
                continue
            while together := list(islice(acts, _TOGETHER)):
                with db.write():
                    _act(together)


def _act(events: Iterable[Event]) -> None:
    for event in events:
        with clock.bound(at(event.at)):
            event.act()


@dataclass
class _Workshop:
    """What the acts of the building share."""

    stage: Stage
    scratch: Path
    printer: Printer = field(init=False)
    office: FilingOffice = field(init=False)

    def __post_init__(self) -> None:
        """Open the office where papers are filed."""
        self.office = FilingOffice(self.stage)


def _events(shop: _Workshop) -> Iterator[Event]:
    stage = shop.stage
    yield Event(stage.moment(_OPENING, 6), partial(_import_professionals, shop.scratch))
    yield Event(stage.moment(_OPENING, 6, 30), partial(office.invite, stage), alone=True)
    yield Event(stage.moment(200, 10, 40), partial(office.print_for, stage, ALL["second_parent"]), alone=True)
    for someone in (*PATIENTS, *CHILDREN, *ACTIVATION):
        ago = _arrival(stage, someone)
        yield Event(stage.moment(ago, 8 if someone.parents else 7), partial(_announce, shop, someone))
        if someone.key in _ACTIVATED:
            yield Event(stage.moment(_ACTIVATED[someone.key], 20), partial(stage.activate, someone), alone=True)
        if someone in CHILDREN:
            parent = ALL[someone.parents[0]]
            opened = min(ago - 2, _ACTIVATED[parent.key] - 1)
            yield Event(stage.moment(opened, 20), partial(stage.open_profile, parent, someone))
        if someone.key in LIVES:
            yield from _filings(shop, someone, ago)
            yield from care.events(stage, shop.scratch, someone, ago)
    teen = ALL["teen"]
    yield Event(stage.moment(teen.days - 10, 7), partial(_letter_at_sixteen, stage, teen))
    yield Event(stage.moment(teen.days - 12, 18), partial(stage.activate, teen), alone=True)
    yield from story(stage)
    yield from answers.events(stage)
    yield from carers.events(stage)
    yield from keeping.events(stage)
    yield from accesses.events(stage)
    yield from given.events(stage)
    yield from alarms.events(stage)
    yield from links.events(stage)
    yield from protected.events(stage)
    yield from posting.events(stage)
    yield Event(stage.moment(5, 8), partial(desk.send_in, stage, shop.scratch), alone=True)
    yield Event(stage.moment(4, 9), partial(desk.propose, stage), alone=True)


def _arrival(stage: Stage, someone: Someone) -> int:
    """How many days ago the insurer announced them: at the opening, or three weeks after they were born."""
    born = (stage.today - someone.born(stage.today)).days
    return _ARRIVED.get(someone.key, min(_OPENING, born - 21))


def _filings(shop: _Workshop, someone: Someone, since: int) -> Iterator[Event]:
    """Their documents, each on its day; those from before their space existed come in the day after it opened."""
    today = shop.stage.today
    for number, paper in enumerate(papers(someone.key, today)):
        ago = min((today - paper.day).days, since - 1)
        yield Event(
            shop.stage.moment(ago, 9 + number % 5, 13 * number % 60),
            partial(_file, shop, someone, paper),
            alone=paper.deposited,
            paper=(someone.key, number),
        )
        for later, who in enumerate(paper.again, start=1):
            again = partial(shop.office.bring_again, someone, paper, who)
            yield Event(shop.stage.moment(max(ago - 2 * later, 0), 18, later), again, alone=True)


def _file(shop: _Workshop, someone: Someone, paper: Paper) -> None:
    shop.office.file(someone, paper, shop.printer.next())


def _import_professionals(scratch: Path) -> None:
    path = scratch / "professionals.txt"
    registers.write_professionals(path)
    _all_done(people.import_professionals(path))


def _announce(shop: _Workshop, someone: Someone) -> None:
    stage, path = shop.stage, shop.scratch / "beneficiaries.csv"
    registers.write_beneficiaries(path, [someone], stage.today)

    def keep(letter: Letter) -> None:
        stage.codes[someone.key] = letter.code

    _all_done(import_beneficiaries(path, letters=keep))


def _all_done(report: Report) -> None:
    if report.refused or report.quarantined:
        raise BuildError("; ".join(f"{entry.where}: {entry.reason}" for entry in report.refused + report.quarantined))


def _letter_at_sixteen(stage: Stage, teen: Someone) -> None:
    stage.codes[teen.key] = accounts.new_activation_code(stage.person(teen).id)


@dataclass(frozen=True, slots=True)
class _Login:
    login: str
    password: str


def _login(pro: Pro) -> tuple[Pro, _Login]:
    return pro, _Login(pro.mssante.partition("@")[0], ledger.phrase())


def _provider_account(pro: Pro, login: _Login) -> dict[str, object]:
    return {
        "login": login.login,
        "password": login.password,
        "rpps": pro.rpps,
        "given_name": pro.given,
        "family_name": pro.family,
        "profession_code": pro.profession,
        "structures": [{"id": pro.place.number, "name": pro.place.name}],
    }


def _contract(stage: Stage, settings: Settings, folder: Path, logins: list[tuple[Pro, _Login]]) -> dict[str, object]:
    """The content of `demo.json`, as far as the rooms go: `apps` come with theirs."""
    today = stage.today
    return {
        "base_url": settings.base_url,
        "smtp": Papers(folder).told(settings.mail_port, DIRECTORY["cardiologist"].mssante),
        "patients": [
            {
                "key": someone.key,
                "display_name": someone.name,
                "email": someone.email,
                "password": stage.accesses[someone.key].password,
                "totp_secret": stage.accesses[someone.key].totp_secret,
                "record": str(stage.record_id(someone)),
                "ins": someone.ins(today),
                "birth_date": someone.born(today).isoformat(),
                "about": someone.about,
            }
            for someone in PATIENTS
        ],
        "children": [
            {
                "key": someone.key,
                "display_name": someone.name,
                "record": str(stage.record_id(someone)),
                "ins": someone.ins(today),
                "birth_date": someone.born(today).isoformat(),
                "parents": list(someone.parents),
                "about": someone.about,
            }
            for someone in CHILDREN
        ],
        "activation": [
            {
                "key": someone.key,
                "ins": someone.ins(today),
                "birth_date": someone.born(today).isoformat(),
                "vitale_serial": someone.vitale_serial,
                "provisional_code": stage.codes[someone.key],
                "about": someone.about,
            }
            for someone in ACTIVATION
        ],
        "professionals": [
            {
                "key": pro.key,
                "display_name": pro.name,
                "rpps": pro.rpps,
                "profession_code": pro.matrix_code,
                "structure": pro.place.name,
                "mssante": pro.mssante,
                "psc_login": login.login,
                "psc_password": login.password,
                "about": pro.about,
            }
            for pro, login in logins
        ],
        "operators": office.contract(stage),
        "apps": [],
    }
