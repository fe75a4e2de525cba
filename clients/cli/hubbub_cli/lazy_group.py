"""A click group that imports a command when it runs, so that `send` starts without the imports of others."""

from collections.abc import Collection
from importlib import import_module
from typing import Final

import click
from typing_extensions import override

# The similarity of a word to a command from which on it counts as a typing error: `sned`, not `senders`.
_ALIKE: Final = 0.75


class LazyGroup(click.Group):
    """Maps names to modules with a `command`; other first words, unless reserved, are for `default`."""

    def __init__(
        self,
        *args: object,
        modules: dict[str, str],
        default: str,
        reserved: Collection[str] = (),
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # the arguments of click.Group
        self._modules = modules
        self._reserved = reserved
        self._default = default

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = self._modules.get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(module).command
        return command

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Without arguments, click.Group would print its help. A shell that completes gets all commands.
        return super().parse_args(ctx, args or ([] if ctx.resilient_parsing else [self._default]))

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0]
        if ctx.resilient_parsing and first not in self._modules:
            return super().resolve_command(ctx, args)
        if first in self._reserved:
            ctx.fail(f"There is no command {first!r} in this version. For a room: open {first}")
        if first not in self._modules:
            from difflib import get_close_matches

            near = get_close_matches(first, self._modules, n=1, cutoff=_ALIKE)
            if near:
                ctx.fail(f"Unknown command {first!r}. Did you mean {near[0]}? For a room: open {first}")
            args = [self._default, *args]
        return super().resolve_command(ctx, args)
