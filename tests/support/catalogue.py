"""The French catalogue, from the sentences of the tree: `python -m tests.support.catalogue` brings it up to date.

Sentences that are new stand empty in `translations/fr/LC_MESSAGES/messages.po`, to be translated by hand; those
nobody says any more are dropped. Nothing is guessed from similar sentences.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import espace

REPOSITORY = Path(espace.__file__).parent.parent
CATALOGUE = REPOSITORY / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false"}}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "lazy_gettext", "_l", "N_")),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def extracted(folder: Path) -> Catalog:
    """Every sentence of the tree under `folder`, without translations."""
    catalogue = Catalog(locale="fr", project="espace", domain="messages", fuzzy=False)
    for name, _line, message, _comments, context in extract_from_dir(
        folder,
        METHODS,
        OPTIONS,
        keywords=KEYWORDS,
    ):
        catalogue.add(message, None, [(f"{folder.name}/{name}", 0)], context=context)
    return catalogue


def kept(path: Path = CATALOGUE) -> Catalog:
    """The catalogue as it stands."""
    with path.open("rb") as file:
        return read_po(file, locale="fr", domain="messages")


def update() -> None:
    """Write the catalogue anew, with the translations it holds already."""
    new, old = extracted(REPOSITORY / "espace"), kept()
    for message in new:
        if message.id and (before := old.get(message.id, message.context)):
            message.string = before.string
    with CATALOGUE.open("wb") as file:
        write_po(file, new, omit_header=False, width=110, include_lineno=False, sort_output=True)


if __name__ == "__main__":
    update()
