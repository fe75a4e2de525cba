"""Chat from the terminal, and from scripts: the command `hubbub-chat`."""

__version__ = "0.1.0"
