"""Find the proxy for a server: the one that the environment, or the operating system, names."""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

# Which variable counts, first one first: `https` means `https_proxy`. SOCKS is what RFC 6455, 4.1 recommends.
_SECURE: Final = ("wss", "socks", "https", "all")
_PLAIN: Final = ("ws", "socks", "https", "http", "all")


class ProxySetting(Struct, frozen=True):
    """A proxy, and the variable that names it."""

    url: str
    variable: str

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # `override` is new in Python 3.12
        # Without the password.
        return f"ProxySetting({self.name})"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def name(self) -> str:
        """Return its address and the variable, without user and password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]} ({self.variable})"


def find_proxy(url: str) -> ProxySetting | None:
    """Return the proxy for a websocket URL; None if the connection is direct, also because of `no_proxy`."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  it imports 30 modules

    parts = urlsplit(url)
    secure = parts.scheme == "wss"
    if proxy_bypass(f"{parts.hostname}:{parts.port or (443 if secure else 80)}"):
        return None
    proxies = getproxies()
    for scheme in _SECURE if secure else _PLAIN:
        if proxy := proxies.get(scheme):
            return ProxySetting(_with_scheme(proxy, scheme), f"{scheme}_proxy")
    return None


def _with_scheme(proxy: str, variable: str) -> str:
    """Complete `host:port`. A SOCKS proxy of the operating system comes as `http://`."""
    if variable == "socks" and not proxy.startswith("socks"):
        return f"socks5h://{proxy.removeprefix('http://')}"
    return proxy if "://" in proxy else f"http://{proxy}"
