"""The built-in brokers pass the contract suite."""

from brokers.testing.suite import *
