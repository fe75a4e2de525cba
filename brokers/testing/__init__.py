"""The contract suite: tests for each promise of `brokers.base`, for any broker.

`docs/writing-a-broker.md` shows how to test a broker in its own package with it. It needs pytest (the extra
`testing`), and nothing else in `brokers` or `service` imports it.
"""

import pytest

# Before the import: assertions in these modules shall show their values, as in a test file.
pytest.register_assert_rewrite("brokers.testing.recorder", "brokers.testing.suite")
