"""What the test of an assumption states: for its failure, and for the table in `docs/library-internals.md`.

A test imports its library inside, so that an import that fails is reported like any other broken assumption.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final, ParamSpec, cast

import pytest

P = ParamSpec("P")
Test = Callable[P, Awaitable[None] | None]

FOLDER: Final = Path(__file__).parent
_CLAIM: Final = "hubbub_claim"


class AssumptionBroken(AssertionError):
    """A library no longer does what one of our modules relies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One assumption.

    Attributes:
        library: the distribution, as PyPI names it.
        internals: what we override, read or rely on in it, as `Class.name`.
        where: our modules that do so.
        breaks: what stops working without it.
        says: the assumption, in one sentence.
        test: the test that checks it.
    """

    library: str
    internals: tuple[str, ...]
    where: tuple[str, ...]
    breaks: str
    says: str = ""
    test: str = ""

    def broken(self) -> AssumptionBroken:
        """Name the library, our module and what breaks there."""
        return AssumptionBroken(
            f"{self.library} {version(self.library)} breaks {', '.join(self.where)}: {self.breaks}. "
            f"Relied on: {self.says} ({', '.join(self.internals)})"
        )


def assumes(
    library: str, *internals: str, where: str | tuple[str, ...], breaks: str
) -> Callable[[Test[P]], Test[P]]:
    """Make a test that of an assumption; its docstring is the sentence."""

    def decorate(test: Test[P]) -> Test[P]:
        claim = Claim(
            library=library,
            internals=internals,
            where=(where,) if isinstance(where, str) else where,
            breaks=breaks,
            says=inspect.cleandoc(test.__doc__ or "").replace("\n", " "),
            test=f"{Path(inspect.getfile(test)).name}::{test.__name__}",
        )
        wrapped = _wrap(test, claim)
        setattr(wrapped, _CLAIM, claim)
        return wrapped

    return decorate


def claims() -> Iterator[tuple[str, Claim | None]]:
    """Give the tests of all assumptions by name, each with what it claims, in the order of the files."""
    for path in sorted(FOLDER.glob("test_*.py")):
        for name, test in vars(import_module(f"tests.assumptions.{path.stem}")).items():
            if name.startswith("test_"):
                yield f"{path.name}::{name}", getattr(test, _CLAIM, None)


def _wrap(test: Test[P], claim: Claim) -> Test[P]:
    if inspect.iscoroutinefunction(test):

        @functools.wraps(test)
        async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                await cast("Awaitable[None]", test(*args, **kwargs))
            except (Exception, pytest.fail.Exception) as error:
                raise claim.broken() from error

        return asynchronous

    @functools.wraps(test)
    def synchronous(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            test(*args, **kwargs)
        except (Exception, pytest.fail.Exception) as error:
            raise claim.broken() from error

    return synchronous
