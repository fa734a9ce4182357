"""Malik: sixteen, asthma, sport, and care he keeps from his parents."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from espace.demo.papers import YEARS, Form, Paper, every, heading, prescription, table, text


def teen(today: date) -> list[Paper]:
    """Every document of his record."""
    return [*_years(today), *_events(today), *_secret(today)]


def _years(today: date) -> Iterator[Paper]:
    chance = Random(16)
    height = 128.0
    for day in every(today, 365, since=YEARS * 365 - 60, until=10, chance=chance):
        height += chance.uniform(5, 6.8)
        yield Paper(
            day=day,
            type_code="89601-9",
            title="Certificat médical, handball",
            author="second_gp",
            blocks=(
                table(("Mesure", "Valeur"), ("Taille", f"{height:.0f} cm")),
                text("Aucun signe contraire à la pratique du handball en compétition ce jour."),
            ),
        )
        yield Paper(
            day=day,
            type_code="57833-6",
            title="Ordonnance, asthme",
            author="second_gp",
            blocks=(prescription(("Salbutamol, flacon pressurisé", "2 bouffées en cas de gêne, avec la chambre")),),
        )


def _events(today: date) -> Iterator[Paper]:
    yield Paper(
        day=today - timedelta(days=1480),
        type_code="80771-9",
        title="Projet d'accueil au collège",
        author="second_gp",
        blocks=(text("Salbutamol gardé à l'infirmerie et dans le sac de sport."),),
    )
    for ago, product in ((1500, "Gardasil 9"), (1310, "Gardasil 9"), (1300, "Nimenrix"), (1750, "Repevax")):
        yield Paper(
            day=today - timedelta(days=ago),
            type_code="87273-9",
            title=f"Vaccination, {product}",
            author="second_gp",
            form=Form.TEXT,
            blocks=(text(f"Vaccin : {product}. Une dose. Lot noté au registre."),),
        )
    yield Paper(
        day=today - timedelta(days=720),
        type_code="15507-7",
        title="Passage aux urgences",
        author="emergency",
        blocks=(heading("Motif"), text("Chute au handball, poignet droit."), heading("Suite"), text("Attelle.")),
    )
    yield Paper(
        day=today - timedelta(days=720),
        type_code="18748-4",
        title="Radiographie du poignet droit",
        author="radiologist",
        blocks=(heading("Conclusion"), text("Pas de fracture visible.")),
    )
    yield Paper(
        day=today - timedelta(days=60),
        type_code="EXPPAT_2",
        title="Licence de handball",
        author="",
        form=Form.PNG,
        blocks=(text("Licence de la saison."),),
    )


def _secret(today: date) -> Iterator[Paper]:
    yield Paper(
        day=today - timedelta(days=74),
        type_code="11488-4",
        title="Consultation, demandée seul",
        author="second_gp",
        secret=True,
        blocks=(text("Consultation à la demande de Malik, sans ses parents. Il souhaite le secret."),),
    )
    yield Paper(
        day=today - timedelta(days=70),
        type_code="11502-2",
        title="Résultats d'analyses",
        author="lab_anjou",
        secret=True,
        blocks=(text("Résultats remis à Malik et à son médecin seulement."),),
    )
    yield Paper(
        day=today - timedelta(days=48),
        type_code="11488-4",
        title="Entretien de suivi",
        author="second_gp",
        secret=True,
        form=Form.TEXT,
        blocks=(text("Entretien de suivi, à la demande de Malik."),),
    )
    yield Paper(
        day=today - timedelta(days=150),
        type_code="11488-4",
        title="Consultation de dermatologie, acné",
        author="second_gp",
        hidden=True,
        blocks=(text("Crème prescrite, à revoir dans trois mois."),),
    )
