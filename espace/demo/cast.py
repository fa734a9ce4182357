"""The people of the demo. All are invented; ages count from the day the demo is built.

INS numbers carry valid keys and order numbers that are hardly ever given out; RPPS numbers start with 999, which the
register does not use, and carry a valid Luhn key.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum import luhn

from espace.identifiers import OID_NIR


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """A person of the demo, by their role (`key`). `years` and `days` give the age; `about` is shown as it is."""

    key: str
    given: tuple[str, ...]
    family: str
    use_name: str = ""
    sex: str
    years: int
    days: int
    birth_place: str
    order: int
    attending: str = ""
    parents: tuple[str, ...] = ()
    about: str

    @property
    def name(self) -> str:
        """Given and family name in use."""
        return f"{self.given[0]} {self.use_name or self.family}"

    @property
    def email(self) -> str:
        """An address in a domain nobody can own."""
        plain = unicodedata.normalize("NFKD", f"{self.given[0]}.{self.use_name or self.family}")
        return "".join(c for c in plain if c.isascii() and (c.isalnum() or c in ".-")).lower() + "@example.org"

    @property
    def civility(self) -> str:
        """How letters address the person; children are called by their name."""
        return "" if self.years < 16 else {"F": "Mme", "M": "M."}[self.sex]

    @property
    def vitale_serial(self) -> str:
        """The number printed on their card: ten invented digits."""
        return f"{self.order:03}{self.years:02}{self.days:03}{sum(map(ord, self.key)) % 100:02}"

    def born(self, today: date) -> date:
        """The birth date that gives this age on `today`."""
        birthday = today - timedelta(days=self.days)
        day = min(birthday.day, 28)
        return date(birthday.year - self.years, birthday.month, day)

    def ins(self, today: date) -> str:
        """The 15 characters of the INS, key included."""
        birth = self.born(today)
        number = f"{'1' if self.sex == 'M' else '2'}{birth:%y%m}{self.birth_place}{self.order:03}"
        digits = number.replace("2A", "19").replace("2B", "18")
        return f"{number}{97 - int(digits) % 97:02}"


OID = OID_NIR
PATIENT_DOMAIN = "patient.mssante.fr"
HERE, THERE = "loire.mssante.fr", "anjou.mssante.fr"
"""Where the cast's professionals have their secure mailboxes: in this house, or at another operator."""
OPERATOR = "mail.anjou.mssante.fr"
"""The name in that operator's certificate."""

PATIENTS = (
    Someone(
        key="mother", given=("Claire", "Louise"), family="Fontenay", sex="F", years=38, days=254,
        birth_place="49328", order=941, attending="gp",
        about="Mère de Jules et de Lina. Suivie pour la thyroïde. Elle a bloqué son ancien kinésithérapeute.",
    ),
    Someone(
        key="retired", given=("Yves", "Marie"), family="Quéméner", sex="M", years=74, days=96,
        birth_place="29019", order=952, attending="gp",
        about="Retraité. Diabète et hypertension suivis depuis des années, plusieurs traitements. Sa fille l'aide : "
        "elle lit ses documents, sauf la psychiatrie, en ajoute, et écrit à ses soignants. Une voisine l'a aidé avant.",
    ),
    Someone(
        key="teen", given=("Malik",), family="Diallo", sex="M", years=16, days=82,
        birth_place="44109", order=963, parents=("carer",),
        about="Seize ans, son propre compte. Certains soins restent secrets pour ses parents.",
    ),
    Someone(
        key="second_parent", given=("Mathieu",), family="Lecomte", sex="M", years=40, days=31,
        birth_place="72181", order=974,
        about="Père de Jules et de Lina. Peu de documents pour lui-même. Tuteur de sa tante Odette.",
    ),
    Someone(
        key="carer", given=("Soazig", "Anne"), family="Quéméner", use_name="Diallo", sex="F", years=47, days=200,
        birth_place="29232", order=985,
        about="Fille d'Yves, dont elle est l'aidante : documents et messages, jusqu'à une date. "
        "Mère de Malik et d'Inès.",
    ),
    Someone(
        key="newcomer", given=("Ghjulia",), family="Santoni", sex="F", years=24, days=150,
        birth_place="2B033", order=916,
        about="Vient d'activer son espace, presque vide. Née en Corse. Yves lui demande de l'aider : "
        "l'invitation attend sa réponse.",
    ),
    Someone(
        key="protected", given=("Odette",), family="Lecomte", sex="F", years=82, days=210,
        birth_place="72181", order=986,
        about="Protégée par une tutelle. Son neveu Mathieu est son tuteur : il agit pour elle, et elle aussi.",
    ),
    Someone(
        key="reader", given=("Inès",), family="Diallo", sex="F", years=15, days=190,
        birth_place="44109", order=964, parents=("carer",),
        about="Quinze ans. Son compte permet seulement de lire : sa mère l'a accepté. "
        "Un soin secret n'y est pas, la docteure Morvan le voit.",
    ),
)  # fmt: skip

