"""The handshake: the content of `hello`, and the handling of its errors (CS6, CS7)."""

import msgspec

from hubbub_client.sans_io.options import MachineOptions
from hubbub_protocol import Close, Code, commands, events


class HelloAgain(msgspec.Struct, frozen=True):
    """Send hello again, with the suggested name."""


class GiveUp(msgspec.Struct, frozen=True):
    """Close: another attempt would fail the same way."""

    code: str
    suggestion: str | None = None


class Reconnect(msgspec.Struct, frozen=True):
    """Reconnect, as after a lost socket."""

    code: int | str
    retry_after: int | None = None


class ClientHandshake:
    """The name of a client and its proof, kept across connections."""

    def __init__(self, options: MachineOptions) -> None:
        self.name = options.name
        self.session = options.session
        self.user_id: str | None = None
        self._client = options.client
        self._listener = options.listener
        self._ever_welcomed = False

    def hello(self, id_: int, token: str | None) -> commands.Hello:
        return commands.Hello(
            id=id_,
            token=token,
            name=self.name,
            session=self.session,
            client=self._client,
            listener=self._listener,
        )

    def on_welcome(self, welcome: events.Welcome) -> None:
        self.name, self.session, self.user_id = welcome.user, welcome.session, welcome.user_id
        self._ever_welcomed = True

    def refused(self, error: events.Error) -> HelloAgain | GiveUp | Reconnect:
        if error.code == Code.NAME_TAKEN and self._ever_welcomed and error.suggestion is not None:
            # The session proves the id too, which stays the same under another name (CN8).
            self.name = error.suggestion
            return HelloAgain()
        if error.code == Code.TOKEN_EXPIRED:
            return Reconnect(int(Close.TOKEN_EXPIRED))
        if error.retry:
            return Reconnect(error.code, error.retry_after)
        return GiveUp(error.code, error.suggestion)
