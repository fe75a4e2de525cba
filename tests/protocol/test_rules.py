"""The specification and the vectors have the same rules."""

from itertools import chain

from tests.protocol.vectors import rules_of_the_specification, rules_shown


def test_every_rule_has_a_case() -> None:
    shown = set(chain.from_iterable(rules_shown().values()))
    assert sorted(rules_of_the_specification() - shown) == []


def test_every_case_covers_rules_of_the_specification() -> None:
    known = rules_of_the_specification()
    assert {name: sorted(rules - known) for name, rules in rules_shown().items() if rules - known} == {}