CHILDREN = (
    Someone(
        key="child", given=("Jules",), family="Fontenay", sex="M", years=9, days=120,
        birth_place="49328", order=927, parents=("mother", "second_parent"), attending="gp",
        about="Neuf ans. Ses deux parents agissent pour lui.",
    ),
    Someone(
        key="baby", given=("Lina",), family="Fontenay", sex="F", years=1, days=40,
        birth_place="49007", order=938, parents=("mother", "second_parent"), attending="gp",
        about="Un an. Ses deux parents agissent pour elle.",
    ),
)  # fmt: skip

ACTIVATION = (
    Someone(
        key="unactivated", given=("Samira",), family="Cherif", sex="F", years=49, days=70,
        birth_place="59350", order=949,
        about="A reçu son courrier et n'a pas encore activé son espace. Mère de Naïm.",
    ),
    Someone(
        key="minor_unactivated", given=("Naïm",), family="Cherif", sex="M", years=17, days=341,
        birth_place="49007", order=951, parents=("unactivated",),
        about="Dix-sept ans, majeur dans trois semaines : il a l'âge d'activer seul son espace.",
    ),
)  # fmt: skip

PEOPLE = PATIENTS + CHILDREN + ACTIVATION


@dataclass(frozen=True, slots=True)
class Place:
    """A structure. `finess` has nine characters; `address` is printed on letters."""

    finess: str
    name: str
    address: str
    postcode: str
    city: str
    sector: str

    @property
    def number(self) -> str:
        """The national identifier: 1 and the FINESS number (rules.md PR-4)."""
        return f"1{self.finess}"

    @property
    def letterhead(self) -> str:
        """Name and address on one line."""
        return f"{self.name}, {self.address}, {self.postcode} {self.city}"


SURGERY = Place("499900017", "Maison de santé des Tilleuls", "4 rue du Quai", "49400", "Saumur", "SA07")
CLINIC = Place("499900025", "Clinique Saint-Aubin", "12 boulevard des Mariniers", "49000", "Angers", "SA04")
HOSPITAL = Place("499900033", "CHU de la Loire", "1 avenue des Écoles", "49000", "Angers", "SA01")
PHARMACY = Place("499900041", "Pharmacie du Pont-Neuf", "2 place du Pont-Neuf", "49400", "Saumur", "SA33")
NURSES = Place("499900058", "Cabinet infirmier du Fresne", "9 rue du Fresne", "49400", "Saumur", "SA08")
LAB_LOIRE = Place("499900066", "Laboratoire Loire-Bio", "18 rue des Meuniers", "49400", "Saumur", "SA25")
LAB_ANJOU = Place("499900074", "Laboratoire des Trois Ponts", "33 rue du Bac", "49000", "Angers", "SA25")
DENTAL = Place("499900082", "Cabinet dentaire Rousseau", "6 rue de l'Écluse", "49400", "Saumur", "SA07")
REGULATION = Place("499900090", "SAMU de la Loire, centre 15", "1 avenue des Écoles", "49000", "Angers", "SA01")
PHYSIO = Place("499900108", "Cabinet de kinésithérapie du Port", "21 quai du Port", "49400", "Saumur", "SA08")
SECOND_SURGERY = Place("499900116", "Cabinet médical des Halles", "5 rue des Halles", "49000", "Angers", "SA07")

