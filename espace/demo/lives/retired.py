"""Yves: diabetes and blood pressure followed for years, a stay in hospital, a nurse at home."""

from collections.abc import Iterator
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

_SINCE = YEARS * 365 - 20
_TREATMENT = (
    ("Metformine, comprimé", "1 comprimé le matin et 1 le soir, pendant les repas"),
    ("Ramipril, comprimé", "1 comprimé le soir"),
    ("Atorvastatine, comprimé", "1 comprimé le soir"),
)
_LATER = (*_TREATMENT, ("Amlodipine, comprimé", "1 comprimé le matin"))


def retired(today: date) -> list[Paper]:
    """Every document of his record."""
    return [
        *_quarters(today),
        *_yearly(today),
        *_nurse(today),
        *_stay(today - timedelta(days=1130)),
        *_papers(today),
    ]


def _quarters(today: date) -> Iterator[Paper]:
    chance = Random(74)
    blood = Series(
        chance,
        Analyte("Hémoglobine glyquée", "%", 7.2, 0.3, 1, code="4548-4"),
        Analyte("Glucose à jeun", "g/L", 1.32, 0.12, code="53049-3"),
        Analyte("Créatinine", "mg/L", 10.4, 0.7, 1, code="2160-0"),
        Analyte("Potassium", "mmol/L", 4.3, 0.3, 1, code="2823-3"),
        Analyte("Sodium", "mmol/L", 140, 2, 0, code="2951-2"),
    )
    lipids = Series(
        chance,
        Analyte("Cholestérol total", "g/L", 1.78, 0.14, code="2093-3"),
        Analyte("Cholestérol HDL", "g/L", 0.47, 0.05, code="2085-9"),
        Analyte("Triglycérides", "g/L", 1.36, 0.2, code="2571-8"),
    )
    weight = 86.0
    for number, day in enumerate(every(today, 92, since=_SINCE, until=25, chance=chance)):
        treatment = _TREATMENT if number < 14 else _LATER
        weight += chance.uniform(-0.9, 0.7)
        laboratory = ("biologist", "lab_anjou", "lab_chu")[0 if number % 5 else (number // 5) % 3]
        sampled = day - timedelta(days=6)
        results = [heading("Biochimie"), blood.next()]
        if number % 3 == 0:
            results += [heading("Bilan lipidique"), lipids.next()]
        yield Paper(
            day=sampled,
            type_code="11502-2",
            title="Bilan sanguin",
            author=laboratory,
            form=Form.PDF if laboratory == "lab_chu" else Form.CDA,
            blocks=(text("Prélèvement du matin, à jeun."), *results),
        )
        pressure = f"{chance.randint(128, 144)}/{chance.randint(74, 86)} mmHg"
        yield Paper(
            day=day,
            type_code="11488-4",
            title="Compte rendu de consultation",
            author="gp",
            blocks=(
                heading("Motif"),
                text("Suivi trimestriel et renouvellement du traitement."),
                heading("Examen"),
                table(("Mesure", "Valeur"), ("Poids", f"{weight:.1f} kg".replace(".", ",")), ("Tension", pressure)),
                heading("Suite"),
                text("Traitement poursuivi. Prochaine consultation dans trois mois."),
            ),
        )
        yield Paper(
            day=day,
            type_code="57833-6",
            title="Ordonnance, traitement habituel",
            author="gp",
            blocks=(prescription(*treatment), text("Pour trois mois.")),
            deposited=number > 29,
        )
        yield Paper(
            day=day + timedelta(days=chance.randint(0, 2)),
            type_code="60593-1",
            title="Médicaments délivrés",
            author="pharmacist",
            form=Form.TEXT,
            blocks=(text("Délivrance de l'ordonnance du Dr Morvan."), items(*(name for name, _ in treatment))),
        )
        if number % 4 == 1:
            yield Paper(
                day=day,
                type_code="PRESC-BIO",
                title="Ordonnance, prise de sang",
                author="gp",
                form=Form.TEXT,
                blocks=(text("Dans trois mois, à jeun :"), items("hémoglobine glyquée", "créatinine", "ionogramme")),
            )


def _yearly(today: date) -> Iterator[Paper]:
    chance = Random(52)
    for number, day in enumerate(every(today, 365, since=_SINCE - 90, until=10, chance=chance)):
        yield Paper(
            day=day,
            type_code="78513-9",
            title="Compte rendu d'ophtalmologie",
            author="ophthalmologist",
            blocks=(
                heading("Examen"),
                text("Photographies du fond d'œil des deux yeux."),
                heading("Conclusion"),
                text("Examen comparable au précédent. À revoir dans un an."),
            ),
        )
        yield Paper(
            day=day + timedelta(days=50),
            type_code="87273-9",
            title="Vaccination contre la grippe",
            author="pharmacist" if number > 3 else "nurse",
            form=Form.TEXT,
            blocks=(text("Vaccin : Vaxigrip. Une dose, bras gauche. Lot noté au registre."),),
        )
        if number % 2 == 0:
            yield Paper(
                day=day + timedelta(days=80),
                type_code="60591-5",
                title="Synthèse médicale",
                author="gp",
                form=Form.CDA,
                series="summary",
                version=number // 2 + 1,
                blocks=(
                    heading("Problèmes suivis"),
                    items("diabète de type 2", "hypertension artérielle"),
                    heading("Traitements"),
                    items("metformine", "ramipril", "atorvastatine"),
                    heading("Allergies"),
                    text("Aucune connue."),
                ),
            )


def _nurse(today: date) -> Iterator[Paper]:
    chance = Random(134)
    for number, day in enumerate(every(today, 120, since=1090, until=12, chance=chance)):
        yield Paper(
            day=day,
            type_code="11506-3",
            title="Fiche de suivi infirmier",
            author="nurse",
            form=Form.TEXT,
            blocks=(text("Passage à domicile. Glycémie et tension relevées au carnet. Aucun incident."),),
        )
        if number % 3 == 0:
            yield Paper(
                day=day - timedelta(days=8),
                type_code="PRESC-INF",
                title="Ordonnance, soins infirmiers",
                author="gp",
                blocks=(prescription(("Surveillance à domicile", "Une visite par mois, pendant un an")),),
            )


def _stay(day: date) -> Iterator[Paper]:
    """Five days in hospital."""
    yield Paper(
        day=day - timedelta(days=30),
        type_code="96349-6",
        title="Lettre au chirurgien",
        author="gp",
        blocks=(text("Cher confrère, je vous adresse M. Quéméner pour une hernie inguinale droite, gênante."),),
    )
    yield Paper(
        day=day - timedelta(days=12),
        type_code="34749-2",
        title="Consultation avant l'anesthésie",
        author="surgeon",
        blocks=(text("Traitement habituel revu avec le patient. Consignes remises par écrit."),),
    )
    yield Paper(
        day=day,
        type_code="34874-8",
        title="Compte rendu opératoire",
        author="surgeon",
        blocks=(
            heading("Intervention"),
            text("Réparation d'une hernie inguinale droite."),
            heading("Suites"),
            text("Simples."),
        ),
    )
    yield Paper(
        day=day + timedelta(days=2),
        type_code="11490-0",
        title="Lettre de liaison à la sortie",
        author="surgeon",
        form=Form.CDA,
        blocks=(
            heading("Séjour"),
            text("Intervention le lendemain de l'entrée. Retour à domicile."),
            heading("Traitement de sortie"),
            items("traitement habituel inchangé", "paracétamol en cas de douleur"),
        ),
    )
    yield Paper(
        day=day + timedelta(days=2),
        type_code="86531-1",
        title="Attestation de sortie",
        author="surgeon",
        blocks=(text("Le patient est sorti ce jour, accompagné de sa fille."),),
    )
    yield Paper(
        day=day + timedelta(days=9),
        type_code="34112-3",
        title="Compte rendu d'hospitalisation",
        author="surgeon",
        blocks=(text("Séjour de trois jours pour chirurgie programmée. Évolution favorable."),),
    )


def _papers(today: date) -> Iterator[Paper]:
    yield Paper(
        day=today - timedelta(days=_SINCE - 40),
        type_code="PROT_ALD",
        title="Protocole de soins",
        author="gp",
        blocks=(
            text("Suivi au long cours par le médecin traitant."),
            items("consultation tous les trois mois", "bilan sanguin tous les trois mois", "fond d'œil chaque année"),
        ),
    )
    yield Paper(
        day=today - timedelta(days=800),
        type_code="56445-0",
        title="Bilan de médication",
        author="pharmacist",
        blocks=(
            text("Entretien de trente minutes à la pharmacie."),
            items("prises régulières", "pilulier préparé avec sa fille", "aucune question en suspens"),
        ),
    )
    for ago in (410, 230):
        yield Paper(
            day=today - timedelta(days=ago),
            type_code="93024-8",
            title="Entretien à la pharmacie",
            author="pharmacist",
            form=Form.TEXT,
            blocks=(text("Point sur les traitements. Conseils remis."),),
        )
    yield Paper(
        day=today - timedelta(days=300),
        type_code="18748-4",
        title="Radiographie du genou droit",
        author="radiologist",
        blocks=(heading("Résultat"), text("Aspect d'usure modérée, sans autre anomalie.")),
    )
    yield Paper(
        day=today - timedelta(days=280),
        type_code="PRESC-KINE",
        title="Ordonnance, kinésithérapie",
        author="gp",
        blocks=(prescription(("Rééducation du genou droit", "10 séances")),),
    )
    yield Paper(
        day=today - timedelta(days=700),
        type_code="EXPPAT_2",
        title="Carte de groupe sanguin",
        author="",
        form=Form.JPEG,
        blocks=(text("Carte remise à l'hôpital."),),
    )
    yield Paper(
        day=today - timedelta(days=64),
        type_code="DOCPAT02",
        title="Mon pilulier de la semaine",
        author="",
        form=Form.JPEG,
        blocks=(text("Photo du pilulier."),),
    )
    yield Paper(
        day=today - timedelta(days=160),
        type_code="11488-4",
        title="Consultation pour un second avis",
        author="second_gp",
        hidden=True,
        blocks=(text("Second avis demandé par M. Quéméner sur son traitement."),),
    )
    yield Paper(
        day=today - timedelta(days=1),
        type_code="11502-2",
        title="Bilan sanguin de contrôle",
        author="biologist",
        form=Form.CDA,
        blocks=(
            heading("Biochimie"),
            Series(Random(7), Analyte("Hémoglobine glyquée", "%", 7.4, 0.1, 1, code="4548-4")).next(),
        ),
    )
    yield Paper(
        day=today - timedelta(days=1),
        type_code="11488-4",
        title="Compte rendu à annoncer",
        author="gp",
        deposited=True,
        awaits=True,
        blocks=(heading("Motif"), text("Résultat reçu ce jour, à expliquer de vive voix à M. Quéméner.")),
    )
    yield Paper(
        day=today - timedelta(days=45),
        type_code="DOCPAT01",
        title="Mes questions pour le Dr Morvan",
        author="",
        blocks=(
            items("Puis-je reprendre la marche avec le club ?", "Le comprimé du matin me donne-t-il mal au ventre ?"),
        ),
    )
