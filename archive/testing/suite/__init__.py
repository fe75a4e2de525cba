"""All tests of the suite: `from archive.testing.suite import *` in a test file runs them."""

from archive.testing.suite.appending import *
from archive.testing.suite.erasing import *
from archive.testing.suite.lifecycle import *
from archive.testing.suite.marking import *
from archive.testing.suite.pages import *
from archive.testing.suite.reading import *
from archive.testing.suite.references import *
from archive.testing.suite.refusals import *
from archive.testing.suite.retention import *
from archive.testing.suite.rewinding import *
from archive.testing.suite.searching import *
from archive.testing.suite.subscribing import *
