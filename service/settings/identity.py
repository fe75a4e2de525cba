"""The settings of authentication."""

from __future__ import annotations

from dataclasses import dataclass

from service.settings.kinds import one_of, secret, text
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
        "HUBBUB_TOKEN_AUDIENCE", "", text(), "The `aud` that tokens must have, if set."
    )
    token_issuer: str = _set("HUBBUB_TOKEN_ISSUER", "", text(), "The `iss` that tokens must have, if set.")
    api_key: str = _set(
        "HUBBUB_API_KEY",
        "",
        secret("at least 16 characters", r"\S{16,}"),
        "The key of the HTTP API for programs; without it the API accepts only tokens.",
    )

    @property
    def takes_guests(self) -> bool:
        """Whether guests may connect."""
        return self.auth != "tokens"

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens are accepted."""
        return self.auth != "guests"
