"""Speak hubbub's wire protocol: frames to bytes and back."""

__version__ = "0.1.0"
