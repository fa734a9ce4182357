"""The words of what people are told about carers: their rights, their first acts, their weeks, their nearing end."""

from .wording import GO_EN, GO_FR, Words

EVENTS: dict[str, dict[str, Words]] = {
    "carer-rights": {
        "fr": Words(
            name="Les droits d'un aidant",
            why="Ce message part quand les droits d'un aidant commencent, changent ou prennent fin.",
            subject="Les droits d'un aidant ont changé",
            text="Les droits d'un aidant viennent de changer dans votre espace, ou dans un espace que vous gérez.\n"
            "Pour savoir ce qui change, ou pour y mettre fin, connectez-vous sur le site.\n"
            "Vous n'attendiez pas ce changement ? Demandez de l'aide à la page « Aide ».",
            sms=f"espace : les droits d'un aidant ont changé. Pour savoir lesquels, {GO_FR}.",
        ),
        "en": Words(
            name="The rights of a carer",
            why="This message is sent when the rights of a carer begin, change or end.",
            subject="The rights of a carer have changed",
            text="The rights of a carer have just changed in your space, or in a space you manage.\n"
            "To know what changes, or to end it, sign in on the site.\n"
            "You did not expect this change? Ask for help on the page “Help”.",
            sms=f"espace: the rights of a carer have changed. To know which, {GO_EN}.",
        ),
    },
    "carer-mandate": {
        "fr": Words(
            name="Un aidant désigné à un guichet",
            why="Ce message part quand un aidant est désigné par un papier signé, à un guichet.",
            subject="Un aidant a été désigné à un guichet",
            text="Un papier signé vient d'être enregistré à un guichet. Il désigne un aidant.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Mettez-y fin sur le site, ou demandez-le au guichet.",
            sms="espace : un aidant a été désigné à un guichet, par un papier signé. Pas vous ? "
            "Voyez la page Aide du site.",
        ),
        "en": Words(
            name="A carer named at a counter",
            why="This message is sent when a carer is named by a signed paper, at a counter.",
            subject="A carer was named at a counter",
            text="A signed paper has just been entered at a counter. It names a carer.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? End it on the site, or ask for it at the counter.",
            sms="espace: a carer was named at a counter, by a signed paper. Not you? See the page Help on the site.",
        ),
    },
    "carer-first-act": {
        "fr": Words(
            name="Un premier geste d'un aidant",
            why="Ce message part quand un aidant lit ou ajoute quelque chose pour la première fois.",
            subject="Un aidant a commencé à agir",
            text="Un aidant vient d'agir pour la première fois, dans votre espace ou dans un espace que vous gérez.\n"
            "Cette personne en avait le droit.\n"
            "Pour savoir ce qui a été fait, ou pour y mettre fin, connectez-vous sur le site.",
            sms=f"espace : un aidant a agi pour la première fois. Pour savoir comment, {GO_FR}.",
        ),
        "en": Words(
            name="A first act of a carer",
            why="This message is sent when a carer reads or adds something for the first time.",
            subject="A carer has begun to act",
            text="A carer has just acted for the first time, in your space or in a space you manage.\n"
            "They had the right to.\n"
            "To know what was done, or to end it, sign in on the site.",
            sms=f"espace: a carer acted for the first time. To know how, {GO_EN}.",
        ),
    },
    "carer-ending": {
        "fr": Words(
            name="La fin prochaine d'une aide",
            why="Ce message part 14 jours puis 2 jours avant que les droits d'un aidant prennent fin.",
            subject="Une aide prend bientôt fin",
            text="Les droits d'un aidant prennent bientôt fin.\n"
            "Sans rien faire, ils s'arrêtent seuls. Ils peuvent aussi être prolongés.\n"
            "Pour choisir, connectez-vous sur le site.",
            sms=f"espace : les droits d'un aidant prennent bientôt fin. Pour prolonger ou laisser finir, {GO_FR}.",
        ),
        "en": Words(
            name="The nearing end of a carer's rights",
            why="This message is sent 14 days and 2 days before the rights of a carer end.",
            subject="A carer's rights end soon",
            text="The rights of a carer end soon.\n"
            "Without doing anything, they stop by themselves. They can be prolonged too.\n"
            "To choose, sign in on the site.",
            sms=f"espace: the rights of a carer end soon. To prolong or let them end, {GO_EN}.",
        ),
    },
    "carer-receipt": {
        "fr": Words(
            name="Le relevé de la semaine d'un aidant",
            why="Ce message part chaque semaine, quand un aidant a agi en votre nom ou pour un proche.",
            subject="Le relevé de la semaine vous attend",
            text="Un aidant a agi cette semaine dans votre espace, ou dans un espace que vous gérez.\n"
            "Le relevé de ce qui a été fait vous attend. Pour le lire, connectez-vous sur le site.",
            sms=f"espace : le relevé de la semaine d'un aidant vous attend. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="The week's receipt of a carer",
            why="This message is sent each week, when a carer acted in your name or for a relative.",
            subject="The receipt of the week awaits you",
            text="A carer acted this week in your space, or in a space you manage.\n"
            "The receipt of what was done awaits you. To read it, sign in on the site.",
            sms=f"espace: the week's receipt of a carer awaits you. To read it, {GO_EN}.",
        ),
    },
}
