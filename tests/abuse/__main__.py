"""`python -m tests.abuse`: attack a real node in each known way, and print what other users notice."""

from __future__ import annotations

import argparse
import asyncio

from tests.abuse.attacks import ATTACKS
from tests.abuse.node import serving
from tests.abuse.run import HEADER, attack


def main() -> None:
    """Run the attacks, each against a node of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument(
        "attacks", nargs="*", metavar="attack", help=f"of: {', '.join(ATTACKS)}; default: all"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="the time of each half (default: 10)")
    wanted = parser.parse_args()
    print(HEADER)
    for name in wanted.attacks or ATTACKS:
        with serving(**ATTACKS[name].settings) as node:
            print(asyncio.run(attack(node, name, wanted.seconds)).row(), flush=True)


if __name__ == "__main__":
    main()
