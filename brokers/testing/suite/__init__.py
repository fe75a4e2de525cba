"""All tests of the contract, for a test file that says `from brokers.testing.suite import *`."""

from brokers.testing.suite.bounds import *
from brokers.testing.suite.crowd import *
from brokers.testing.suite.heads import *
from brokers.testing.suite.history import *
from brokers.testing.suite.lifecycle import *
from brokers.testing.suite.names import *
from brokers.testing.suite.once import *
from brokers.testing.suite.order import *
from brokers.testing.suite.outages import *
from brokers.testing.suite.payloads import *
from brokers.testing.suite.signals import *
from brokers.testing.suite.subscriptions import *
