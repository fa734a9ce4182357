"""Jules and Lina: examinations of the national calendar (`child_exams.csv`, 2025), vaccinations, school."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from espace.demo.cast import CHILDREN, Someone
from espace.demo.papers import Form, Paper, heading, items, table, text, working

_MONTH = 30.44
# Months at which each was seen, and what was given: the calendar of their year of birth, `vaccination_schedule.csv`.
_EXAMS = (0.3, 1, 2, 3, 4, 5, 8, 11, 12, 17, 24, 25, 36, 48, 60, 72, 98)
_JULES = (
    (2, "Hexyon"),
    (4, "Hexyon"),
    (5, "Menveo"),
    (11, "Hexyon"),
    (12, "Priorix"),
    (17, "Priorix"),
    (72, "Tetravac-acellulaire"),
)
_LINA = ((2, "Vaxelis"), (3, "Bexsero"), (4, "Vaxelis"), (6, "Nimenrix"), (11, "Vaxelis"), (12, "Priorix"))


def child(today: date) -> list[Paper]:
    """Every document of Jules's record."""
    return [*_calendar(CHILDREN[0], today, _JULES), *_school(today)]


def baby(today: date) -> list[Paper]:
    """Every document of Lina's record."""
    birth = CHILDREN[1].born(today)
    stay = Paper(
        day=birth + timedelta(days=3),
        type_code="78489-2",
        title="Séjour à la maternité",
        author="midwife",
        blocks=(text("Séjour de trois jours. Adaptation sans difficulté."),),
    )
    return [stay, *_calendar(CHILDREN[1], today, _LINA)]


def _calendar(who: Someone, today: date, vaccines: tuple[tuple[int, str], ...]) -> Iterator[Paper]:
    birth, chance = who.born(today), Random(who.order)
    author = "paediatrician" if who.key == "baby" else "gp"
    for months in _EXAMS:
        day = working(birth + timedelta(days=round(months * _MONTH) + chance.randint(0, 5)))
        yield Paper(
            day=day,
            type_code="59283-2",
            title=f"Examen de l'enfant, {_age(months)}",
            author=author,
            form=Form.PDF if months in (0.3, 8, 12, 24, 72, 98) else Form.TEXT,
            blocks=(
                heading("Examen"),
                text("Examen du calendrier. Courbes reportées au carnet de santé."),
                heading("Suite"),
                text("Prochain examen selon le calendrier."),
            ),
        )
    for month, product in vaccines:
        yield Paper(
            day=working(birth + timedelta(days=round(month * _MONTH) + 8)),
            type_code="87273-9",
            title=f"Vaccination, {product}",
            author=author,
            form=Form.TEXT,
            blocks=(text(f"Vaccin : {product}. Une dose. Lot noté au carnet de santé."),),
        )


def _age(months: float) -> str:
    if months < 1:
        return "première semaine"
    return f"{months:.0f} mois" if months < 36 else f"{months / 12:.0f} ans"


def _school(today: date) -> Iterator[Paper]:
    yield Paper(
        day=today - timedelta(days=78),
        type_code="80771-9",
        title="Projet d'accueil à l'école",
        author="gp",
        blocks=(
            heading("Allergie"),
            text("Arachide."),
            heading("À l'école"),
            items("repas contrôlés", "trousse d'urgence dans la classe", "parents joignables"),
        ),
    )
    yield Paper(
        day=today - timedelta(days=6),
        type_code="89601-9",
        title="Certificat pour l'école",
        author="gp",
        deposited=True,
        blocks=(text("Jules peut suivre toutes les activités de l'école, piscine comprise."),),
    )
    yield Paper(
        day=today - timedelta(days=400),
        type_code="11369-6",
        title="Historique des vaccinations",
        author="gp",
        blocks=(table(("Vaccin", "Dose"), *((product, f"{month} mois") for month, product in _JULES)),),
    )
    yield Paper(
        day=today - timedelta(days=210),
        type_code="DOCPAT06",
        title="Carnet de santé, page des dents",
        author="",
        form=Form.JPEG,
        blocks=(text("Page du carnet de santé."), items("contrôle fait", "rien à signaler")),
    )
