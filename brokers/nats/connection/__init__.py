"""Connect to NATS: URL, credentials, one connection and its request-reply inbox."""