_ELSEWHERE = (CLINIC, LAB_LOIRE, LAB_ANJOU, SECOND_SURGERY)
"""Places whose professionals have their mailboxes at another operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pro:
    """A professional. `profession` is the register's code; `skill` that of the specialty, if any."""

    key: str
    given: str
    family: str
    civility: str
    profession: str
    label: str
    skill: str = ""
    role: str
    place: Place
    number: int
    about: str = ""

    @property
    def rpps(self) -> str:
        """Eleven digits with their Luhn key."""
        stem = f"9990000{self.number:03}"
        return stem + str(luhn.calc_check_digit(stem))

    @property
    def matrix_code(self) -> str:
        """The code of the access matrix."""
        return f"G15_{self.profession}"

    @property
    def name(self) -> str:
        """How letters are signed."""
        return f"{self.title} {self.given} {self.family}".strip()

    @property
    def title(self) -> str:
        """How they are addressed, as the directory says it."""
        return {"DR": "Dr", "MME": "Mme", "M": "M."}[self.civility]

    @property
    def mssante(self) -> str:
        """The address of the secure mail, where other professionals and patients write."""
        plain = unicodedata.normalize("NFKD", f"{self.given}.{self.family}".replace(" ", "-"))
        local = "".join(c for c in plain if c.isascii() and (c.isalnum() or c in ".-")).lower()
        return f"{local}@{THERE if self.place in _ELSEWHERE else HERE}"


PROFESSIONALS = (
    Pro(
        key="gp", given="Hélène", family="Morvan", civility="DR", profession="10", label="Médecin", skill="SM26",
        role="Médecine générale", place=SURGERY, number=101,
        about="Médecin traitant de Claire Fontenay et d'Yves Quéméner, qui lui ont donné accès.",
    ),
    Pro(
        key="cardiologist", given="Karim", family="Belhadj", civility="DR", profession="10", label="Médecin",
        skill="SM04", role="Cardiologie", place=CLINIC, number=112,
        about="Cardiologue. Personne ne lui a encore donné accès.",
    ),
    Pro(
        key="pharmacist", given="Odile", family="Marchetti", civility="MME", profession="21", label="Pharmacien",
        role="Pharmacienne", place=PHARMACY, number=123, about="Pharmacienne. Claire et Yves lui ont donné accès.",
    ),
    Pro(
        key="nurse", given="Awa", family="Diarra", civility="MME", profession="60", label="Infirmier",
        role="Infirmière", place=NURSES, number=134,
        about="Infirmière à domicile. L'accès donné par Claire prend fin bientôt.",
    ),
    Pro(
        key="biologist", given="Nikos", family="Papadakis", civility="DR", profession="10", label="Médecin",
        skill="SM03", role="Biologie médicale", place=LAB_LOIRE, number=145,
        about="Biologiste médical. Il dépose des résultats, personne ne lui a donné accès en lecture.",
    ),
    Pro(
        key="dentist", given="Émilie", family="Rousseau", civility="DR", profession="40", label="Chirurgien-Dentiste",
        role="Chirurgienne-dentiste", place=DENTAL, number=156,
        about="Dentiste. Claire a refusé sa demande, Yves n'a pas encore répondu.",
    ),
    Pro(
        key="samu", given="Sonia", family="Nivert", civility="DR", profession="10", label="Médecin", skill="SM59",
        role="Médecin régulateur", place=REGULATION, number=167, about="Médecin régulateur du centre 15.",
    ),
    Pro(
        key="physio", given="Thomas", family="Renard", civility="M", profession="70", label="Masseur-Kinésithérapeute",
        role="Masseur-kinésithérapeute", place=PHYSIO, number=178, about="Kinésithérapeute. Claire l'a bloqué.",
    ),
)  # fmt: skip

