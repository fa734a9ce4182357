"""The gateway's certificate, and whose certificates it takes (rules.md MS-10, MS-11)."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from espace.errors import SettingsError
from espace.settings import Settings

_UNSET_DOMAIN = "patient.localhost"
_READABLE_BY_OTHERS = 0o077


def server_context(given: Settings) -> ssl.SSLContext:
    """TLS as the gateway speaks it. Who shows a certificate shows one of the known authorities; programs show none.

    Raises:
        SettingsError: when a file is missing, unfit, or the key can be read by others.
    """
    check_settings(given)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(given.mail_certificate, given.mail_key)
    except (ssl.SSLError, OSError):
        raise SettingsError("ESPACE_MAIL_CERTIFICATE and ESPACE_MAIL_KEY must be a certificate and its key") from None
    try:
        context.load_verify_locations(given.mail_ca_file)
    except (ssl.SSLError, OSError):
        raise SettingsError("ESPACE_MAIL_CA_FILE holds no certificate of an authority") from None
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def check_settings(given: Settings) -> None:
    """See that what the gateway cannot do without is there.

    Raises:
        SettingsError: naming what is not.
    """
    for name in ("mail_certificate", "mail_key", "mail_ca_file"):
        path = getattr(given, name)
        if not path:
            raise SettingsError(f"ESPACE_{name.upper()} must name a file: the gateway speaks with nobody without TLS")
        if not Path(path).is_file():
            raise SettingsError(f"ESPACE_{name.upper()} names no file")
    if Path(given.mail_key).stat().st_mode & _READABLE_BY_OTHERS:
        raise SettingsError("the file of ESPACE_MAIL_KEY can be read by others: chmod 600")
    if not given.patient_domain or (given.patient_domain == _UNSET_DOMAIN and not given.on_loopback):
        raise SettingsError("ESPACE_PATIENT_DOMAIN must be the domain of the people's addresses")


def names_shown(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """The names of a verified certificate, in small letters: its DNS names, or its common name where it has none."""
    shown = {str(value).lower() for kind, value in (certificate or {}).get("subjectAltName", ()) if kind == "DNS"}
    if not shown:
        subject = (certificate or {}).get("subject", ())
        shown = {str(value).lower() for part in subject for kind, value in part if kind == "commonName"}
    return frozenset(shown)
