"""`hubbub-chat completion`: print the script with which a shell completes commands and options."""

import click
from click.shell_completion import get_completion_class

from hubbub_cli import options, settings
from hubbub_cli.output import PROGRAM, TerminalOutput

_HELP = """Print the completion script of a shell.

\b
  bash   eval "$(hubbub-chat completion bash)"       in ~/.bashrc
  zsh    eval "$(hubbub-chat completion zsh)"        in ~/.zshrc
  fish   hubbub-chat completion fish | source        in ~/.config/fish/config.fish
"""


@click.command("completion", help=_HELP, short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.shared
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script."""
    kind = get_completion_class(shell)
    assert kind is not None, "click has the shells of the choice"  # noqa: S101  a fault of this program
    script = kind(ctx.find_root().command, {}, PROGRAM, settings.COMPLETION).source()
    TerminalOutput.of(settings.load(options.given(ctx), {})).data(script)
