"""Connect to NATS: the URL, credentials, one connection, and its request-reply inbox."""
