"""The rooms of this node: registry, feed with gap repair, log, fan-out, catch-up of slow consumers."""
