"""Mathieu, Soazig and Ghjulia: few documents each."""

from datetime import date, timedelta

from espace.demo.papers import Form, Paper, heading, prescription, text


def second_parent(today: date) -> list[Paper]:
    """Every document of Mathieu's record."""
    return [
        Paper(
            day=today - timedelta(days=1900),
            type_code="34120-6",
            title="Bilan de kinésithérapie",
            author="physio",
            blocks=(text("Bilan d'entrée, épaule droite."),),
        ),
        Paper(
            day=today - timedelta(days=1890),
            type_code="47420-5",
            title="Bilan fonctionnel de l'épaule",
            author="physio",
            blocks=(text("Mobilité mesurée avant et après les séances."),),
        ),
        Paper(
            day=today - timedelta(days=1000),
            type_code="87273-9",
            title="Vaccination, Revaxis",
            author="pharmacist",
            form=Form.TEXT,
            blocks=(text("Vaccin : Revaxis. Une dose. Lot noté au registre."),),
        ),
        Paper(
            day=today - timedelta(days=610),
            type_code="PRESC-AAT",
            title="Arrêt de travail",
            author="second_gp",
            blocks=(text("Arrêt de trois jours."),),
        ),
        Paper(
            day=today - timedelta(days=610),
            type_code="57833-6",
            title="Ordonnance",
            author="second_gp",
            blocks=(prescription(("Paracétamol, comprimé", "1 comprimé en cas de fièvre")),),
        ),
        Paper(
            day=today - timedelta(days=150),
            type_code="28617-9",
            title="Bilan bucco-dentaire",
            author="dentist",
            blocks=(text("Contrôle sans soin à prévoir."),),
        ),
        Paper(
            day=today - timedelta(days=90),
            type_code="55115-0",
            title="Demande d'imagerie",
            author="second_gp",
            blocks=(text("Radiographie de l'épaule droite, de face et de profil."),),
        ),
    ]


def carer(today: date) -> list[Paper]:
    """Every document of Soazig's record."""
    return [
        Paper(
            day=today - timedelta(days=1400),
            type_code="11502-2",
            title="Bilan sanguin",
            author="lab_anjou",
            blocks=(text("Résultats transmis au médecin prescripteur."),),
        ),
        Paper(
            day=today - timedelta(days=730),
            type_code="75492-9",
            title="Mammographie de dépistage",
            author="radiologist",
            blocks=(heading("Conclusion"), text("Rien de suspect. Prochain examen dans deux ans.")),
        ),
        Paper(
            day=today - timedelta(days=365),
            type_code="85208-7",
            title="Téléconsultation",
            author="second_gp",
            blocks=(text("Fatigue, aide apportée à un proche. Conseils et adresse d'une plateforme de répit."),),
        ),
        Paper(
            day=today - timedelta(days=200),
            type_code="57833-6",
            title="Ordonnance",
            author="second_gp",
            blocks=(prescription(("Paracétamol, comprimé", "1 comprimé en cas de douleur")),),
        ),
        Paper(
            day=today - timedelta(days=40),
            type_code="87273-9",
            title="Vaccination contre la grippe",
            author="pharmacist",
            form=Form.TEXT,
            blocks=(text("Vaccin : Vaxigrip. Une dose."),),
        ),
        Paper(
            day=today - timedelta(days=25),
            type_code="EXPPAT_2",
            title="Mes disponibilités d'aidante",
            author="",
            blocks=(text("Mardi et jeudi après-midi, samedi matin."),),
        ),
    ]


def newcomer(today: date) -> list[Paper]:
    """The one document of Ghjulia's record."""
    return [
        Paper(
            day=today - timedelta(days=9),
            type_code="87273-9",
            title="Vaccination, Repevax",
            author="pharmacist",
            blocks=(text("Vaccin : Repevax. Une dose. Lot noté au registre."),),
        ),
    ]
