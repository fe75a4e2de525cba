"""Receive entries and signals: one subscriber connection for each shard, and the subscriptions on it."""
