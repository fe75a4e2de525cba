"""The settings of authentication."""

from __future__ import annotations

from dataclasses import dataclass

from service.settings.kinds import NAMES, NO_ROOMS, ORIGINS, ROOMS, number, one_of, secret, text
from service.settings.row import setting as _set


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """Who may connect, and how tokens are verified."""

    auth: str = _set(
        "HUBBUB_AUTH",
        "guests",
        one_of("guests", "tokens", "both"),
        "Who may connect: guests with a name, users with a token, or both.",
    )
    token_key: str = _set(
        "HUBBUB_TOKEN_KEY",
        "",
        secret("the shared secret for HS256, the PEM of the public key otherwise", r"(?s).+"),
        "The key that verifies tokens.",
    )
    token_algorithm: str = _set(
        "HUBBUB_TOKEN_ALGORITHM",
        "HS256",
        one_of("HS256", "RS256", "EdDSA"),
        "The signature algorithm of tokens.",
    )
    token_audience: str = _set(
        "HUBBUB_TOKEN_AUDIENCE",
        "",
        text(),
        "The `aud` that tokens must have. If it is not set, tokens that have one are refused.",
    )
    token_issuer: str = _set("HUBBUB_TOKEN_ISSUER", "", text(), "The `iss` that tokens must have, if set.")
    token_leeway: float = _set(
        "HUBBUB_TOKEN_LEEWAY",
        10.0,
        number(0, 300),
        "Seconds by which the clocks of the issuer and of a node may differ: for `exp`, `nbf` and `iat`.",
    )
    reserved_names: tuple[str, ...] = _set(
        "HUBBUB_RESERVED_NAMES",
        (
            "admin", "administrator", "bot", "everyone", "here", "hubbub", "mod", "moderator", "operator",
            "root", "server", "staff", "support", "system",
        ),
        NAMES,
        "Names that no guest may have, nor names that look like them.",
    )  # fmt: skip
    guest_read: tuple[str, ...] = _set(
        "HUBBUB_GUEST_READ",
        (),
        ROOMS,
        "Rooms that guests may read; by default all with HUBBUB_AUTH=guests, and none with both.",
    )
    guest_write: tuple[str, ...] = _set(
        "HUBBUB_GUEST_WRITE",
        (),
        ROOMS,
        "Rooms that guests may write; by default all with HUBBUB_AUTH=guests, and none with both.",
    )
    api_key: str = _set(
        "HUBBUB_API_KEY",
        "",
        secret("at least 16 characters, none of them a space", r"\S{16,}"),
        "The key of the HTTP API for programs; without it the API accepts only tokens.",
    )

    embed_origins: tuple[str, ...] = _set(
        "HUBBUB_EMBED_ORIGINS",
        (),
        ORIGINS,
        "Origins of the web pages that may show the chat page in a frame; by default none.",
    )

    @property
    def guests_may_read(self) -> tuple[str, ...]:
        """The patterns of the rooms that guests may read."""
        return self._opened_to_guests(self.guest_read)

    @property
    def guests_may_write(self) -> tuple[str, ...]:
        """The patterns of the rooms that guests may write."""
        return self._opened_to_guests(self.guest_write)

    def _opened_to_guests(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if patterns:
            return () if patterns == (NO_ROOMS,) else patterns
        return ("*",) if self.auth == "guests" else ()

    @property
    def takes_guests(self) -> bool:
        """Whether guests may connect."""
        return self.auth != "tokens"

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens are accepted."""
        return self.auth != "guests"
