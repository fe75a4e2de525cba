"""The TLS settings of the connection."""

import ssl

from hubbub_cli.errors import BadInput
from hubbub_cli.settings import CliSettings


def tls_context(settings: CliSettings) -> ssl.SSLContext | None:
    """Trust the authorities of `--ca-file`, or those of SSL_CERT_FILE and the operating system.

    Raises:
        BadInput: the file cannot be read, or has no certificate.
    """
    if not settings.server.startswith("wss:"):
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except ssl.SSLError as error:
        raise BadInput(
            f"the CA file {settings.ca_file} has no certificate in PEM format", code="no_ca"
        ) from error
    except OSError as error:
        raise BadInput(
            f"cannot read the CA file {settings.ca_file}: {error.strerror}", code="no_ca"
        ) from error
