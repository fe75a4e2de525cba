"""Create and inspect the JetStream streams."""
