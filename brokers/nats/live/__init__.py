"""Receive entries and signals as they are published, in order, and detect lost ones."""
