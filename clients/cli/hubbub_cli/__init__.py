"""The terminal client: the command `hubbub-chat`, for people and for scripts."""

__version__ = "0.1.0"
