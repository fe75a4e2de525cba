"""What a text may mention."""

import time

import pytest

from hubbub_protocol.mentions import candidates


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ann", ["ann"]),
        ("(@ann)", ["ann)", "ann"]),
        ("@Ann Bee!", ["Ann Bee!", "Ann Bee", "Ann"]),
        ("_@ann_", ["ann_", "ann"]),
        ("@\u6771\u4eac", ["\u6771\u4eac"]),
        ("ann@example", None),
        ("\u00e9@ann", None),
        ("@", None),
        ("@ ann", [" ann"]),
        ("`@ann`", None),
        ("``@ann ` ``", None),
        ("```\n@ann\n```", None),
        ("`@ann", ["ann"]),
        ("`x` @ann `y`", ["ann"]),
        ("``a` @ann", ["ann"]),
    ],
)
def test_names_after_an_at_outside_of_code(text: str, found: list[str] | None) -> None:
    assert next(candidates(text), None) == found


def test_each_at_is_found() -> None:
    assert [names[-1] for names in candidates("@ann, @bob\n@cem `@dan`@eve")] == ["ann", "bob", "cem", "eve"]


def test_a_name_has_a_bounded_length() -> None:
    (names,) = candidates("@" + "a " * 100)
    assert max(map(len, names)) == 31
    assert list(candidates("@" + "a" * 33)) == []


@pytest.mark.parametrize("text", ["`" * 100_000, "` `` " * 20_000, "@`" * 50_000, "@" * 100_000])
def test_hostile_texts_are_read_fast(text: str) -> None:
    start = time.process_time()
    for _ in candidates(text):
        pass
    assert time.process_time() - start < 5
