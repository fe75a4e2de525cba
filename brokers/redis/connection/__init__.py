"""Connect to one Redis server: its URL, a small pool of connections, and whether the server is compatible."""
