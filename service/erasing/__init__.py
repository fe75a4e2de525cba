"""Erasing: what was written is removed for good, from the broker and the archive."""
