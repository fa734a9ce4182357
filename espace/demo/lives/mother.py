"""Claire: a thyroid followed for years, a pregnancy, ordinary care, and things she keeps to herself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from espace.demo.papers import (
    YEARS,
    Analyte,
    Form,
    Paper,
    Series,
    every,
    heading,
    items,
    prescription,
    table,
    text,
)

_SINCE = YEARS * 365 - 30


def mother(today: date) -> list[Paper]:
    """Every document of her record."""
    return [
        *_thyroid(today),
        *_visits(today),
        *_pregnancy(today - timedelta(days=405)),
        *_others(today),
        *_recent(today),
        *_own(today),
    ]


def _thyroid(today: date) -> Iterator[Paper]:
    chance = Random(38)
    blood = Series(
        chance,
        Analyte("TSH", "mUI/L", 2.4, 0.6, code="3016-3", ucum="m[IU]/L"),
        Analyte("T4 libre", "ng/L", 11.8, 0.9, 1, code="3024-7"),
        Analyte("Hémoglobine", "g/dL", 13.1, 0.5, 1, code="718-7"),
        Analyte("Ferritine", "µg/L", 42, 8, 0, code="2276-4", ucum="ug/L"),
    )
    laboratories = ("biologist", "biologist", "lab_anjou", "biologist", "lab_chu")
    for number, day in enumerate(every(today, 182, since=_SINCE, until=0, chance=chance)):
        yield Paper(
            day=day,
            type_code="11502-2",
            title="Bilan sanguin",
            author=laboratories[number % 5],
            form=Form.CDA if laboratories[number % 5] != "lab_chu" else Form.PDF,
            blocks=(text("Prélèvement du matin."), heading("Thyroïde et fer"), blood.next()),
        )
        if number % 2 == 0:
            yield Paper(
                day=day + timedelta(days=21),
                type_code="11488-4",
                title="Consultation d'endocrinologie",
                author="endocrinologist",
                blocks=(
                    heading("Motif"),
                    text("Suivi annuel de la thyroïde."),
                    heading("Conclusion"),
                    text("Traitement bien supporté, inchangé. À revoir dans un an."),
                ),
            )
        if number % 5 == 1:
            yield Paper(
                day=day + timedelta(days=40),
                type_code="18748-4",
                title="Échographie de la thyroïde",
                author="radiologist",
                blocks=(
                    heading("Technique"),
                    text("Examen des deux lobes et des chaînes ganglionnaires."),
                    heading("Conclusion"),
                    text("Aspect stable par rapport à l'examen précédent."),
                ),
            )


def _visits(today: date) -> Iterator[Paper]:
    chance = Random(14)
    reasons = ("Renouvellement", "Rhume et toux", "Renouvellement", "Mal de dos", "Renouvellement", "Fatigue")
    usual = ("Lévothyroxine, comprimé", "1 comprimé le matin, à jeun")
    for number, day in enumerate(every(today, 210, since=_SINCE - 60, until=30, chance=chance)):
        yield Paper(
            day=day,
            type_code="11488-4",
            title="Compte rendu de consultation",
            author="gp",
            blocks=(
                heading("Motif"),
                text(f"{reasons[number % 6]}."),
                heading("Examen"),
                table(("Mesure", "Valeur"), ("Tension", f"{chance.randint(112, 126)}/{chance.randint(68, 80)} mmHg")),
                heading("Suite"),
                text("Revoir si besoin."),
            ),
        )
        lines = [usual]
        if number % 6 in (1, 3):
            lines.append(("Paracétamol, comprimé", "1 comprimé en cas de douleur ou de fièvre"))
        yield Paper(
            day=day,
            type_code="57833-6",
            title="Ordonnance",
            author="gp",
            blocks=(prescription(*lines),),
        )
    recent = today - timedelta(days=6)
    yield Paper(
        day=recent,
        type_code="57833-6",
        title="Ordonnance, amoxicilline et paracétamol",
        author="gp",
        deposited=True,
        blocks=(
            prescription(
                ("Amoxicilline, comprimé", "1 comprimé matin et soir, pendant 6 jours"),
                ("Paracétamol, comprimé", "1 comprimé en cas de douleur, pendant 5 jours"),
            ),
        ),
    )
    yield Paper(
        day=recent,
        type_code="60593-1",
        title="Médicaments délivrés",
        author="pharmacist",
        form=Form.TEXT,
        blocks=(text("Délivrance de l'ordonnance du Dr Morvan."), items("amoxicilline", "paracétamol")),
    )


def _pregnancy(birth: date) -> Iterator[Paper]:
    for month, before in ((3, 185), (5, 125), (7, 65), (8, 30)):
        yield Paper(
            day=birth - timedelta(days=before),
            type_code="89233-1",
            title=f"Suivi de grossesse, {month}e mois",
            author="midwife",
            blocks=(text("Consultation de suivi. Échanges sur le projet de naissance."),),
        )
    for ago in (190, 120, 60):
        yield Paper(
            day=birth - timedelta(days=ago),
            type_code="18748-4",
            title="Échographie de grossesse",
            author="radiologist",
            blocks=(heading("Conclusion"), text("Examen de suivi, images remises à la patiente.")),
        )
    yield Paper(
        day=birth,
        type_code="15508-5",
        title="Compte rendu d'accouchement",
        author="midwife",
        blocks=(text("Naissance par voie basse. La mère et l'enfant vont bien."),),
    )
    yield Paper(
        day=birth + timedelta(days=3),
        type_code="11490-0",
        title="Lettre de liaison à la sortie de la maternité",
        author="midwife",
        form=Form.CDA,
        blocks=(text("Retour à la maison. Visites d'une sage-femme prévues."),),
    )


def _others(today: date) -> Iterator[Paper]:
    for number, day in enumerate(every(today, 365, since=1500, until=20)):
        yield Paper(
            day=day,
            type_code="87273-9",
            title="Vaccination contre la grippe",
            author="pharmacist",
            form=Form.TEXT if number % 2 else Form.PDF,
            blocks=(text("Vaccin : Influvac. Une dose. Lot noté au registre."),),
        )
    yield Paper(
        day=today - timedelta(days=640),
        type_code="28617-9",
        title="Bilan bucco-dentaire",
        author="dentist",
        blocks=(text("Contrôle et détartrage. Prochain contrôle dans un an."),),
    )
    yield Paper(
        day=today - timedelta(days=560),
        type_code="PRESC-KINE",
        title="Ordonnance, kinésithérapie",
        author="gp",
        blocks=(prescription(("Rééducation du dos", "12 séances")),),
    )
    for ago in (530, 490):
        yield Paper(
            day=today - timedelta(days=ago),
            type_code="11506-3",
            title="Fiche de suivi de kinésithérapie",
            author="physio",
            form=Form.TEXT,
            blocks=(text("Séances faites selon l'ordonnance. Exercices remis."),),
        )
    yield Paper(
        day=today - timedelta(days=1240),
        type_code="15507-7",
        title="Passage aux urgences",
        author="emergency",
        blocks=(
            heading("Motif"),
            text("Entorse de la cheville gauche."),
            heading("Conclusion"),
            text("Attelle, repos."),
        ),
    )
    yield Paper(
        day=today - timedelta(days=900),
        type_code="89601-9",
        title="Certificat médical, course à pied",
        author="gp",
        blocks=(text("Aucun signe contraire à la pratique de la course à pied en compétition ce jour."),),
    )
    yield Paper(
        day=today - timedelta(days=33),
        type_code="56446-8",
        title="Rendez-vous d'endocrinologie",
        author="endocrinologist",
        form=Form.TEXT,
        blocks=(text("Apportez vos derniers résultats."),),
    )


def _recent(today: date) -> Iterator[Paper]:
    """A result that was corrected, one she chose to wait for, one that came twice."""
    iron = Analyte("Ferritine", "µg/L", 39, 0, 0, code="2276-4", ucum="ug/L")
    for version, ago, start, words in ((1, 24, 93, "Résultat rendu le jour même."), (2, 22, 39, "Résultat corrigé.")):
        yield Paper(
            day=today - timedelta(days=ago),
            type_code="11502-2",
            title="Dosage du fer",
            author="lab_anjou",
            form=Form.CDA,
            series="iron",
            version=version,
            blocks=(text(words), heading("Fer"), Series(Random(version), replace(iron, start=start)).next()),
        )
    yield Paper(
        day=today - timedelta(days=2),
        type_code="18748-4",
        title="Échographie du cou",
        author="radiologist",
        blocks=(heading("Conclusion"), text("Aspect stable par rapport à l'examen précédent.")),
    )
    yield Paper(
        day=today - timedelta(days=13),
        type_code="11490-0",
        title="Lettre de sortie, chirurgie de jour",
        author="surgeon",
        again=("patient", "gp"),
        blocks=(
            heading("Séjour"),
            text("Retrait d'un grain de beauté sous anesthésie locale. Sortie le jour même."),
            heading("Suite"),
            text("Pansement à changer tous les deux jours. Fils à retirer dans dix jours."),
        ),
    )


def _own(today: date) -> Iterator[Paper]:
    yield Paper(
        day=today - timedelta(days=54),
        type_code="89601-9",
        title="Certificat de suivi psychologique",
        author="second_gp",
        hidden=True,
        blocks=(text("Suivi en cours depuis le printemps."),),
    )
    yield Paper(
        day=today - timedelta(days=1800),
        type_code="DOCPAT06",
        title="Mon carnet de vaccination, page 4",
        author="",
        form=Form.JPEG,
        blocks=(text("Page du carnet en papier."), items("rappel fait au lycée", "tampon du médecin")),
    )
    yield Paper(
        day=today - timedelta(days=120),
        type_code="DOCPAT09",
        title="Carte de mutuelle",
        author="",
        form=Form.PNG,
        blocks=(text("Carte de l'année."),),
    )
    yield Paper(
        day=today - timedelta(days=19),
        type_code="DOCPAT04",
        title="Photo du compte rendu d'échographie",
        author="",
        form=Form.JPEG,
        blocks=(heading("Échographie de la thyroïde"), text("Aspect stable.")),
    )
