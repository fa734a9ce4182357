"""The columns of the public extraction `PS_LibreAcces_Personne_activite` (Annuaire Santé), in their usual order.

The import finds them by name, whatever their order. `extraction_line` writes the same format, for test data.
"""

from collections.abc import Mapping

SEPARATOR = "|"

ID_TYPE = "Type d'identifiant PP"
ID = "Identifiant PP"
NATIONAL_ID = "Identification nationale PP"
PRACTICE_TITLE = "Code civilité d'exercice"
CIVILITY = "Code civilité"
FAMILY_NAME = "Nom d'exercice"
GIVEN_NAME = "Prénom d'exercice"
PROFESSION = "Code profession"
PROFESSION_LABEL = "Libellé profession"
SKILL_TYPE = "Code type savoir-faire"
SKILL = "Code savoir-faire"
SKILL_LABEL = "Libellé savoir-faire"
SIRET = "Numéro SIRET site"
FINESS = "Numéro FINESS site"
TECHNICAL_ID = "Identifiant technique de la structure"
COMPANY = "Raison sociale site"
SIGN = "Enseigne commerciale site"
CEDEX = "Bureau cedex (coord. structure)"
POSTCODE = "Code postal (coord. structure)"
CITY = "Libellé commune (coord. structure)"
EMAIL = "Adresse e-mail (coord. structure)"
SECTOR = "Code secteur d'activité"

COLUMNS = (
    ID_TYPE,
    ID,
    NATIONAL_ID,
    PRACTICE_TITLE,
    "Libellé civilité d'exercice",
    CIVILITY,
    "Libellé civilité",
    FAMILY_NAME,
    GIVEN_NAME,
    PROFESSION,
    PROFESSION_LABEL,
    "Code catégorie professionnelle",
    "Libellé catégorie professionnelle",
    SKILL_TYPE,
    "Libellé type savoir-faire",
    SKILL,
    SKILL_LABEL,
    "Code mode exercice",
    "Libellé mode exercice",
    SIRET,
    "Numéro SIREN site",
    FINESS,
    "Numéro FINESS établissement juridique",
    TECHNICAL_ID,
    COMPANY,
    SIGN,
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Code type de voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    CEDEX,
    POSTCODE,
    "Code commune (coord. structure)",
    CITY,
    "Code pays (coord. structure)",
    "Libellé pays (coord. structure)",
    "Téléphone (coord. structure)",
    "Téléphone 2 (coord. structure)",
    "Télécopie (coord. structure)",
    EMAIL,
    "Code Département (structure)",
    "Libellé Département (structure)",
    "Ancien identifiant de la structure",
    "Autorité d'enregistrement",
    SECTOR,
    "Libellé secteur d'activité",
    "Code section tableau pharmaciens",
    "Libellé section tableau pharmaciens",
)

REQUIRED = frozenset({FAMILY_NAME, GIVEN_NAME, PROFESSION})
"""Without these nothing can be kept; the number comes from `ID` or `NATIONAL_ID`."""

HEADER = SEPARATOR.join(COLUMNS) + SEPARATOR


def extraction_line(values: Mapping[str, str]) -> str:
    """One line in the usual order, from column names and values; the others stay empty."""
    unknown = set(values) - set(COLUMNS)
    if unknown:
        raise ValueError(f"not columns of the extraction: {', '.join(sorted(unknown))}")
    return SEPARATOR.join(values.get(name, "") for name in COLUMNS) + SEPARATOR
