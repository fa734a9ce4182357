"""The e-mails to opening an account, its codes, and losing access."""

from .wording import Template

TEMPLATES = {
    # What AC-2 asks for: what it is, its link with the shared medical record, objecting, closing, the opening day.
    "announcement": {
        "fr": Template(
            "Un espace de santé vous est ouvert",
            "Bonjour,\n\nUn espace de santé est créé pour vous. Il s'ouvre le {opens}.\n\n"
            "Ce que c'est : un lieu pour garder vos documents de santé et choisir qui les lit. Il contient votre "
            "dossier médical partagé (DMP), créé en même temps. C'est gratuit.\n\n"
            "Pour l'activer, allez vous-même sur le site. Votre code provisoire : {code}\n"
            "Il sert une seule fois. Prenez aussi votre carte Vitale.\n\n"
            "Vous n'en voulez pas ? Vous pouvez le refuser, sans donner de raison, avec ce code : sur le site, "
            "page « Refuser un espace de santé ».\n"
            "Avant l'ouverture, l'espace ne s'ouvrira pas. Après, vous pouvez aussi le fermer à tout moment, "
            "à la page « Compte ».",
        ),
        "en": Template(
            "A health space opens for you",
            "Hello,\n\nA health space is made for you. It opens on {opens}.\n\n"
            "What it is: a place to keep your health documents and to choose who reads them. It holds your shared "
            "medical record (DMP), made at the same time. It is free.\n\n"
            "To activate it, go to the site yourself. Your provisional code: {code}\n"
            "It works once. Take your Vitale card too.\n\n"
            "You do not want it? You can refuse it, without giving a reason, with this code: on the site, page "
            "“Refuse a health space”.\n"
            "Before it opens, it will not open. Later, you can also close it at any time, on the page “Account”.",
        ),
    },
    "child-announcement": {
        "fr": Template(
            "Un espace de santé est ouvert pour votre enfant",
            "Bonjour,\n\nUn espace de santé est créé pour votre enfant. Il s'ouvre le {opens}.\n\n"
            "Ce que c'est : un lieu pour garder ses documents de santé et choisir qui les lit. Il contient son "
            "dossier médical partagé (DMP), créé en même temps. C'est gratuit.\n\n"
            "Pour ouvrir son profil, connectez-vous à votre propre espace, page « Compte », puis « Mes proches ».\n\n"
            "Vous n'en voulez pas ? Vous pouvez le refuser pour votre enfant, même sans espace à vous.\n"
            "Allez sur le site, page « Refuser un espace de santé ». Le code provisoire de votre enfant : {code}\n"
            "Refuser reste possible après l'ouverture, et vous pouvez changer d'avis.",
        ),
        "en": Template(
            "A health space opens for your child",
            "Hello,\n\nA health space is made for your child. It opens on {opens}.\n\n"
            "What it is: a place to keep their health documents and to choose who reads them. It holds their shared "
            "medical record (DMP), made at the same time. It is free.\n\n"
            "To open their profile, sign in to your own space, page “Account”, then “My relatives”.\n\n"
            "You do not want it? You can refuse it for your child, even without a space of your own.\n"
            "Go to the site, page “Refuse a health space”. Your child's provisional code: {code}\n"
            "You can still refuse after the opening, and change your mind.",
        ),
    },
    "activation-code": {
        "fr": Template(
            "Votre code provisoire",
            "Bonjour,\n\nVotre code provisoire : {code}\n\n"
            "Il sert une seule fois, pour activer votre espace. Pour cela, allez vous-même sur le site.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message.",
        ),
        "en": Template(
            "Your provisional code",
            "Hello,\n\nYour provisional code: {code}\n\n"
            "It works once, to activate your space. To do so, go to the site yourself.\n"
            "You asked for nothing? You can ignore this message.",
        ),
    },
    "reset-code": {
        "fr": Template(
            "Votre code pour un nouveau mot de passe",
            "Bonjour,\n\nVotre code : {code}\n\n"
            "Il reste valable 10 minutes. Tapez-le sur la page où vous l'avez demandé. Ne le donnez à personne.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message : votre mot de passe ne change pas.",
        ),
        "en": Template(
            "Your code for a new password",
            "Hello,\n\nYour code: {code}\n\n"
            "It is valid for 10 minutes. Type it on the page where you asked for it. Give it to nobody.\n"
            "You asked for nothing? You can ignore this message: your password does not change.",
        ),
    },
    "recovery-code": {
        "fr": Template(
            "Votre code provisoire",
            "Bonjour,\n\nVotre code provisoire : {code}\n\n"
            "Il remplace celui de votre courrier. Allez vous-même sur le site, à la page « Accès perdu ».\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message. Ne donnez ce code à personne.",
        ),
        "en": Template(
            "Your provisional code",
            "Hello,\n\nYour provisional code: {code}\n\n"
            "It takes the place of the one of your letter. Go to the site yourself, to the page “Lost access”.\n"
            "You asked for nothing? You can ignore this message. Give this code to nobody.",
        ),
    },
    # The one link of ours in a message (R4): all it can do is refuse, so whoever finds it opens nothing.
    "recovery-asked": {
        "fr": Template(
            "Demande pour retrouver l'accès à votre compte",
            "Bonjour,\n\nQuelqu'un a demandé à retrouver l'accès à votre compte, avec un courrier à votre nom.\n"
            "C'était vous ? Il n'y a rien à faire. Revenez à partir du {day}.\n\n"
            "Ce n'était pas vous ? Refusez avant cette date :\n{link}\n\n"
            "Ce lien ne sert qu'à refuser. Il ne demande ni code ni mot de passe.",
        ),
        "en": Template(
            "Request to find back the access to your account",
            "Hello,\n\nSomeone asked to find back the access to your account, with a letter in your name.\n"
            "Was it you? There is nothing to do. Come back from {day} on.\n\n"
            "It was not you? Refuse before that date:\n{link}\n\n"
            "This link only refuses. It asks for neither code nor password.",
        ),
    },
    "recovery-reminder": {
        "fr": Template(
            "Rappel : demande pour retrouver l'accès à votre compte",
            "Bonjour,\n\nUne demande pour retrouver l'accès à votre compte est toujours en cours.\n"
            "C'était vous ? Il n'y a rien à faire. Revenez à partir du {day}.\n\n"
            "Ce n'était pas vous ? Refusez avant cette date :\n{link}\n\n"
            "Ce lien ne sert qu'à refuser. Il ne demande ni code ni mot de passe.",
        ),
        "en": Template(
            "Reminder: request to find back the access to your account",
            "Hello,\n\nA request to find back the access to your account is still under way.\n"
            "Was it you? There is nothing to do. Come back from {day} on.\n\n"
            "It was not you? Refuse before that date:\n{link}\n\n"
            "This link only refuses. It asks for neither code nor password.",
        ),
    },
    "recovery-cancelled": {
        "fr": Template(
            "La demande d'accès est refusée",
            "Bonjour,\n\nLa demande pour retrouver l'accès à votre compte est refusée. Rien n'a été ouvert.\n"
            "Le code du courrier ne sert plus. Pour en obtenir un autre, voyez la page « Accès perdu » du site.",
        ),
        "en": Template(
            "The request for access is refused",
            "Hello,\n\nThe request to find back the access to your account is refused. Nothing was opened.\n"
            "The code of the letter works no more. To get another, see the page “Lost access” of the site.",
        ),
    },
    "space-active": {
        "fr": Template(
            "Votre espace est actif",
            "Bonjour,\n\nVotre espace est actif. Pour y entrer, connectez-vous sur le site.\n"
            "Gardez vos codes de secours loin de votre téléphone.\n"
            "Vous n'avez rien activé ? Demandez de l'aide sur le site, à la page « Aide ».",
        ),
        "en": Template(
            "Your space is active",
            "Hello,\n\nYour space is active. To enter it, sign in on the site.\n"
            "Keep your recovery codes away from your phone.\n"
            "You activated nothing? Ask for help on the site, on the page “Help”.",
        ),
    },
    "email-verification": {
        "fr": Template(
            "Votre code de vérification",
            "Bonjour,\n\nVotre code de vérification : {code}\n\n"
            "Il reste valable 10 minutes. Ne le donnez à personne : nous ne vous le demanderons jamais.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message.",
        ),
        "en": Template(
            "Your verification code",
            "Hello,\n\nYour verification code: {code}\n\n"
            "It is valid for 10 minutes. Give it to nobody: we will never ask you for it.\n"
            "You asked for nothing? You can ignore this message.",
        ),
    },
}
