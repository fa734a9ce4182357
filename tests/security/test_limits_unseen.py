"""A decision that limits one parent shows nowhere to those who may not know of it, and nothing goes around it (R15)."""

from datetime import date, timedelta

import pytest
from flask import Flask

from espace.administration.services import restrictions
from espace.audit import services as audit
from espace.errors import InvalidError
from espace.family.services import freezing, parents
from espace.permissions import Role
from tests.family import caring
from tests.security.test_separated_parents import SCAN, Family, confirmed, order
from tests.support import build, office
from tests.support.clock import FakeClock


def test_who_a_stopped_parent_named_stands_as_before_unless_the_decision_tells(
    app: Flask,
) -> None:
    """A carer gone from one list only would tell of the limit; they themselves read nothing any more."""
    home, counter, privacy = Family(), office.officer(Role.COUNTER), office.officer(Role.PRIVACY_OFFICER)
    aunt = build.citizen("Ida", "Lecomte", birth=date(1980, 1, 2))
    caring.made(home.father.standing(home.child.record_id), aunt, caring.scope(caring.READ))
    document = build.document(home.mother.standing(home.child.record_id), "Certificat")
    mother, through = home.mother.browser(app), f"{home.base}/voir-comme/{aunt.person_id}/documents"
    pages = [
        f"{home.base}/voir-comme/",
        through,
        f"{through}/{document}",
        f"{home.base}/documents/{document}/personnes",
    ]
    pages += [f"{home.base}/acces", f"{home.base}/acces/aidants"]
    before = [mother.get(place).text for place in pages]
    assert all(aunt.name in text for text in before)
    made = confirmed(home, counter, privacy)
    assert [mother.get(place).text for place in pages] == before
    aunt.browser(app).get(f"{home.base}/documents", expect=404)
    freezing.ask_lift(privacy.actor, home.child.record_id, made, "Levée.")
    version = freezing.limit(counter.actor, home.child.record_id, made).version
    freezing.confirm(counter.actor, home.child.record_id, made, version)
    confirmed(home, counter, privacy, tells=True)
    assert aunt.name not in mother.get(pages[0]).text
    mother.get(through, expect=404)


def test_who_sent_a_decision_reads_how_far_it_counts_and_that_it_ended_unconfirmed(
    app: Flask, clock: FakeClock
) -> None:
    """Nobody goes on believing that the other parent is stopped when they are not."""
    home, counter, privacy = Family(), office.officer(Role.COUNTER), office.officer(Role.PRIVACY_OFFICER)
    mother = home.mother.standing(home.child.record_id)
    link = next(one for one in parents.representatives_on(mother) if not one.is_me)
    asked = parents.ask_restriction(mother, link.id, "Droit de visite suspendu.", SCAN)
    place = f"/compte/proches/demandes/{asked}"

    def reads(words: str) -> None:
        assert words in home.mother.browser(app).get(place).text

    def decided() -> int:
        return sum(one["message"] == "request-decided" for one in build.mails_to(home.mother.email))

    _record, made = restrictions.enter_asked(counter.actor, asked, order())
    reads("Elle ne limite encore personne")
    freezing.drop(counter.actor, home.child.record_id, made)
    reads("elle ne limite personne en ce moment")
    reads("Attend une réponse")
    assert decided() == 2
    restrictions.enter_asked(counter.actor, asked, order(urgent=True))
    reads("s'applique maintenant")
    clock.advance(timedelta(days=3, minutes=1))
    assert freezing.lapse() == 1
    reads("elle ne limite personne en ce moment")
    with pytest.raises(InvalidError) as refused:  # one operator alone would hold it for ever, three days at a time
        restrictions.enter_asked(counter.actor, asked, order(urgent=True))
    assert refused.value.problems.keys() == {"urgent"}
    _record, made = restrictions.enter_asked(privacy.actor, asked, order(urgent=True))
    freezing.confirm(counter.actor, home.child.record_id, made, 1)
    reads("est prise en compte")
    assert decided() == 6
    assert "Décisions que vous avez envoyées" not in home.father.browser(app).get("/compte/proches").text
    trail = audit.entries(home.child.record_id, mine=False, holder_actor_ids=(), before=None, limit=100)
    assert not [one for one in trail if one.action.startswith(("restriction", "family-request"))]
