"""The keyboard alone: sign-in, answering a request, adding a document. No click, no pointer."""

from collections.abc import Callable

from playwright.sync_api import Browser, FilePayload, expect

from tests.support.papers import pdf

from .hands import DESK, AuthenticatorApp, Demo, Hands, new_hands


def _write(hands: Hands, label: str, text: str) -> None:
    hands.reach(hands.page.get_by_label(label, exact=True))
    hands.page.keyboard.type(text)


def _activate(hands: Hands, role: str, name: str) -> None:
    hands.reach(hands.page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]  # a role's word
    hands.page.keyboard.press("Enter")


def test_a_person_signs_in_answers_and_adds_by_keyboard(
    demo: Demo, chromium: Browser, apps: Callable[[str], AuthenticatorApp]
) -> None:
    hands = new_hands(chromium, demo, "keyboard", size=DESK)
    _signs_in(hands, demo, apps("retired"))
    _answers(hands)
    _adds_a_document(hands)
    _reads_on(hands)
    hands.close()


def _signs_in(hands: Hands, demo: Demo, app: AuthenticatorApp) -> None:
    retired = demo.person("patients", "retired")
    hands.open("/")
    _activate(hands, "link", "Se connecter")
    hands.title_is("Se connecter")
    _write(hands, "Adresse e-mail", retired["email"])
    _write(hands, "Mot de passe", retired["password"])
    hands.page.keyboard.press("Enter")
    hands.title_is("Recopiez le code de votre application")
    _write(hands, "Code", app.code())
    hands.page.keyboard.press("Enter")
    hands.title_is(f"Bonjour {retired['display_name'].split()[0]}")


def _answers(hands: Hands) -> None:
    _activate(hands, "link", "Répondre à la demande")
    expect(hands.page.get_by_role("heading", name="Accepter la demande")).to_be_visible()
    durations = hands.page.get_by_label("Pendant combien de temps")
    hands.reach(durations)
    before = durations.input_value()
    hands.page.keyboard.press("ArrowUp")
    expect(durations).not_to_have_value(before)
    _activate(hands, "button", "Accepter la demande")
    hands.reads("C'est fait.")


def _adds_a_document(hands: Hands) -> None:
    hands.page.on("filechooser", lambda _: None)  # from now on the browser hands its dialogue over
    _activate(hands, "link", "Documents")
    hands.title_is("Documents")
    # The skip link spares the whole navigation.
    hands.page.keyboard.press("Tab")
    expect(hands.page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    hands.page.keyboard.press("Enter")
    _activate(hands, "link", "Ajouter un document")
    hands.title_is("Ajouter un document")
    hands.reach(hands.page.get_by_label("Choisir un ou plusieurs fichiers"))
    with hands.page.expect_file_chooser() as chooser:
        hands.page.keyboard.press("Enter")
    letter = FilePayload(name="lettre.pdf", mimeType="application/pdf", buffer=pdf("Lettre du test"))
    chooser.value.set_files(letter)
    hands.title_is("Vérifiez, puis ajoutez")
    _write(hands, "Qu'est-ce que c'est ?", "Autre chose")
    _write(hands, "Date inscrite sur le document", "06062025")  # the same whichever part the browser asks for first
    _write(hands, "Titre (facultatif)", "Lettre au clavier")
    _activate(hands, "button", "Ajouter le document")
    hands.title_is("Lettre au clavier")
    hands.reads("Vendredi 6 juin 2025")


def _reads_on(hands: Hands) -> None:
    """Older rows join the list below: the first of them takes the focus, in the list and on the timeline."""
    _activate(hands, "link", "Documents")
    hands.title_is("Documents")
    listed = hands.page.url
    for form in ("", "?forme=frise"):
        hands.page.goto(listed + form)
        hands.page.wait_for_function("document.readyState === 'complete' && window.htmx")
        rows = hands.page.locator("ul.docs > li")
        before = rows.count()
        hands.page.locator("[data-more]").focus()
        hands.page.keyboard.press("Enter")
        expect(rows.nth(before).get_by_role("link")).to_be_focused()
