"""The French catalogue says every sentence of the tree and no other, whole, with the values it was given."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tests.support.catalogue import REPOSITORY, extracted, kept

PLACES = re.compile(r"%\((\w+)\)[sd]|%[sd]")
# What French typography puts between a word and these signs is a no-break space.
TYPOGRAPHY = {
    "an ordinary space before : ; ? »": re.compile(r" [:;?»]"),
    "no space before ; ? »": re.compile(r"[\w)][;?»]"),
    "an ordinary space or none after «": re.compile(r"«[^\u00a0\u202f]"),
    "an exclamation": re.compile(r"!"),
    "three dots for an ellipsis": re.compile(r"\.\.\."),
}


def _keys(catalogue: Catalog) -> set[tuple[object, object]]:
    return {(message.id, message.context) for message in catalogue if message.id}


def faults(message: Message) -> list[str]:
    """What is wrong with one translation, in words."""
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    found = []
    if message.fuzzy:
        found.append("fuzzy")
    if not all(strings) or len(strings) != len(ids):
        return [*found, "not translated"]
    strings = [str(s) for s in strings]
    asked = set(PLACES.findall(ids[-1]))
    if set(PLACES.findall(strings[-1])) != asked or any(not set(PLACES.findall(s)) <= asked for s in strings):
        found.append("other values than the English sentence")
    found += [what for what, rule in TYPOGRAPHY.items() if any(rule.search(s) for s in strings)]
    return found


def test_the_catalogue_says_every_sentence_of_the_tree_and_no_other() -> None:
    tree, catalogue = _keys(extracted(REPOSITORY / "espace")), _keys(kept())
    assert tree - catalogue == set(), "sentences without a place: python -m tests.support.catalogue"
    assert catalogue - tree == set(), "sentences nobody says: python -m tests.support.catalogue"


def test_every_sentence_is_translated_whole_and_set_in_french() -> None:
    wrong = {str(message.id): found for message in kept() if message.id and (found := faults(message))}
    assert not wrong, "\n".join(f"{words}: {', '.join(found)}" for words, found in wrong.items())


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("Documents", ""),
        ("%(count)s documents", "Des documents"),
        ("Hello %(name)s", "Bonjour %(nom)s"),
        (("%(num)d page", "%(num)d pages"), ("une page", "")),
        (("%(num)d page", "%(num)d pages"), ("une page", "des pages")),
        ("Why?", "Pourquoi ?"),
        ("Why?", "Pourquoi?"),
        ("the “yes”", "le « oui »"),
        ("Done", "C'est fait\u00a0!"),
    ],
)
def test_a_wrong_translation_is_seen(english: str | tuple[str, str], french: str | tuple[str, str]) -> None:
    assert faults(Message(english, french))


def test_a_right_translation_passes() -> None:
    assert faults(Message("Why “%(word)s”?", "Pourquoi «\u00a0%(word)s\u00a0»\u00a0?")) == []
    assert faults(Message(("%(num)d page", "%(num)d pages"), ("une page", "%(num)d pages"))) == []


def test_a_new_sentence_is_seen(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    page = "{% trans %}\n  From a\n  template\n{% endtrans %}{{ _('Short') }}"
    (tmp_path / "templates" / "page.html").write_text(page)
    (tmp_path / "views.py").write_text("N_('From a view'); ngettext('%(num)d day', '%(num)d days', 2)")
    assert {str(key) for key, _ in _keys(extracted(tmp_path))} == {
        "From a template",
        "Short",
        "From a view",
        "('%(num)d day', '%(num)d days')",
    }
