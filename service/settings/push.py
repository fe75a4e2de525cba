"""The settings of Web Push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.settings.kinds import HOSTS, number, secret, text, whole
from service.settings.row import setting as _set

_DAY: Final = 24 * 3600
# The push services of Chrome and Edge on Android and Linux, Firefox, Safari, and Edge on Windows.
SERVICES: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class PushSettings:
    """Web Push: the key of this server, and how many subscriptions it keeps. Durations are seconds."""

    push_private_key: str = _set(
        "HUBBUB_PUSH_PRIVATE_KEY",
        "",
        secret("a private key of `python -m service push-key`", r"[A-Za-z0-9_-]{43}"),
        "The private key that signs pushes (VAPID). `python -m service push-key` makes one. With it and an "
        "archive, users may have mentions pushed to a browser that does not show the page.",
    )
    push_subject: str = _set(
        "HUBBUB_PUSH_SUBJECT",
        "",
        text(
            "mailto:name@example.org or an https:// address",
            r"(mailto:[^@\s]{1,64}@|https://)[^\s/]\S{0,254}",
        ),
        "How the operators of push services can reach you: mailto:name@example.org, or an https:// address.",
    )
    push_hosts: tuple[str, ...] = _set(
        "HUBBUB_PUSH_HOSTS",
        SERVICES,
        HOSTS,
        "Hosts of push services that this server sends to, by https only. Users choose among them.",
    )
    push_per_user: int = _set(
        "HUBBUB_PUSH_PER_USER",
        10,
        whole(1, 1000),
        "Browsers of one user that receive pushes; those that were stored longest ago leave.",
    )
    push_subscriptions: int = _set(
        "HUBBUB_PUSH_SUBSCRIPTIONS",
        100_000,
        whole(1, 10_000_000),
        "Browsers of all users that receive pushes; further ones are refused.",
    )
    push_seconds: float = _set(
        "HUBBUB_PUSH_SECONDS",
        30.0 * _DAY,
        number(3600, 3650 * _DAY),
        "Time that a browser receives pushes after the page was open in it last.",
    )
