"""Our broker keeps hubbub's contract."""

from brokers.testing.suite import *