AUTHORS = (
    Pro(key="lab_anjou", given="Chloé", family="Perrin", civility="DR", profession="10", label="Médecin", skill="SM03",
        role="Biologie médicale", place=LAB_ANJOU, number=201),
    Pro(key="lab_chu", given="Idriss", family="Haddad", civility="DR", profession="10", label="Médecin", skill="SM03",
        role="Biologie médicale, laboratoire du CHU", place=HOSPITAL, number=212),
    Pro(key="endocrinologist", given="Paul", family="Kerninon", civility="DR", profession="10", label="Médecin",
        skill="SM62", role="Endocrinologie, diabétologie, nutrition", place=HOSPITAL, number=223,
        about="Diabétologue à l'hôpital, responsable de la boîte du service. Claire a donné accès à son équipe."),
    Pro(key="radiologist", given="Mei-Lin", family="Tran", civility="DR", profession="10", label="Médecin",
        skill="SM74", role="Radiologie", place=HOSPITAL, number=234),
    Pro(key="paediatrician", given="Aurore", family="Petit", civility="DR", profession="10", label="Médecin",
        skill="SM40", role="Pédiatrie", place=CLINIC, number=245),
    Pro(key="ophthalmologist", given="Ousmane", family="Sow", civility="DR", profession="10", label="Médecin",
        skill="SM38", role="Ophtalmologie", place=CLINIC, number=256),
    Pro(key="midwife", given="Fatou", family="Ba", civility="MME", profession="50", label="Sage-Femme",
        role="Sage-femme", place=CLINIC, number=267),
    Pro(key="surgeon", given="Ivan", family="Delcourt", civility="DR", profession="10", label="Médecin", skill="SM14",
        role="Chirurgie viscérale et digestive", place=CLINIC, number=278),
    Pro(key="emergency", given="Lucie", family="Aubry", civility="DR", profession="10", label="Médecin", skill="SM59",
        role="Médecine d'urgence", place=HOSPITAL, number=289,
        about="Urgentiste à l'hôpital. Elle répond aussi dans la boîte du service de diabétologie."),
    Pro(key="second_gp", given="Jérôme", family="Kessler", civility="DR", profession="10", label="Médecin",
        skill="SM26", role="Médecine générale", place=SECOND_SURGERY, number=290),
    Pro(key="practice_nurse", given="Maëlle", family="Corvec", civility="MME", profession="60", label="Infirmier",
        role="Infirmière", place=SURGERY, number=312),
    Pro(key="assistant", given="Léo", family="Bastide", civility="M", profession="21", label="Pharmacien",
        role="Pharmacien", place=PHARMACY, number=323,
        about="Pharmacien, dans l'équipe de la boîte de la Pharmacie du Pont-Neuf."),
)  # fmt: skip
GONE = Pro(
    key="locum", given="Armelle", family="Guégan", civility="DR", profession="10", label="Médecin", skill="SM04",
    role="Cardiologie, remplaçante", place=CLINIC, number=301,
)  # fmt: skip
"""Replaced the cardiologist for a summer; her mailbox is closed, and the register does not name her any more."""

DIRECTORY = {pro.key: pro for pro in PROFESSIONALS + AUTHORS}
ENTERING = PROFESSIONALS + tuple(pro for pro in AUTHORS if pro.about)
"""Who can sign in: the cast's own, and those who work with others in the mailbox of a team."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who works for the house. `role` is a word of `permissions.Role`, and their key."""

    role: str
    given: str
    family: str
    about: str

    @property
    def name(self) -> str:
        """What others read of them."""
        return f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        """Their address, in a domain nobody can own."""
        plain = unicodedata.normalize("NFKD", f"{self.given}.{self.family}")
        return "".join(c for c in plain if c.isascii() and (c.isalnum() or c in ".-")).lower() + "@office.example.org"


AGENTS = (
    Agent("administrator", "Irène", "Vasseur", "Administratrice. Elle invite les opérateurs et veille à la maison."),
    Agent("privacy_officer", "Bastien", "Korber", "Délégué à la protection des données. Il suspend, constate, décide."),
    Agent(
        "counter",
        "Nadège",
        "Ollivier",
        "Agente de guichet. Elle vérifie une identité, imprime un code, enregistre un aidant désigné sur papier.",
    ),
)
