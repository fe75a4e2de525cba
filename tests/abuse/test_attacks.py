"""Each attack in short: other users go on, nothing stored is lost, and the node forgets the attack.

From 100 addresses at once, others may wait four times as long. The bounds are far above what `make abuse`
measures, because other tests run at the same time. Without the limits, the first kinds of attack raise the
median to a second and more.
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
# What an attack may store by the rates and quotas of its addresses, in MiB.
_STORED: Final = {"large texts": 12.0, "history of large texts": 12.0, "new rooms from 100 addresses": 20.0}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", [name for name, each in ATTACKS.items() if each.short])
async def test_an_attack_harms_no_other_user(name: str) -> None:
    settings = {"HUBBUB_FLOOD_SECONDS": "2", "HUBBUB_CLOSE_SECONDS": "1", **ATTACKS[name].settings}
    with serving(**settings) as node:
        outcome = await attack(node, name, 2.0)
    assert outcome.attacked.percentile(50) <= _MEDIAN * (4 if ATTACKS[name].addresses > 1 else 1)
    assert max(outcome.attacked.newcomers) <= _NEWCOMER
    before, _, after = outcome.memory
    assert after - before <= _MEMORY + _STORED.get(name, 0.0)
    assert outcome.gone < FORGOTTEN
    assert outcome.logged <= _LOG
    assert outcome.lost == 0
