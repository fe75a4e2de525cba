"""The archives of this repository keep the contract: the suite that a third party runs, on each of them."""

from archive.testing.suite import *
