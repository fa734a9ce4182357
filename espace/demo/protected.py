"""Who is protected: an adult with an active guardian, and a girl of fifteen who only reads, as her mother agreed.

The guardian came by the same desk as anybody: asked with a judgment, proposed, confirmed, announced, then linked.
"""

from collections.abc import Iterator
from functools import partial

from espace.family.services.asking import request_desk
from espace.family.services.asking.request_rows import State
from espace.family.services.growing import own_reading
from espace.permissions import Role

from . import links
from .acting import BuildError, Stage
from .story import ALL, Event, look

_ASKED = 400  # days ago


def events(stage: Stage) -> Iterator[Event]:
    """Every such act, each at its time."""
    protected, guardian, reader, mother = (ALL[key] for key in ("protected", "second_parent", "reader", "carer"))
    yield Event(stage.moment(_ASKED, 18), partial(links.ask, stage, guardian.key, protected, "tutor"), alone=True)
    yield Event(stage.moment(_ASKED - 2, 10), partial(links.propose, stage), alone=True)
    yield Event(stage.moment(_ASKED - 3, 10), partial(_confirm), alone=True)
    yield Event(stage.moment(_ASKED - 11, 6), partial(_link, stage), alone=True)
    for ago in (_ASKED - 12, 130, 21, 4):
        yield Event(stage.moment(ago, 19, 40), partial(look, stage, guardian, protected))
    yield Event(stage.moment(1300, 20), partial(stage.open_profile, mother, reader))
    yield Event(stage.moment(reader.days - 20, 18), partial(_agree, stage), alone=True)
    yield Event(stage.moment(reader.days - 20, 19), partial(stage.activate, reader), alone=True)


def _confirm() -> None:
    """The second person of the house: whoever may contest is told."""
    officer = links.operator(Role.PRIVACY_OFFICER)
    [line] = request_desk.page(officer)[0]
    if (
        request_desk.confirm(officer, line.id, request_desk.case(officer, line.id).request.version)
        is not State.ANNOUNCED
    ):
        raise BuildError("the guardian's link was not announced")


def _link(stage: Stage) -> None:
    """The worker makes what nobody contested in time: from then on he acts for her."""
    if request_desk.make_due() != 1:
        raise BuildError("the guardian is not linked")
    stage.as_patient(ALL["second_parent"], ALL["protected"])


def _agree(stage: Stage) -> None:
    stage.codes["reader"] = own_reading.agree(stage.as_patient(ALL["carer"], ALL["reader"]))
