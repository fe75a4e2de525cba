"""Map rooms to shards, and follow slots that move in a Redis Cluster."""
