"""The contract suite: each promise of `brokers.base` as tests, for a broker of anybody.

`docs/writing-a-broker.md` shows how a broker in a package of its own is proven with it. It is for tests only:
it needs pytest (the extra `testing`), and nothing else in `brokers` or `service` imports it.
"""

import pytest

# Before they are imported: a failing assertion in them shall show its values, as those in a test file do.
pytest.register_assert_rewrite("brokers.testing.recorder", "brokers.testing.suite")
