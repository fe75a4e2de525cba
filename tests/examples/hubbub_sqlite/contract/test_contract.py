"""The SQLite broker passes hubbub's contract suite."""

from brokers.testing.suite import *
