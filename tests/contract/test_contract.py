"""Our own brokers keep the contract: the suite that a third party runs, on each of them."""

from brokers.testing.suite import *
