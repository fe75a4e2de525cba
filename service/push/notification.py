"""What one push contains: a message, cut to the size that every push service takes."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from service.push.encryption import MOST_PLAIN, encrypt
from service.push.keys import encoded
from service.push.subscribers import Subscriber

# Characters of a text.
MOST_TEXT: Final = 500
# A push service takes up to 32 characters.
_TOPIC_BYTES: Final = 18

_encoder: Final = msgspec.json.Encoder()


class Notification(msgspec.Struct, frozen=True):
    """A message that a user is notified of. `at` is in ms since 1970."""

    room: str
    offset: int
    user: str
    text: str
    at: int


def sealed(notification: Notification, subscriber: Subscriber) -> bytes:
    """Return a notification, encrypted for one browser."""
    return encrypt(plain(notification), subscriber.details.key, subscriber.details.secret)


def plain(notification: Notification) -> bytes:
    """Encode a notification in JSON. A text that is too long is cut."""
    most = MOST_TEXT
    while True:
        text = notification.text
        cut = text if len(text) <= most else f"{text[: most - 1]}\u2026"
        found = _encoder.encode(msgspec.structs.replace(notification, text=cut))
        if len(found) <= MOST_PLAIN:
            return found
        # A control character takes six bytes.
        most //= 2


def headers_of(notification: Notification, subscriber: Subscriber, *, ttl: int) -> dict[str, str]:
    """Return the headers of a push, without its signature.

    Of the pushes of one room that wait for a browser, the push service keeps the last one. Only the browser
    knows which room the topic stands for.
    """
    room = hashlib.sha256(subscriber.details.secret + notification.room.encode()).digest()
    return {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl),
        "Topic": encoded(room[:_TOPIC_BYTES]),
        "Urgency": "normal",
    }
