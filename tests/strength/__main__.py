"""Which lines everyday tests miss when they are taken out: `python -m tests.strength [ROOM ...]`."""

from __future__ import annotations

import argparse
import sys

from tests.strength.mutations import MUTATIONS
from tests.strength.search import search


def main() -> int:
    """Prints each outcome. 1 if a mutation was not noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip())
    parser.add_argument("rooms", nargs="*", help="rooms whose places are tried; default: all")
    rooms = parser.parse_args().rooms
    unnoticed = 0
    for outcome in search(one for one in MUTATIONS if not rooms or one.room in rooms):
        sys.stdout.write(f"{outcome.words}\n")
        sys.stdout.flush()
        unnoticed += not outcome.test
    return int(bool(unnoticed))


if __name__ == "__main__":
    sys.exit(main())
