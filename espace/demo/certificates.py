"""Throw-away authorities and certificates, for the demo's mail and for tests: good on loopback and nowhere else."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from espace import clock

_YEARS = timedelta(days=3650)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of a certificate and of its key (PEM)."""

    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, as programs of mail write it (`AB:CD:…`)."""
        found = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return found.fingerprint(hashes.SHA256()).hex(":").upper()


class Authority:
    """An authority with its own key, which it forgets with the process; its certificate is `ca_file`."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        ends = clock.system_clock() + _YEARS + _HOUR
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _begun(self._name, self._key.public_key(), ends)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.pem"
        _write(self.ca_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def issue(
        self,
        file: str,
        names: Sequence[str],
        *,
        life: timedelta = _YEARS,
        started: timedelta = _HOUR,
        addresses: Sequence[str] = (),
    ) -> Pair:
        """A certificate for these host names (the first is the subject's) and IP addresses, as `<file>.pem`, `.key`.

        It serves a server and a client alike. `started` is how long ago it began, `life` how long it holds from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = clock.system_clock()
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        also: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        also += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        certificate = (
            _begun(_named(names[0]), key.public_key(), now + life, began=now - started)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(both, critical=False)
            .add_extension(x509.SubjectAlternativeName(also), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pair = Pair(self._folder / f"{file}.pem", self._folder / f"{file}.key")
        _write(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        _write(pair.key, _private(key), 0o600)
        return pair


def _begun(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, ends: datetime, *, began: datetime | None = None
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(began or clock.system_clock() - _HOUR)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
