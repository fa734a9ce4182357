"""The way out for mail: a conversation with the relay of the house (`ESPACE_SMTP_*`, design 3.11)."""

import smtplib
import ssl

from espace import settings

TIMEOUT_SECONDS = 20


def connected(name: str) -> smtplib.SMTP:
    """A conversation with the relay, introduced as `name`, under TLS and signed in where the settings say so.

    A certificate to show, or authorities to believe, mean TLS: mail never falls back to a line that others read.

    Raises:
        OSError: when the relay cannot be reached, does not prove who it is, or (smtplib.SMTPException) refuses.
    """
    given = settings.current()
    server = smtplib.SMTP(given.smtp_host, given.smtp_port, local_hostname=name, timeout=TIMEOUT_SECONDS)
    try:
        if given.smtp_starttls or given.smtp_certificate or given.smtp_ca_file:
            server.starttls(context=_context(given))
        if given.smtp_user:
            server.login(given.smtp_user, given.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _context(given: settings.Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=given.smtp_ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if given.smtp_certificate:
        context.load_cert_chain(given.smtp_certificate, given.smtp_key or None)
    return context
