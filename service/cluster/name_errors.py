"""Why a user gets no name.

NameRejected
├── UserNameTaken
├── TooManyNames
└── InvalidName
"""

from __future__ import annotations


class NameRejected(Exception):
    """The name is rejected."""


class UserNameTaken(NameRejected):
    """The name is in use. `suggestion` is free."""

    def __init__(self, suggestion: str) -> None:
        self.suggestion = suggestion
        super().__init__(f"the name is in use; {suggestion} is free")


class TooManyNames(NameRejected):
    """The guests of one address have as many names as they may."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Too many names: guests of this address may have {most} at the same time. Disconnect one of "
            "them, or let the operator raise HUBBUB_NAMES_PER_ADDRESS."
        )


class InvalidName(NameRejected):
    """The name is not a valid user name."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"the name {fault}")
