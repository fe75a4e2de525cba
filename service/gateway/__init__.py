"""From the first bytes of a socket to a session: handshake, connection rate limit, Sanic's HTTP protocol."""
