"""Odette, whom her nephew represents, and Inès, who is fifteen: few documents each."""

from datetime import date, timedelta

from espace.demo.papers import Form, Paper, prescription, text


def protected(today: date) -> list[Paper]:
    """Every document of Odette's record."""
    return [
        Paper(
            day=today - timedelta(days=640),
            type_code="11488-4",
            title="Consultation de gériatrie",
            author="second_gp",
            form=Form.TEXT,
            blocks=(text("Mémoire suivie tous les six mois. Une aide à domicile passe chaque matin."),),
        ),
        Paper(
            day=today - timedelta(days=220),
            type_code="57833-6",
            title="Ordonnance, tension",
            author="second_gp",
            blocks=(prescription(("Amlodipine, comprimé", "1 comprimé le matin")),),
        ),
        Paper(
            day=today - timedelta(days=44),
            type_code="87273-9",
            title="Vaccination contre la grippe",
            author="pharmacist",
            form=Form.TEXT,
            blocks=(text("Vaccin : Vaxigrip. Une dose."),),
        ),
    ]


def reader(today: date) -> list[Paper]:
    """Every document of Inès's record; one of them is secret for her parents."""
    return [
        Paper(
            day=today - timedelta(days=900),
            type_code="87273-9",
            title="Vaccination, Gardasil 9",
            author="second_gp",
            form=Form.TEXT,
            blocks=(text("Vaccin : Gardasil 9. Une dose. Lot noté au registre."),),
        ),
        Paper(
            day=today - timedelta(days=75),
            type_code="89601-9",
            title="Certificat médical, natation",
            author="gp",
            blocks=(text("Aucun signe contraire à la pratique de la natation en compétition ce jour."),),
        ),
        Paper(
            day=today - timedelta(days=36),
            type_code="11488-4",
            title="Entretien, demandé seule",
            author="gp",
            secret=True,
            form=Form.TEXT,
            blocks=(text("Entretien à la demande d'Inès, sans ses parents. Elle souhaite le secret."),),
        ),
    ]
