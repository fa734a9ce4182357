"""No default secret, no weak setting, no key others can read: the house refuses to start (security.md R56)."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import espace
from espace import crypto
from espace.errors import SettingsError
from espace.machines import Machines
from espace.settings import Settings

SAFE: dict[str, str] = {
    "ESPACE_DATA_DIR": "/srv/espace/data",
    "ESPACE_KEY_FILE": "/etc/espace/keys.json",
    "ESPACE_CHECKPOINT_DIR": "/srv/checkpoints",
    "ESPACE_BASE_URL": "https://espace.example",
}
WEAK: list[dict[str, str]] = [
    {"ESPACE_BASE_URL": "http://espace.example"},
    {"ESPACE_BASE_URL": "http://192.168.1.10"},
    {"ESPACE_BASE_URL": "http://127.0.0.1.example"},
    {"ESPACE_BASE_URL": "ftp://espace.example"},
    {"ESPACE_BASE_URL": "espace.example"},
    {"ESPACE_BASE_URL": "https://espace.example/app"},
    {"ESPACE_BASE_URL": ""},
    {"ESPACE_KEY_FILE": "/srv/espace/data/keys.json"},
    {"ESPACE_KEY_FILE": "/srv/espace/data/../data/keys/keys.json"},
    {"ESPACE_CHECKPOINT_DIR": "/srv/espace/data/checkpoints"},
    {"ESPACE_DEMO_DIR": "/srv/demo"},
    {"ESPACE_SMTP_USER": "x", "ESPACE_SMTP_PASSWORD": "y", "ESPACE_SMTP_STARTTLS": "no"},
    {"ESPACE_PSC_ISSUER": "https://provider.example"},
    {"ESPACE_PSC_ISSUER": "http://provider.example", "ESPACE_PSC_CLIENT_SECRET": "x"},
    {"ESPACE_CONSENT_DAYS": "0"},
    {"ESPACE_ACTIVATION_CODE_LIFE": "0"},
    {"ESPACE_AUTONOMY_AGE": "0"},
    {"ESPACE_AUTONOMY_AGE": "19"},
    {"ESPACE_OPENING_DELAY": "-1"},
    {"ESPACE_SEARCH_MISSES_PER_HOUR": "0"},
    {"ESPACE_SEARCH_MISSES_PER_HOUR": "21"},
    {"ESPACE_EMERGENCY_HOURS": "5"},
    {"ESPACE_EMERGENCY_HOURS": "0"},
    {"ESPACE_RECORDS_PER_HOUR": "31"},
    {"ESPACE_RECORDS_PER_DAY": "101"},
    {"ESPACE_RECORDS_PER_DAY": "0"},
    {"ESPACE_EXPLANATION_DAYS": "0"},
    {"ESPACE_REGULATION_STRUCTURES": "SAMU de la Loire"},
    {"ESPACE_OCCUPATIONAL_STRUCTURES": "Service de santé au travail"},
    {"ESPACE_FIRE_STRUCTURES": "1"},
    {"ESPACE_RECOVERY_DELAY": "71"},
    {"ESPACE_ERASURE_DAYS": "91"},
    {"ESPACE_ASSISTANCE_MINUTES": "61"},
    {"ESPACE_ASSISTANCE_MINUTES": "0"},
    {"ESPACE_COUNTER_CODES_PER_DAY": "0"},
    {"ESPACE_SMS_PER_DAY": "0"},
    {"ESPACE_SMS_URL": "http://sms.example/send"},
    {"ESPACE_SMS_REGIONS": "France"},
    {"ESPACE_IDENTITY_ISSUER": "https://provider.example"},
    {"ESPACE_IDENTITY_ISSUER": "http://provider.example", "ESPACE_IDENTITY_CLIENT_SECRET": "x"},
    {"ESPACE_IDENTITY_ISSUER": "https://p.example", "ESPACE_IDENTITY_CLIENT_SECRET": "x", "ESPACE_IDENTITY_ACR": " "},
    {"ESPACE_SMTP_PORT": "many"},
    {"ESPACE_MAIL_MISSES_PER_HOUR": "21"},
    {"ESPACE_MAIL_MESSAGE_MB": "26"},
    {"ESPACE_MAIL_SESSIONS": "0"},
    {"ESPACE_MAILBOX_LMTP": "dovecot"},
    {"ESPACE_UNREAD_HOURS": "0"},
    {"ESPACE_SENDING_HOURS": "0"},
    {"ESPACE_CLOSING_MARK": ""},
    {"ESPACE_CLOSING_MARK": "[ FIN  ]"},
    {"ESPACE_ARCHIVES_FILED": "perhaps"},
    {"ESPACE_PHARMACY_EXCEPTION": "perhaps"},
    {"ESPACE_RPPS_CHECKED": "perhaps"},
    {"ESPACE_TRUSTED_PROXIES": "10.0.0.1, somebody"},
    {"ESPACE_SECRET_KEY": "dev"},
    {"ESPACE_DEBUG": "1"},
]


def test_a_safe_house_starts() -> None:
    assert Settings.from_environment(SAFE).secure_cookies
    for base in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        assert not Settings.from_environment({**SAFE, "ESPACE_BASE_URL": base}).secure_cookies


@pytest.mark.parametrize("weak", WEAK, ids=str)
def test_a_weak_setting_is_refused(weak: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.from_environment({**SAFE, **weak})


def test_no_setting_holds_a_secret_by_default() -> None:
    given = Settings()
    secrets = {f.name: getattr(given, f.name) for f in fields(Settings) if not f.repr}
    assert secrets
    assert set(secrets.values()) == {""}


def test_no_secret_is_told_by_the_settings() -> None:
    told = Settings.from_environment({**SAFE, "ESPACE_SMTP_PASSWORD": "Canari", "ESPACE_PSC_CLIENT_SECRET": "Canari"})
    assert "Canari" not in repr(told)
    assert "Canari" not in str(told)


def _house(folder: Path, mode: int | None, text: str | None = None) -> Settings:
    given = Settings(data_dir=folder / "data", key_file=folder / "keys.json", checkpoint_dir=folder / "checkpoints")
    if mode is not None:
        if text is None:
            crypto.write_ring(crypto.new_ring(), given.key_file)
        else:
            given.key_file.write_text(text)
        given.key_file.chmod(mode)
    return given


def test_a_key_file_of_one_s_own_opens(tmp_path: Path) -> None:
    Machines.open(_house(tmp_path, 0o600)).close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert (tmp_path / "checkpoints").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o666, 0o777, None])
def test_a_key_file_others_can_read_or_none_stops_the_start(tmp_path: Path, mode: int | None) -> None:
    with pytest.raises(SettingsError, match="key file"):
        Machines.open(_house(tmp_path, mode))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"master": {"1": "AAAA"}}', "x" * 100])
def test_a_key_file_of_something_else_stops_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        Machines.open(_house(tmp_path, 0o600, text))


def test_a_key_of_the_wrong_size_stops_the_start(tmp_path: Path) -> None:
    ring = crypto.new_ring()
    ring.keys["index"][1] = b"short"
    crypto.write_ring(ring, tmp_path / "keys.json")
    with pytest.raises(SettingsError, match="size"):
        Machines.open(_house(tmp_path, None))


def test_an_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    given = _house(tmp_path, 0o600)
    before = given.key_file.read_bytes()
    with pytest.raises(FileExistsError):
        crypto.write_ring(crypto.new_ring(), given.key_file)
    assert given.key_file.read_bytes() == before


def test_the_readme_names_every_setting() -> None:
    readme = (Path(espace.__file__).parent.parent / "README.md").read_text()
    names = {f.name.upper() for f in fields(Settings)} - {"DEMO_DIR"}  # set by the demo alone
    said = {
        name
        for name in names
        if f"ESPACE_{name}" in readme or re.search(rf"ESPACE_.*`_{name.split('_', 1)[-1]}`", readme)
    }
    assert names - said == set()


def test_no_application_starts_in_debug(machines: Machines) -> None:
    app: Any = espace.create_app(machines=machines)
    assert not app.debug
    assert not app.testing
    assert len(app.config["SECRET_KEY"]) == 32
