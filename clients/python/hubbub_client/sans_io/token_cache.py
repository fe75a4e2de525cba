"""The token of a client, and the request for another one."""

from collections.abc import Callable

from hubbub_client.sans_io.backoff import RetryTimer


class TokenCache:
    """Caches a token until it expires; then the hook is called, one call at a time (CS8)."""

    def __init__(self, random: Callable[[], float], *, hook: bool) -> None:
        self._hook = hook
        self.token: str | None = None
        self.asking = False
        # When to call the hook again while online.
        self.retry = RetryTimer(random)

    @property
    def missing(self) -> bool:
        return self._hook and self.token is None

    def ask(self) -> bool:
        """Return whether to call the hook now: False if a call is running, or there is no hook."""
        if not self._hook or self.asking:
            return False
        self.asking = True
        return True

    def store(self, token: str) -> bool:
        """Store the token of the hook; False if no call was running."""
        if not self.asking:
            return False
        self.token, self.asking = token, False
        self.retry.reset()
        return True

    def failed(self) -> bool:
        """Note that the hook failed; False if no call was running."""
        asked, self.asking = self.asking, False
        return asked

    def drop(self) -> None:
        self.token = None
