"""Which user this client is, and which messages it wrote (TL8)."""

import msgspec

from hubbub_protocol import events


class Me(msgspec.Struct, frozen=True):
    """The user of this client. `id` is None on an older server."""

    name: str
    id: str | None

    def wrote(self, entry: events.Entry) -> bool:
        """Return whether an entry is by this user: the id decides, without one the name."""
        if self.id is None or entry.user_id is None:
            return entry.user == self.name
        return entry.user_id == self.id
