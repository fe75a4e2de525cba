"""The kinds of values: how one is read from a variable's text, what is allowed, and how it's shown."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

from typing_extensions import override

T = TypeVar("T")


class Kind(ABC, Generic[T]):
    """What values one setting can have."""

    # Whether the value must never be printed, not even when it's wrong.
    secret: ClassVar[bool] = False
    # Whether spaces around the value belong to it.
    verbatim: ClassVar[bool] = False

    @abstractmethod
    def read(self, text: str) -> T:
        """Read a value that is not empty. Raises `ValueError` if it's not what `allowed` says."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What is allowed, as the end of the sentence "allowed: …"."""

    def show(self, value: T) -> str:
        """Print a value in the form in which it would be read."""
        return str(value)

    def quote(self, text: str) -> str:
        """Print a wrong value, for the message that refuses it."""
        return "(not shown)" if self.secret else repr(text)


@dataclass(frozen=True, slots=True)
class Whole(Kind[int]):
    """A whole number between two bounds."""

    least: int
    most: int

    @override
    def read(self, text: str) -> int:
        # Not what int() takes besides: "1_000", "+5", and digits of other scripts.
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(text)
        return _within(int(text), self.least, self.most)

    @property
    @override
    def allowed(self) -> str:
        return f"a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Number(Kind[float]):
    """A number between two bounds, with a point if need be."""

    least: float
    most: float

    @override
    def read(self, text: str) -> float:
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            raise ValueError(text)
        return _within(float(text), self.least, self.most)

    @property
    @override
    def allowed(self) -> str:
        return f"a number from {plain(self.least)} to {plain(self.most)}"

    @override
    def show(self, value: float) -> str:
        return plain(value)


@dataclass(frozen=True, slots=True)
class Choice(Kind[str]):
    """One of a few words. `options` may be a function, for what is only known at run time."""

    options: tuple[str, ...] | Callable[[], Iterable[str]]

    @property
    def words(self) -> tuple[str, ...]:
        """The words to choose from."""
        return tuple(self.options()) if callable(self.options) else self.options

    @override
    def read(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(text)
        return text

    @property
    @override
    def allowed(self) -> str:
        return " or ".join(self.words)


@dataclass(frozen=True, slots=True)
class Text(Kind[str]):
    """Text of a given form. `form` says it in words."""

    form: str = "any text"
    pattern: str = r".+"

    @override
    def read(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(text)
        return text

    @property
    @override
    def allowed(self) -> str:
        return self.form


class Secret(Text):
    """Text that opens something: it's never printed."""

    secret: ClassVar[bool] = True

    @override
    def show(self, value: str) -> str:
        return "(set)" if value else "(not set)"


class Password(Secret):
    """A secret of which every character counts, also a space at its end."""

    verbatim: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Address(Kind[str]):
    """A URL that may hold a password. Several may be given for a cluster, separated by commas."""

    schemes: tuple[str, ...] = ()

    @override
    def read(self, text: str) -> str:
        for part in _addresses(text):
            url = urlsplit(part.strip())
            if not url.scheme or (url.hostname is None and not url.path) or 0 in _ports(url.netloc):
                raise ValueError(text)
            if self.schemes and url.scheme not in self.schemes:
                raise ValueError(text)
        return text

    @property
    @override
    def allowed(self) -> str:
        schemes = ", ".join(f"{scheme}://" for scheme in self.schemes)
        return f"a URL with {schemes}" if schemes else "a URL"

    @override
    def show(self, value: str) -> str:
        """Hide everything ahead of the `@`, for a NATS token stands there alone, and all parameters."""
        return ",".join(re.sub(r"\?.*", "?***", _hide_user(part)) for part in _addresses(value))

    @override
    def quote(self, text: str) -> str:
        # What is not a URL may be a password that was put in the wrong place.
        return repr(self.show(text)) if "://" in text else "(not shown)"


@dataclass(frozen=True, slots=True)
class Origins(Kind[tuple[str, ...]]):
    """Origins of web pages, as browsers send them."""

    @override
    def read(self, text: str) -> tuple[str, ...]:
        origins = tuple(dict.fromkeys(text.lower().replace(",", " ").split()))
        if not origins or (origins != ("*",) and not all(map(_is_origin, origins))):
            raise ValueError(text)
        return origins

    @property
    @override
    def allowed(self) -> str:
        return "origins like https://chat.example.org, separated by commas or spaces, or * for all"

    @override
    def show(self, value: tuple[str, ...]) -> str:
        return " ".join(value)


def plain(value: float) -> str:
    """Print a number as a person would write it: no exponent, no point without need."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _within(value: T, least: float, most: float) -> T:
    if not (isinstance(value, int | float) and math.isfinite(value) and least <= value <= most):
        raise ValueError(value)
    return value


def _addresses(text: str) -> list[str]:
    """Part a list at the commas ahead of a scheme: a password may hold a comma too."""
    return re.split(r",(?=\s*[a-z+]+://)", text)


def _ports(netloc: str) -> list[int | None]:
    """Find the ports of one host or of several, for sentinels. Raises `ValueError` if one is none."""
    hosts = netloc.rpartition("@")[2].split(",")
    return [urlsplit(f"//{host}").port for host in hosts]


def _hide_user(url: str) -> str:
    return re.sub(r"://.*@", "://***@", url)


def _is_origin(origin: str) -> bool:
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return False
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return bool(host) and origin == f"{url.scheme}://{shown}" + (f":{port}" if port else "")
