"""The client as a state machine without I/O (specification §10): inputs in, effects out."""
