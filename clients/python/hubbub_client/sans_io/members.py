"""The members of a room, and the users who are typing."""

from hubbub_protocol.events import Members, Presence

SHOWN = 6_000  # PS2
WRITTEN_EVERY = 3_000


def _by_code_unit(name: str) -> bytes:
    """Return a sort key by UTF-16 code unit, the order of all SDKs."""
    return name.encode("utf-16-be", "surrogatepass")


class KnownMembers:
    """The known members of a room."""

    def __init__(self) -> None:
        self.members = Members(count=0, names=[], more=False)

    def replace(self, members: Members) -> None:
        names = sorted(set(members.names), key=_by_code_unit)
        away = sorted(set(members.away or ()).intersection(names), key=_by_code_unit) or None
        self.members = Members(count=members.count, names=names, more=members.more, away=away)

    def change(self, presence: Presence) -> Presence:  # PS1, PS4
        """Apply a change; return it without the names that it does not change."""
        known, more = set(self.members.names), self.members.more
        gone = set(self.members.away or ())
        joined = [name for name in presence.joined if name not in known]
        left = [name for name in presence.left if name in known or more]
        names = known.union(presence.joined).difference(presence.left)
        away = [name for name in presence.away or () if name in names - gone]
        back = [name for name in presence.back or () if name in names & gone]
        now_away = gone.union(away).difference(back)
        self.replace(Members(count=presence.count, names=list(names), more=more, away=list(now_away)))
        return Presence(
            room=presence.room,
            count=presence.count,
            joined=joined,
            left=left,
            away=away or None,
            back=back or None,
        )


class TypingUsers:
    """The users who are shown as typing, and the time of the last own `typing`."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}
        self._written: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._until)

    @property
    def deadline(self) -> int | None:
        return min(self._until.values(), default=None)

    def typed(self, name: str, now: int) -> None:
        self._until[name] = now + SHOWN  # a known name keeps its place

    def stopped(self, *names: str) -> None:
        for name in names:
            self._until.pop(name, None)

    def expire(self, now: int) -> None:
        self._until = {name: until for name, until in self._until.items() if until > now}

    def clear(self) -> None:
        self._until.clear()

    def may_write(self, now: int) -> bool:
        """Return whether `typing` may be sent now, and record that it is (PS2)."""
        if self._written is not None and now - self._written < WRITTEN_EVERY:
            return False
        self._written = now
        return True
