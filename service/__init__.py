"""Serve chat rooms over websockets: one node of hubbub."""

__version__ = "0.1.0"
