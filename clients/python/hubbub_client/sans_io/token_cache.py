"""The token that a client holds, and the one request for another."""

from collections.abc import Callable

from hubbub_client.sans_io.backoff import RetryTimer


class TokenCache:
    """A token is held until it expires; then the hook is asked, one request at a time (CS8)."""

    def __init__(self, random: Callable[[], float], *, hook: bool) -> None:
        self._hook = hook
        self.held: str | None = None
        self.asking = False
        # When to ask again while the connection goes on.
        self.retry = RetryTimer(random)

    @property
    def missing(self) -> bool:
        return self._hook and self.held is None

    def ask(self) -> bool:
        """Take the turn to call the hook; False if it is called already, or there's none."""
        if not self._hook or self.asking:
            return False
        self.asking = True
        return True

    def hold(self, token: str) -> bool:
        """Keep what the hook answered; False if nobody had asked."""
        if not self.asking:
            return False
        self.held, self.asking = token, False
        self.retry.succeeded()
        return True

    def failed(self) -> bool:
        """Note that the hook failed; False if nobody had asked."""
        asked, self.asking = self.asking, False
        return asked

    def drop(self) -> None:
        self.held = None
