"""Explain why a connection failed: in words, with what to do, and as a code for programs."""

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from websockets.exceptions import (
    InvalidMessage,
    InvalidProxy,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
)

from hubbub_cli.sanitize import sanitize
from hubbub_client import ProxySetting


class ConnectFailure(Struct, frozen=True):
    """Why a connection failed: in words, with what to do, and as a code for programs."""

    detail: str
    hint: str
    code: str


# OpenSSL's X509_V_ERR codes.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_NO_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
_OTHER_HOST: Final = frozenset({62, 63, 64})
_HTTPS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "UNEXPECTED_EOF_WHILE_READING"}
)


def explain(error: Exception, server: str, proxy: ProxySetting | None = None) -> ConnectFailure:
    """Explain why a connection failed, and what to do. A proxy on the way is named, with its variable."""
    failure = _proxy_failure(error) or _explain(error, urlsplit(server).hostname or "", proxy)
    if proxy is None:
        return failure
    through = f"{failure.detail}, through the proxy {sanitize(proxy.name)}"
    return replace(failure, detail=through, hint=failure.hint or "Check the proxy, or set no_proxy.")


def _explain(error: Exception, server: str, proxy: ProxySetting | None) -> ConnectFailure:
    match error:
        case TimeoutError():
            return ConnectFailure("no reply in time", "Check the firewall and the server.", "timeout")
        case socket.gaierror():
            host = sanitize(proxy.host if proxy else server)
            hint = "Check the spelling, the DNS and the network."
            return ConnectFailure(f"unknown host {host}", hint, "unknown_host")
        case ConnectionRefusedError():
            hint = f"Check that a {'proxy' if proxy else 'server'} runs on this host and port."
            return ConnectFailure("connection refused", hint, "connection_refused")
        case ssl.SSLError():
            return _tls_failure(error, sanitize(server))
        case _:
            return _http_failure(error)


def _http_failure(error: Exception) -> ConnectFailure:
    match error:
        case InvalidStatus():
            status = error.response.status_code
            hint = "Check the path: it is /ws, unless a proxy changes it."
            return ConnectFailure(f"HTTP {status} instead of a websocket", hint, "no_websocket")
        case InvalidMessage():
            hint = "If this port speaks TLS, use wss://."
            return ConnectFailure("the reply is not HTTP", hint, "no_websocket")
        case _:
            return ConnectFailure(sanitize(str(error)) or type(error).__name__, "", "connection_lost")


def _tls_failure(error: ssl.SSLError, host: str) -> ConnectFailure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_failure(error, host)
    if isinstance(error, ssl.SSLEOFError) or error.reason in _HTTPS:
        return ConnectFailure("the server does not speak TLS on this port", "Use ws://.", "tls_failed")
    hint = "Check the TLS settings of the server."
    return ConnectFailure(f"TLS failed: {sanitize(error.reason or str(error))}", hint, "tls_failed")


def _certificate_failure(error: ssl.SSLCertVerificationError, host: str) -> ConnectFailure:
    renew = "Renew the certificate, and check the clock of this machine."
    match error.verify_code:
        case code if code in _OTHER_HOST:
            wrong, hint = f"is not valid for {host}", "Check the spelling of the host."
        case code if code in _NO_AUTHORITY:
            wrong = "is not signed by a trusted authority"
            hint = "Name the file of its authority: --ca-file, or SSL_CERT_FILE."
        case code if code == _EXPIRED:
            wrong, hint = "has expired", renew
        case code if code == _NOT_YET_VALID:
            wrong, hint = "is not valid yet", renew
        case _:
            wrong, hint = f"is not trusted: {sanitize(error.verify_message)}", ""
    return ConnectFailure(f"the certificate of the server {wrong}", hint, "bad_certificate")


def _proxy_failure(error: Exception) -> ConnectFailure | None:
    match error:
        case InvalidProxyStatus():
            return ConnectFailure(f"HTTP {error.response.status_code} from the proxy", "", "proxy_failed")
        case InvalidProxyMessage():
            return ConnectFailure("the reply of the proxy is not HTTP", "", "proxy_failed")
        case InvalidProxy():
            return ConnectFailure(f"invalid proxy: {sanitize(error.msg)}", "", "proxy_failed")
        case ImportError():
            hint = "pip install python-socks, or set no_proxy."
            return ConnectFailure("SOCKS needs the package python-socks", hint, "proxy_failed")
        case _:
            return None
