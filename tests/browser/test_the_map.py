"""The map: every page that the tables of routes name was examined by the walks of `test_pages` and its neighbours."""

from types import ModuleType

import pytest

from tests.house.access_table import ACCESS, DEMO

from . import test_pages, test_pages_entered
from .crawling import examined, masked

_WALKS: tuple[ModuleType, ...] = (test_pages, test_pages_entered)

# What no link of the crawl shows, and why.
_NO_PAGE = {
    "/.well-known/security.txt", "/healthz", "/readyz", "/robots.txt", "/manifest.webmanifest", "/static/*",
    "/langue/*", "/activation/codes/texte", "/pro/connexion/retour",
    "/dossiers/*/documents/ajouter/*/pages/*",  # a picture of what is being added
    "/demo/psc/.well-known/openid-configuration", "/demo/psc/jwks", "/demo/psc/logout", "/demo/psc/userinfo",
    "/invitation/codes/texte", "/compte/securite/codes/nouveaux/texte", "/connexion/identite/retour",
    "/opposition/attestation", "/compte/cloture/attestation", "/compte/cloture/preuve",  # papers
    "/connexion/cle",  # leads to the door; a refusal stands on the door's page
    "/pouls", "/dossiers/*/pouls", "/pro/patients/*/pouls", "/partage/*/pouls",  # whether an open page may stay
    "/dossiers/*/acces/code/*/etat",  # a part of the page of a code
    "/dossiers/*/acces/depots/fichiers/*/image", "/dossiers/*/acces/aidants/*/papier/*",  # pictures
    "/admin/demandes/*/preuve/*", "/admin/restrictions/*/*/preuve/*",  # pictures of papers
    "/partage/*/documents/*/fichier", "/partage/fichiers/*",  # files
}  # fmt: skip
_NO_PAGE |= {  # pictures and files of a document
    f"{base}/documents/*/{what}"
    for base, kinds in {
        "/dossiers/*": ("contenu", "original", "xdm", "pages/*", "images/*"),
        "/pro/patients/*": ("contenu", "original", "xdm", "pages/*", "images/*"),
        "/dossiers/*/voir-comme/*": ("pages/*", "images/*"),
        "/partage/*": ("pages/*", "images/*"),
    }.items()
    for what in kinds
}
_NOBODY_OF_THE_CAST = {
    "/pro/connexion/lieu",  # needs a professional with several places of practice
    "/connexion/identite", "/activation/identite", "/compte/securite/identite",  # the demo has no such provider
    "/compte/cloture/nouveau",  # after an erasure, thirty days later
    "/pro/messages/fermees/*",  # needs a mailbox that was closed
    "/pro/messages/*/reglages/equipe/reprendre",  # needs a mailbox for which nobody answers any more
    "/dossiers/*/grandir/lecture",  # needs a child of 15, whose parents agree to a reading access
    "/compte/securite/cles/*",  # needs a device that holds a passkey: tests/browser/test_passkeys.py
}  # fmt: skip
_NO_PAGE |= {  # files and pictures of messages
    f"{base}/{what}"
    for base in ("/dossiers/*/messages", "/pro/messages/*")
    for what in ("*/pdf", "*/copie", "pieces/*/contenu", "pieces/*/pages/*", "pieces/*/images/*")
}


def test_every_page_of_the_map_was_examined(request: pytest.FixtureRequest) -> None:
    """Whatever is no page, or cannot be shown by the cast, is listed above; nothing examined is listed."""
    came = {(item.path.name, item.name.partition("[")[0]) for item in request.session.items}
    walks = {(f"{one.__name__.rpartition('.')[2]}.py", name) for one in _WALKS for name in vars(one)}
    if not {walk for walk in walks if walk[1].startswith("test_")} <= came:
        pytest.skip("only some of these tests run")
    pages = {masked(route.partition(" ")[2]) for route in {*ACCESS, *DEMO} if route.startswith("GET ")}
    assert sorted(pages - examined - _NO_PAGE - _NOBODY_OF_THE_CAST) == []
    assert sorted((_NO_PAGE | _NOBODY_OF_THE_CAST) - pages) == [], "listed, and no route any more"
    assert sorted(_NOBODY_OF_THE_CAST & examined) == [], "somebody of the cast does reach them"
