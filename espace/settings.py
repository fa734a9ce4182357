"""Every setting of the house: typed, frozen, read once from the environment, refused when weak.

Rules marked (U) in the domain files are settings here, named in their docstring.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from .errors import SettingsError

PREFIX = "ESPACE_"


def _home(*parts: str) -> Path:
    return Path.home().joinpath(*parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Values of one running house. Each field is `ESPACE_<NAME>` in the environment."""

    data_dir: Path = _home(".local", "share", "espace")
    key_file: Path = _home(".config", "espace", "keys.json")
    checkpoint_dir: Path = _home(".local", "state", "espace", "checkpoints")
    database_url: str = ""
    storage_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxies: str = ""
    contact: str = ""
    """E-mail address where people write for help, about their data, or to report a weakness."""
    contact_phone: str = ""
    """Telephone number where people are helped, as it is to be read."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_starttls: bool = False
    smtp_certificate: str = ""
    """File of the certificate shown to the relay, where it asks for one (PEM)."""
    smtp_key: str = ""
    smtp_ca_file: str = ""
    """File of the authorities that the relay's certificate comes from; empty: those of the system."""
    mail_from: str = "espace <ne-pas-repondre@localhost>"

    patient_domain: str = "patient.localhost"
    """Domain of the people's addresses: their INS of 15 characters @ this (rules.md MS-1)."""
    mailbox_domains: str = ""
    """Domains of the professional mailboxes kept here."""
    mail_name: str = "localhost"
    """Name under which the gateway answers and introduces itself."""
    mail_host: str = "127.0.0.1"
    """Address on which the gateway listens."""
    mail_port: int = 2525
    """Port of the gateway, with STARTTLS."""
    mail_tls_port: int = 0
    """Port on which the gateway speaks TLS from the first byte; 0: none."""
    mail_certificate: str = ""
    """File of the gateway's certificate (PEM). Without one, `espace mail` does not start."""
    mail_key: str = ""
    mail_ca_file: str = ""
    """File of the authorities whose certificates the other operators show (rules.md MS-10, MS-11 (U))."""
    mail_sessions: int = 100
    """Conversations the gateway has at once; one more is asked to come back (421)."""
    mail_misses_per_hour: int = 20
    """Unknown recipients an operator may name in an hour before the rest is put off (security.md R42)."""
    mail_message_mb: int = 25
    """Largest message taken (security.md R42: never more)."""
    mailbox_lmtp: str = ""
    """Where mail of the professional mailboxes is handed to as well, for their mail programs: host:port (LMTP)."""
    pharmacy_exception: bool = True
    """Whether a person may write first to a pharmacy they know, to send it a prescription (MS-3)."""
    archives_filed: bool = False
    """Whether documents of an archive that came by mail are filed by themselves (U, MS-17); else they are offered."""
    closing_mark: str = "[FIN]"
    """What a professional's mail program writes first in the subject to end an exchange (U, MS-5)."""
    unread_hours: int = 24
    """Hours after which a message that nobody read is told of by another channel."""
    sending_hours: int = 24
    """Hours during which a message that could not be handed over is tried again."""

    sms_url: str = ""
    """Address of the HTTP gateway that sends SMS; empty: the house sends none (docs/sms.md)."""
    sms_token: str = field(default="", repr=False)
    sms_sender: str = "espace"
    sms_regions: str = "FR GP MQ GF RE YT PM BL MF NC PF WF"
    """Regions (ISO 3166) whose mobile numbers get SMS: others may be dear, or somebody's trade."""
    sms_per_day: int = 10
    """SMS that one number gets in a day at most."""

    identity_issuer: str = ""
    """Issuer of a FranceConnect-style OpenID Connect provider; empty: no such sign-in (rules.md AC-8)."""
    identity_client_id: str = "espace"
    identity_client_secret: str = field(default="", repr=False)
    identity_name: str = "FranceConnect"
    identity_acr: str = "eidas1"

    psc_issuer: str = ""
    psc_client_id: str = "espace"
    psc_client_secret: str = field(default="", repr=False)

    opening_delay: int = 42
    """Days between announcement and opening (rules.md AC-2)."""
    activation_code_life: int = 84
    """Days an activation code lives (U, AC-5): as long again as the space takes to open."""
    secret_care_age: int = 12
    """Age from which parents are told that care may be kept secret, and professionals offered the secret connection
    (U, MI-5, MI-7)."""
    own_reading_age: int = 15
    """Age from which a minor may get an own access, reading only, with a parent's agreement (U, MI-3)."""
    autonomy_age: int = 16
    """Age from which a minor may hold an own account (U, MI-3)."""
    majority_age: int = 18
    """Age at which the parents' access ends (U, MI-4)."""
    consent_days: int = 365
    """Days a consent lasts when no other end is chosen (U, AR-6)."""
    consent_collected: bool = True
    """Whether a professional beside the person may write down their consent; else they only ask (U, AR-2)."""
    attending_doctor_sees_hidden: bool = False
    """Whether the attending doctor sees what the holder hid (U, AR-14)."""
    blocked_may_deposit: bool = True
    """Whether a blocked professional may still feed the record, traced and shown (U, AR-5)."""
    encounter_hours: int = 12
    """Hours during which a professional who identified a person exactly may deposit and ask (U, AR-4)."""
    role_based_access: bool = False
    """Whether the matrix's columns for functions that are no health profession apply (U, habilitations.md 1)."""
    rpps_checked: bool = False
    """Whether the Luhn key of RPPS numbers is required (U, PR-5)."""
    search_misses_per_hour: int = 20
    """Failed patient searches a professional may make in an hour (security.md R50)."""

    emergency_hours: int = 4
    """Hours an opening in an emergency lasts at most (security.md R47: never more)."""
    regulation_structures: str = ""
    """National numbers (1 and the FINESS number) of the places whose doctors answer calls to the centre 15 (AR-8)."""
    occupational_structures: str = ""
    """National numbers of occupational health services, whose doctors need an express agreement (AR-12)."""
    fire_structures: str = ""
    """National numbers of fire and rescue services, whose doctors need an express agreement (AR-12)."""
    express_doctors_may_deposit: bool = False
    """Whether these doctors may feed a record without that agreement, as others do (U, AR-4 beside AR-12)."""
    explanation_days: int = 15
    """Days a professional has to explain an opening the house asks about."""
    visit_answer_days: int = 8
    """Days somebody has to explain a visit to the person whose record it was; then the privacy officer takes over."""
    contest_days: int = 30
    """Days the privacy officer has to answer who contests a visit (GDPR art. 12: one month)."""
    records_per_hour: int = 30
    """Distinct records a professional reaches in an hour before they sign in again (security.md R48)."""
    records_per_day: int = 100
    """Distinct records a professional reaches in a day before they are stopped (security.md R48)."""

    care_history_months: int = 24
    """Months of the insurer's lines that are shown (U, CO-4)."""
    announcement_days: int = 0
    """Days after which a document withheld until announced shows itself to the patient; 0: never (U, AR-15)."""
    scanner_url: str = ""
    """Scanner of incoming files (clamd: tcp://host:port or unix:/path); empty: none (security.md R38)."""
    record_quota_mb: int = 2000
    """Megabytes that people may add to one record themselves (security.md R34)."""

    pulse_seconds: int = 20
    """How often an open page asks whether its reader may still see it; it blanks within 30 s (security.md R16)."""
    carer_days: int = 365
    """Days a carer's tasks last at most before they are to be given again (U, MI-12)."""
    carer_invitation_days: int = 14
    """Days during which somebody asked to become a carer may answer."""
    mandates_per_day: int = 20
    """Signed papers that make a carer which one counter operator may enter in a day (security.md R17)."""

    counter_codes_per_day: int = 60
    """Provisional codes one counter operator may print in a day (security.md R17: no power without a limit)."""

    email_code_allowed: bool = False
    """Whether a code by e-mail counts as second factor (security.md R3: only where the operator says so)."""
    administrator_passkey: bool = True
    """Whether administrators must hold a passkey (security.md R3)."""
    recovery_delay: int = 72
    """Hours between a request for lost access and its effect (security.md R4: never less)."""
    assistance_minutes: int = 20
    """How long an assisted session lasts."""
    archive_years: int = 10
    """Years a closed or a dead person's record is kept (rules.md AC-9, AC-11)."""
    erasure_days: int = 30
    """Days between the request for express erasure and its execution, at most 90 (rules.md AC-9: three months)."""
    suspension_days: int = 42
    """Days without objection after which a suspended space is closed (rules.md AC-10: six weeks)."""
    heir_days: int = 90
    """Days a granted heir may read the record of a dead person (U, AC-11)."""

    link_contest_days: int = 7
    """Days in which those who act for a person already may contest a new link; 0: it is made at once (U, R15)."""
    proof_days: int = 30
    """Days the proof of a request is kept after the decision; 0: it goes with the decision."""
    urgent_freeze_days: int = 3
    """Days an urgent restriction entered by one operator stands without a second one (security.md R15, R17)."""
    parent_invitation_days: int = 7
    """Days in which an invited parent may answer (U, MI-2)."""
    guardian_decides_alone: bool = False
    """Whether an adult under a measure only reads while their guardian decides (U, MI-11)."""

    demo_dir: Path | None = None
    """Set only by `espace demo`: mounts the demo's own pages, on loopback and nowhere else."""

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / 'espace.db'}")
        if not self.storage_url:
            object.__setattr__(self, "storage_url", (self.data_dir / "files").as_uri())
        self._check()

    def _check(self) -> None:
        """Refuse what would start an unsafe house (security.md R56)."""
        self._check_addresses()
        self._check_outside()
        self._check_folders()
        self._check_ages()
        self._check_rules()
        self._check_bounds()

    def _check_addresses(self) -> None:
        base = urlsplit(self.base_url)
        if base.scheme not in ("http", "https") or not base.hostname or base.path.strip("/"):
            raise SettingsError("ESPACE_BASE_URL must be an address like https://espace.example, without a path")
        if base.scheme == "http" and not self.on_loopback:
            raise SettingsError("ESPACE_BASE_URL must be https: only a loopback address may be plain http")
        if self.demo_dir and not self.on_loopback:
            raise SettingsError("the demo runs on a loopback address only")
        if self.smtp_user and not self.smtp_starttls:
            raise SettingsError("ESPACE_SMTP_STARTTLS must be on when a mail password is sent")
        for proxy in self.proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise SettingsError(f"ESPACE_TRUSTED_PROXIES: {proxy!r} is not an address or network") from None

    def _check_outside(self) -> None:
        """Those the house speaks to: providers of identity and the gateway for SMS."""
        for name in ("psc", "identity"):
            issuer, secret = getattr(self, f"{name}_issuer"), getattr(self, f"{name}_client_secret")
            if issuer and not secret:
                raise SettingsError(f"ESPACE_{name.upper()}_CLIENT_SECRET is needed with ESPACE_{name.upper()}_ISSUER")
            if issuer and urlsplit(issuer).scheme != "https" and not self.on_loopback:
                raise SettingsError(f"ESPACE_{name.upper()}_ISSUER must be https")
        if self.identity_issuer and not self.identity_acr.strip():
            raise SettingsError("ESPACE_IDENTITY_ACR must say how sure the identity is, like eidas1 (rules.md AC-8)")
        if self.sms_url and urlsplit(self.sms_url).scheme != "https" and not _is_loopback(self.sms_url):
            raise SettingsError("ESPACE_SMS_URL must be https")
        if self.mailbox_lmtp and not re.fullmatch(r"[^\s:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", self.mailbox_lmtp):
            raise SettingsError("ESPACE_MAILBOX_LMTP must be a host and a port, like 127.0.0.1:24")
        if self.scanner_url and not _names_scanner(self.scanner_url):
            raise SettingsError("ESPACE_SCANNER_URL must be tcp://host:port or unix:/path")
        if not self.sms_regions_list or any(not re.fullmatch("[A-Z]{2}", one) for one in self.sms_regions_list):
            raise SettingsError("ESPACE_SMS_REGIONS must name regions by two letters, like FR RE")

    def _check_folders(self) -> None:
        if self.key_file.resolve().is_relative_to(self.data_dir.resolve()):
            raise SettingsError("ESPACE_KEY_FILE must lie outside ESPACE_DATA_DIR: one theft must not take both")
        if self.checkpoint_dir.resolve().is_relative_to(self.data_dir.resolve()):
            raise SettingsError("ESPACE_CHECKPOINT_DIR must lie outside ESPACE_DATA_DIR (security.md R26)")

    def _check_ages(self) -> None:
        ages = (self.secret_care_age, self.own_reading_age, self.autonomy_age, self.majority_age)
        if ages[0] < 1 or list(ages) != sorted(ages):
            raise SettingsError(
                "ESPACE_SECRET_CARE_AGE, ESPACE_OWN_READING_AGE, ESPACE_AUTONOMY_AGE and ESPACE_MAJORITY_AGE "
                "must follow each other"
            )

    def _check_rules(self) -> None:
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise SettingsError(f"{PREFIX}{name.upper()} must be at least 1")
        if self.opening_delay < 0:
            raise SettingsError("ESPACE_OPENING_DELAY must be 0 at least")
        if self.recovery_delay < 72:
            raise SettingsError("ESPACE_RECOVERY_DELAY may only be lengthened beyond 72 hours (security.md R4)")
        if self.link_contest_days < 0 or self.proof_days < 0:
            raise SettingsError("ESPACE_LINK_CONTEST_DAYS and ESPACE_PROOF_DAYS cannot be negative")
        if not 0 <= self.erasure_days <= 90:
            raise SettingsError("ESPACE_ERASURE_DAYS must be between 0 and 90: erasure takes three months at most")
        if not 1 <= self.assistance_minutes <= 60:
            raise SettingsError("ESPACE_ASSISTANCE_MINUTES must be between 1 and 60")

    def _check_bounds(self) -> None:
        """What an operator may only tighten."""
        if not 1 <= self.pulse_seconds <= 25:
            raise SettingsError("ESPACE_PULSE_SECONDS must be between 1 and 25: pages blank within 30 s (R16)")
        if self.search_misses_per_hour > 20:
            raise SettingsError("ESPACE_SEARCH_MISSES_PER_HOUR may only be tightened below 20 (security.md R50)")
        if self.mail_misses_per_hour > 20 or self.mail_message_mb > 25:
            raise SettingsError("ESPACE_MAIL_MISSES_PER_HOUR and _MESSAGE_MB may only be tightened (security.md R42)")
        if not 2 <= len(self.closing_mark) <= 20 or self.closing_mark != " ".join(self.closing_mark.split()):
            raise SettingsError("ESPACE_CLOSING_MARK must have 2 to 20 signs: it ends exchanges (MS-5)")
        if self.emergency_hours > 4:
            raise SettingsError("ESPACE_EMERGENCY_HOURS may only be shortened below 4 (security.md R47)")
        if self.records_per_hour > 30 or self.records_per_day > 100:
            raise SettingsError("ESPACE_RECORDS_PER_HOUR and _PER_DAY may only be tightened (security.md R48)")
        for name in ("regulation", "occupational", "fire"):
            if any(not re.fullmatch(r"(?=.*\d)[0-9A-Z]{2,20}", one) for one in getattr(self, f"{name}_list")):
                key = f"ESPACE_{name.upper()}_STRUCTURES"
                raise SettingsError(f"{key} must be national numbers of places, like 1499900090")

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses whose forwarded headers are believed."""
        return tuple(self.trusted_proxies.replace(",", " ").split())

    @property
    def sms_regions_list(self) -> tuple[str, ...]:
        """Regions whose mobile numbers get SMS."""
        return tuple(self.sms_regions.replace(",", " ").upper().split())

    @property
    def regulation_list(self) -> tuple[str, ...]:
        """National numbers of the places that answer calls to the centre 15."""
        return tuple(self.regulation_structures.replace(",", " ").upper().split())

    @property
    def occupational_list(self) -> tuple[str, ...]:
        """National numbers of the occupational health services."""
        return tuple(self.occupational_structures.replace(",", " ").upper().split())

    @property
    def fire_list(self) -> tuple[str, ...]:
        """National numbers of the fire and rescue services."""
        return tuple(self.fire_structures.replace(",", " ").upper().split())

    @property
    def mailbox_domain_list(self) -> tuple[str, ...]:
        """Domains of the professional mailboxes kept here, in small letters."""
        return tuple(self.mailbox_domains.replace(",", " ").lower().split())

    @property
    def on_loopback(self) -> bool:
        """Whether the house is reached on a loopback address only."""
        return _is_loopback(self.base_url)

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry `__Host-` and Secure: always, but for plain http on loopback."""
        return self.base_url.startswith("https:")

    @property
    def passkeys_possible(self) -> bool:
        """Whether browsers allow passkeys here: they tie them to a domain name, never to a bare IP address."""
        try:
            ip_address(urlsplit(self.base_url).hostname or "")
        except ValueError:
            return True
        return False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read `ESPACE_*` variables.

        Raises:
            SettingsError: for an unknown name, a value of the wrong shape, or a weak combination.
        """
        known = {f.name: f for f in fields(cls)}
        values: dict[str, Any] = {}
        for key, text in environment.items():
            if not key.startswith(PREFIX):
                continue
            name = key.removeprefix(PREFIX).lower()
            if name in _NOT_SETTINGS:
                continue
            if name not in known:
                raise SettingsError(f"{key} is not a setting of espace")
            values[name] = _read(key, text, str(known[name].type))
        return cls(**values)


def _names_scanner(address: str) -> bool:
    """Whether an address is one a scanner can be reached under."""
    try:
        parts = urlsplit(address)
        return bool(parts.path.strip("/") if parts.scheme == "unix" else parts.scheme == "tcp" and parts.port)
    except ValueError:
        return False


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_AT_LEAST_ONE = (
    "consent_days",
    "activation_code_life",
    "search_misses_per_hour",
    "encounter_hours",
    "counter_codes_per_day",
    "carer_days",
    "carer_invitation_days",
    "mandates_per_day",
    "archive_years",
    "suspension_days",
    "heir_days",
    "urgent_freeze_days",
    "parent_invitation_days",
    "sms_per_day",
    "care_history_months",
    "record_quota_mb",
    "emergency_hours",
    "explanation_days",
    "visit_answer_days",
    "contest_days",
    "records_per_hour",
    "records_per_day",
    "mail_sessions",
    "mail_misses_per_hour",
    "mail_message_mb",
    "unread_hours",
    "sending_hours",
)
_NOT_SETTINGS = frozenset({"samples", "test_database_url"})
_TRUE_FALSE = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _read(key: str, text: str, kind: str) -> Any:
    if "bool" in kind:
        if text.lower() not in _TRUE_FALSE:
            raise SettingsError(f"{key} must be yes or no, not {text!r}")
        return _TRUE_FALSE[text.lower()]
    if "int" in kind:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{key} must be a whole number, not {text!r}") from None
    if "Path" in kind:
        return Path(text).expanduser()
    return text


_settings: ContextVar[Settings] = ContextVar("settings")


def bind(settings: Settings) -> None:
    """Use `settings` for everything that follows in this context."""
    _settings.set(settings)


def current() -> Settings:
    """The settings bound to this context."""
    return _settings.get()
