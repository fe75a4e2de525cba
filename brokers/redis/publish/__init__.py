"""Publish entries and signals: queued, sent in batches, retried where that is safe."""
