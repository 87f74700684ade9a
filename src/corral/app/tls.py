"""The certificate that makes http https."""

from __future__ import annotations

import ssl

from corral.core.errors import SettingsError
from corral.core.settings import ServerSettings


def tls_context(server: ServerSettings) -> ssl.SSLContext | None:
    """Return what encrypts connections, None where not both files are named.

    That means plain http, as for llama-server. Raises SettingsError for files that cannot be used.
    """
    key_file, cert_file = server.tls_key_file, server.tls_cert_file
    if key_file is None or cert_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert_file, key_file, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SettingsError(
            f"https cannot start with --ssl-key-file {key_file} and --ssl-cert-file {cert_file}: {error}"
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is locked with a password; give a key without one")
