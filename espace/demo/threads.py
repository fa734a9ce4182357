"""What is written in the demo's secure mail: who to whom, when, in which words, with which files."""

from dataclasses import dataclass, field
from enum import StrEnum


class Brought(StrEnum):
    """A file that comes with a message; `posting` makes it."""

    LETTER = "letter"
    """A page of PDF with the words of `about`, from who writes."""
    RESULTS = "results"
    """Laboratory results, as an archive for software and as pages to read (rules.md MS-12)."""
    PRESCRIPTION = "prescription"
    """The newest prescription of the person's own record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message. `who` is a side of the thread, `ago` the days since.

    `hand`: who writes for that side, a parent, a carer, one of a team. `to`: only these sides. `name` and `about` are
    the title and the words of the letter it brings. `ends`: it ends the exchange. `read`: the other sides opened it.
    """

    ago: int
    hour: int
    who: str
    text: str
    minute: int = 0
    hand: str = ""
    to: tuple[str, ...] = ()
    brings: Brought | None = None
    name: str = ""
    about: tuple[str, ...] = ()
    ends: bool = False
    read: bool = True


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages that answer each other. `sides`: keys of people, of professionals, or of the teams of `TEAMS`.

    `reader`: who opens what comes to a person that does not read alone. `taken`: who of the team answers.
    """

    subject: str
    sides: tuple[str, ...]
    lines: tuple[Line, ...]
    secret: bool = False
    archived: tuple[str, ...] = ()
    taken: str = ""
    readers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Team:
    """A mailbox of a place, its address before the @, who made it and answers for it, and who works in it.

    `texts` are those it uses again and again: the subject, and the words.
    """

    key: str
    local: str
    name: str
    kind: str
    leader: str
    members: tuple[str, ...]
    reply_days: int = 0
    texts: tuple[tuple[str, str], ...] = ()


_READY = "Bonjour {nom_patient},\n\nVotre préparation vous attend au comptoir.\n\n{signature}, {boite}"
_RENEWAL = "Bonjour {nom_patient},\n\nVotre ordonnance arrive à sa fin. Prenez rendez-vous.\n\n{signature}"
TEAMS = {
    team.key: team
    for team in (
        Team("pharmacy", "pharmacie.pont-neuf", "Pharmacie du Pont-Neuf", "ORG", "pharmacist", ("assistant",), 1,
             (("Votre commande est prête", _READY),)),
        Team("ward", "diabetologie.chu", "Diabétologie, CHU de la Loire", "ORG", "endocrinologist",
             ("emergency", "radiologist"), 3),
        Team("practice", "cabinet.tilleuls", "Maison de santé des Tilleuls", "CAB", "gp", ("practice_nurse",), 2,
             (("Renouvellement de votre ordonnance", _RENEWAL),)),
    )
}  # fmt: skip

_BOTH = {"child": "mother", "baby": "second_parent"}

MOTHER = (
    Thread(
        "Bilan sanguin de contrôle",
        ("biologist", "mother", "gp"),
        (
            Line(
                ago=2, hour=17, who="biologist", brings=Brought.RESULTS, name="Bilan sanguin de contrôle", read=False,
                text="Bonjour,\n\nVos résultats sont joints, en pages à lire et en archive pour votre espace.\n\n"
                "Le laboratoire Loire-Bio",
            ),
        ),
    ),
    Thread(
        "Votre traitement pour la thyroïde",
        ("gp", "mother"),
        (
            Line(ago=30, hour=12, who="gp", text="Bonjour Madame,\n\nGardez la même dose jusqu'au prochain bilan. "
                 "Dites-moi si la fatigue continue.\n\nHélène Morvan"),
            Line(ago=29, hour=20, who="mother", text="Bonjour Docteur,\n\nMerci. La fatigue va mieux depuis deux "
                 "semaines.\n\nClaire Fontenay"),
            Line(ago=6, hour=18, who="gp", text="Bonjour Madame,\n\nTrès bien. Faites le bilan dans les jours qui "
                 "viennent, nous en parlerons ensuite."),
            Line(ago=1, hour=21, minute=10, who="mother", read=False, text="Bonjour Docteur,\n\nJe viens de recevoir "
                 "les résultats. Dois-je changer quelque chose à mon traitement ?\n\nClaire Fontenay"),
        ),
    ),
    Thread(
        "Compte rendu de votre consultation de cardiologie",
        ("cardiologist", "mother"),
        (
            Line(ago=40, hour=16, who="cardiologist", brings=Brought.LETTER, name="Compte rendu de consultation",
                 about=("Consultation pour palpitations, sans autre plainte.",
                        "L'électrocardiogramme est joint au dossier de la clinique."),
                 text="Bonjour Madame,\n\nVoici le compte rendu de votre consultation. Votre médecin traitant le "
                 "reçoit aussi.\n\nKarim Belhadj"),
            Line(ago=39, hour=19, who="mother", text="Bonjour Docteur,\n\nMerci. Puis-je reprendre la course à pied ?"),
            Line(ago=38, hour=9, who="cardiologist", text="Oui, à votre rythme.\n\nKarim Belhadj"),
            Line(ago=36, hour=10, who="cardiologist", ends=True, text="Bonjour Madame,\n\nLe suivi se fait maintenant "
                 "avec votre médecin traitant. Je mets fin à cet échange.\n\nLa Clinique Saint-Aubin"),
        ),
    ),
    Thread(
        "Votre ordonnance",
        ("pharmacy", "mother"),
        (
            Line(ago=62, hour=11, who="pharmacy", text="Bonjour Madame,\n\nVous pouvez nous envoyer vos ordonnances "
                 "ici : nous préparons, vous passez les prendre.\n\nLa Pharmacie du Pont-Neuf"),
            Line(ago=6, hour=19, minute=5, who="mother", brings=Brought.PRESCRIPTION,
                 text="Bonjour,\n\nVoici mon ordonnance. Je passerai demain vers 18 heures.\n\nClaire Fontenay"),
            Line(ago=5, hour=9, who="pharmacy", hand="assistant", text="Bonjour Madame,\n\nC'est prêt, à votre nom au "
                 "comptoir.\n\nLa Pharmacie du Pont-Neuf"),
        ),
        taken="assistant",
    ),
    Thread(
        "Préparer votre consultation d'endocrinologie",
        ("ward", "mother"),
        (
            Line(ago=50, hour=14, who="ward", hand="endocrinologist", brings=Brought.LETTER, name="Convocation",
                 about=("Consultation d'endocrinologie, hall B, premier étage.",
                        "Apportez vos derniers résultats et la liste de vos traitements."),
                 text="Bonjour Madame,\n\nVoici votre convocation. Répondez ici si la date ne convient pas.\n\n"
                 "Le service de diabétologie"),
            Line(ago=49, hour=8, who="mother", text="Bonjour,\n\nLa date convient, merci.\n\nClaire Fontenay"),
            Line(ago=43, hour=17, who="ward", hand="endocrinologist", text="Bonjour Madame,\n\nLe compte rendu est "
                 "dans votre espace. Rien ne presse d'ici au prochain contrôle.\n\nPaul Kerninon"),
        ),
        taken="endocrinologist",
    ),
    Thread(
        "Passage de mardi",
        ("nurse", "mother"),
        (
            Line(ago=22, hour=10, who="nurse", text="Bonjour Claire,\n\nJe passe mardi à 8 heures pour la prise de "
                 "sang. Restez à jeun.\n\nAwa Diarra"),
            Line(ago=21, hour=13, who="mother", text="C'est noté, merci."),
            Line(ago=3, hour=20, who="mother", read=False, text="Bonjour Awa,\n\nPouvez-vous passer la semaine "
                 "prochaine pour Lina ?\n\nClaire Fontenay"),
        ),
    ),
    Thread(
        "Consultation de l'été",
        ("locum", "mother"),
        (
            Line(ago=148, hour=18, who="locum", text="Bonjour Madame,\n\nJe remplace le docteur Belhadj en juillet et "
                 "en août. Votre examen est sans particularité.\n\nArmelle Guégan"),
            Line(ago=9, hour=20, who="mother", text="Bonjour Docteur,\n\nPouvez-vous me renvoyer l'examen de juillet ? "
                 "Je ne le retrouve pas.\n\nClaire Fontenay"),
        ),
    ),
    Thread(
        "Rendez-vous de contrôle des yeux",
        ("ophthalmologist", "mother"),
        (
            Line(ago=1, hour=11, who="ophthalmologist", read=False, text="Bonjour Madame,\n\nVotre contrôle annuel "
                 "approche. Répondez ici avec vos jours libres, le secrétariat vous proposera une date.\n\nOusmane "
                 "Sow"),
        ),
    ),
    Thread(
        "Lettre pour le cardiologue",
        ("gp", "mother"),
        (
            Line(ago=58, hour=18, who="gp", brings=Brought.LETTER, name="Lettre pour le docteur Belhadj",
                 about=("Cher confrère, merci de recevoir Mme Fontenay pour des palpitations depuis un mois.",
                        "Pas d'antécédent particulier. Traitement : lévothyroxine."),
                 text="Bonjour Madame,\n\nVoici la lettre à remettre au cardiologue. Prenez rendez-vous à la "
                 "Clinique Saint-Aubin.\n\nHélène Morvan"),
            Line(ago=57, hour=9, who="mother", text="Merci, j'ai rendez-vous dans trois semaines."),
        ),
    ),
    Thread(
        "Votre sortie des urgences",
        ("emergency", "gp", "mother"),
        (
            Line(ago=463, hour=23, who="emergency", brings=Brought.LETTER, name="Lettre de liaison à la sortie",
                 about=("Passage pour une entorse de la cheville, radiographie sans fracture.",
                        "Attelle, repos une semaine. À revoir si la douleur persiste."),
                 text="Bonjour,\n\nVoici la lettre de sortie de Mme Fontenay, avec copie à la patiente.\n\nLucie "
                 "Aubry"),
            Line(ago=462, hour=9, who="gp", to=("emergency",), text="Bien reçu, merci. Je la revois dans dix jours."),
        ),
        archived=("mother",),
    ),
    Thread(
        "Après l'accouchement",
        ("midwife", "mother"),
        (
            Line(ago=395, hour=15, who="midwife", text="Bonjour Claire,\n\nComment allez-vous, toutes les deux ?\n\n"
                 "Fatou Ba"),
            Line(ago=395, hour=22, who="mother", text="Bonjour Fatou,\n\nTout va bien, Lina dort presque ses nuits. "
                 "Merci pour tout."),
            Line(ago=394, hour=9, who="midwife", text="Quelle bonne nouvelle. Écrivez-moi quand vous voulez."),
        ),
        archived=("mother",),
    ),
    Thread(
        "Renouvellement de votre ordonnance",
        ("practice", "mother"),
        (
            Line(ago=104, hour=9, who="practice", hand="practice_nurse", text="Bonjour Madame,\n\nVotre ordonnance "
                 "arrive à sa fin. Le docteur Morvan peut vous recevoir jeudi ou vendredi.\n\nMaëlle Corvec"),
            Line(ago=104, hour=12, who="mother", text="Vendredi à 18 heures, si c'est possible."),
            Line(ago=103, hour=10, who="practice", hand="practice_nurse", text="C'est noté pour vendredi 18 heures."),
            Line(ago=1, hour=8, minute=40, who="mother", read=False, text="Bonjour,\n\nAuriez-vous un rendez-vous "
                 "cette semaine pour Jules ? Il tousse depuis trois jours.\n\nClaire Fontenay"),
        ),
        taken="practice_nurse",
    ),
)  # fmt: skip

RETIRED = (
    Thread(
        "Vos glycémies du mois",
        ("ward", "retired"),
        (
            Line(ago=26, hour=15, who="ward", hand="endocrinologist", text="Bonjour Monsieur,\n\nEnvoyez-nous les "
                 "valeurs de votre carnet avant la consultation.\n\nLe service de diabétologie"),
            Line(ago=25, hour=19, who="retired", hand="carer", text="Bonjour,\n\nJe suis la fille de M. Quéméner et "
                 "son aidante. Le matin : 1,21, 1,18, 1,30, 1,24.\n\nSoazig Diallo"),
            Line(ago=24, hour=10, who="ward", hand="endocrinologist", text="Merci beaucoup. Continuez ainsi, nous nous "
                 "voyons le mois prochain.\n\nPaul Kerninon"),
        ),
    ),
    Thread(
        "Soins à domicile",
        ("nurse", "retired"),
        (
            Line(ago=15, hour=18, who="nurse", text="Bonjour Monsieur,\n\nJe passe désormais à 7 h 30, avant le petit "
                 "déjeuner.\n\nAwa Diarra"),
            Line(ago=14, hour=9, who="retired", text="Très bien. La porte du jardin sera ouverte.\n\nYves Quéméner"),
        ),
    ),
    Thread(
        "Votre cœur : résultat de l'examen",
        ("cardiologist", "gp", "retired"),
        (
            Line(ago=17, hour=17, who="cardiologist", brings=Brought.LETTER, name="Échocardiographie",
                 about=("Examen réalisé dans de bonnes conditions.", "Compte rendu adressé au médecin traitant."),
                 text="Bonjour,\n\nVoici l'échocardiographie de M. Quéméner, avec copie au patient.\n\nKarim Belhadj"),
            Line(ago=16, hour=12, who="gp", to=("cardiologist",), text="Merci, je l'ai reçu et j'en parle avec lui."),
        ),
    ),
    Thread(
        "Pilulier de la semaine",
        ("pharmacy", "retired"),
        (
            Line(ago=4, hour=16, who="pharmacy", hand="assistant", text="Bonjour Monsieur,\n\nVotre "
                 "pilulier est prêt. Votre fille peut passer le prendre.\n\nLa Pharmacie du Pont-Neuf"),
            Line(
                ago=1, hour=17, who="retired", hand="carer", read=False,
                text="Bonjour,\n\nJe passe ce soir avant 19 heures. Pouvez-vous y ajouter des bandelettes ?\n\n"
                "Soazig Diallo",
            ),
        ),
    ),
    Thread(
        "Après la chute",
        ("emergency", "gp", "retired"),
        (
            Line(ago=11, hour=22, who="emergency", brings=Brought.LETTER, name="Compte rendu de passage",
                 about=("Chute dans la rue, retour à un état habituel après surveillance.",
                        "Retour à domicile avec sa fille."),
                 text="Bonjour,\n\nVoici le compte rendu du passage aux urgences de M. Quéméner.\n\nLucie Aubry"),
            Line(ago=10, hour=9, who="gp", to=("retired",), text="Bonjour Monsieur,\n\nVenez me voir cette semaine, "
                 "avec votre fille si vous le voulez.\n\nHélène Morvan"),
            Line(ago=10, hour=18, who="retired", hand="carer", to=("gp",), text="Bonjour Docteur,\n\nNous viendrons "
                 "jeudi à 11 heures.\n\nSoazig Diallo"),
        ),
    ),
)  # fmt: skip

YOUNG = (
    Thread(
        "Croissance de Jules",
        ("paediatrician", "child"),
        (
            Line(ago=70, hour=17, who="paediatrician", text="Bonjour,\n\nPensez à l'examen des neuf ans de Jules et à "
                 "son carnet.\n\nAurore Petit"),
            Line(ago=69, hour=20, who="child", hand="mother", text="Bonjour Docteur,\n\nMerci, nous prenons "
                 "rendez-vous.\n\nClaire Fontenay"),
            Line(ago=8, hour=12, who="paediatrician", read=False, text="Bonjour,\n\nLe certificat pour le sport est à "
                 "votre disposition au cabinet.\n\nAurore Petit"),
        ),
        readers=_BOTH,
    ),
    Thread(
        "Vaccins de Lina",
        ("gp", "baby"),
        (
            Line(ago=34, hour=18, who="gp", text="Bonjour,\n\nLes vaccins des douze mois sont faits. Le prochain "
                 "rappel est à seize mois.\n\nHélène Morvan"),
            Line(ago=33, hour=21, who="baby", hand="second_parent", text="Bonjour Docteur,\n\nMerci. Elle n'a pas eu "
                 "de fièvre.\n\nMathieu Lecomte"),
        ),
        readers=_BOTH,
    ),
    Thread(
        "Ton asthme et le handball",
        ("gp", "teen"),
        (
            Line(ago=35, hour=17, who="gp", text="Bonjour Malik,\n\nPense à ton inhalateur avant le match. Le "
                 "certificat est dans ton espace.\n\nHélène Morvan"),
            Line(ago=34, hour=19, who="teen", text="Bonjour, d'accord, merci !"),
        ),
    ),
    Thread(
        "Comme convenu",
        ("gp", "teen"),
        (
            Line(ago=21, hour=18, who="gp", text="Bonjour Malik,\n\nTes parents ne voient pas ce message. Tes "
                 "résultats sont arrivés, passe quand tu veux.\n\nHélène Morvan"),
            Line(ago=20, hour=22, who="teen", text="Bonjour, je peux venir mercredi après les cours ?"),
            Line(ago=19, hour=8, who="gp", text="Oui, mercredi à 17 heures."),
        ),
        secret=True,
    ),
)  # fmt: skip

COLLEAGUES = (
    Thread(
        "Avis sur un tracé",
        ("gp", "cardiologist"),
        (
            Line(ago=13, hour=13, who="gp", brings=Brought.LETTER, name="Demande d'avis",
                 about=("Patient de 74 ans, diabétique, palpitations nocturnes depuis dix jours.",
                        "Question : faut-il un enregistrement de longue durée ?"),
                 text="Cher confrère,\n\nPeux-tu me donner ton avis ? La demande est jointe.\n\nHélène Morvan"),
            Line(ago=12, hour=8, who="cardiologist", brings=Brought.LETTER, name="Avis de cardiologie",
                 about=("Avis : un enregistrement de longue durée est utile.", "Je le recevrai la semaine prochaine."),
                 text="Chère Hélène,\n\nMon avis est joint. Je peux le recevoir la semaine prochaine.\n\nKarim "
                 "Belhadj"),
        ),
    ),
    Thread(
        "Planning des visites",
        ("nurse", "gp"),
        (
            Line(ago=7, hour=19, who="nurse", read=False, text="Bonjour Hélène,\n\nJe suis absente la dernière "
                 "semaine du mois. Ma collègue prend mes visites.\n\nAwa"),
        ),
    ),
    Thread(
        "Rupture d'un médicament",
        ("pharmacy", "practice"),
        (
            Line(ago=3, hour=10, who="pharmacy", hand="assistant", text="Bonjour,\n\nNous manquons de ramipril 5 mg "
                 "jusqu'à vendredi. Pouvez-vous prescrire deux fois 2,5 mg ?\n\nLéo Bastide", read=False),
        ),
    ),
)  # fmt: skip

THREADS = (*MOTHER, *RETIRED, *YOUNG, *COLLEAGUES)
