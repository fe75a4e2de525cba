"""Talk to a hubbub server from Python: connect, join, send, and come back without losing anything."""

__version__ = "0.1.0"
