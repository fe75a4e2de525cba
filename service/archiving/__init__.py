"""The archive of a node: what the broker stores, kept for good."""
