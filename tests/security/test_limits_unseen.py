"""A decision that limits one parent shows nowhere to those who may not know of it, and nothing goes around it (R15)."""

from datetime import date

from flask import Flask

from espace.family.services import freezing
from espace.permissions import Role
from tests.family import caring
from tests.security.test_separated_parents import Family, confirmed
from tests.support import build, office


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
