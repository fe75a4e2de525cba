"""Collect all tests of the contract, for `from brokers.testing.suite import *` in a test file."""

from brokers.testing.suite.beginning import *
from brokers.testing.suite.bounds import *
from brokers.testing.suite.crowd import *
from brokers.testing.suite.erasing import *
from brokers.testing.suite.heads import *
from brokers.testing.suite.history import *
from brokers.testing.suite.lifecycle import *
from brokers.testing.suite.names import *
from brokers.testing.suite.once import *
from brokers.testing.suite.order import *
from brokers.testing.suite.outages import *
from brokers.testing.suite.payloads import *
from brokers.testing.suite.refusals import *
from brokers.testing.suite.signals import *
from brokers.testing.suite.subscriptions import *
