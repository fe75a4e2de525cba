"""The contract suite of archives: each promise of `archive.base` as tests.

`docs/writing-an-archive.md` shows how an archive in a package of its own is proven with it. It is for tests
only: it needs pytest (the extra `testing`), and nothing else in `archive` or `service` imports it.
"""

import pytest

# Before they are imported: a failing assertion in them shows its values, as those in a test file do.
pytest.register_assert_rewrite("archive.testing.samples", "archive.testing.suite")
