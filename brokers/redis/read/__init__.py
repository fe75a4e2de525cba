"""Read from Redis: requests to all shards, pages of history, heads, and redelivery after an outage."""
