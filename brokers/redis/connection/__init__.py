"""Connect to Redis: the URL, a connection pool for each server, and whether a server is compatible."""
