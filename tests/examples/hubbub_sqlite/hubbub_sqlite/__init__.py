"""A hubbub broker on a SQLite file: several nodes on one machine, and no server."""
