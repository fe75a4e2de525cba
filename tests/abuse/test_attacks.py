"""Each attack in short, from one address: other users go on, and the node forgets the attack.

The bounds are far above what `make abuse` measures, because other tests run at the same time. Without the
limits, the first kinds of attack raise the median to a second and more.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.abuse.attacks import ATTACKS
from tests.abuse.node import serving
from tests.abuse.run import FORGOTTEN, attack

_MEDIAN: Final = 150.0
_NEWCOMER: Final = 2_000.0
_MEMORY: Final = 40.0
_LOG: Final = 8_192


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_from_one_address_harms_nobody_else(name: str) -> None:
    with serving(HUBBUB_FLOOD_SECONDS="2", HUBBUB_CLOSE_SECONDS="1") as node:
        outcome = await attack(node, name, 2.0)
    assert outcome.attacked.percentile(50) <= _MEDIAN
    assert max(outcome.attacked.newcomers) <= _NEWCOMER
    before, _, after = outcome.memory
    assert after - before <= _MEMORY
    assert outcome.gone < FORGOTTEN
    assert outcome.logged <= _LOG
