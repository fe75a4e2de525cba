"""Which user this client is, and which messages it wrote (TL8)."""

from dataclasses import dataclass

from hubbub_protocol import events


@dataclass(frozen=True, slots=True)
class Me:
    """The user of this client. `id` is None on an older server."""

    name: str
    id: str | None

    def wrote(self, message: events.Message) -> bool:
        """Return whether a message is by this user: the id decides, without one the name."""
        if self.id is None or message.user_id is None:
            return message.user == self.name
        return message.user_id == self.id
