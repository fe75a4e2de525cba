"""The broker contract and the brokers that keep it: memory, Redis and NATS."""
