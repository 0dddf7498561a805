"""`make bench-search`: quality; with SIZE, speed."""

from __future__ import annotations

import argparse
import logging

from tests.bench.machine import describe_machine
from tests.bench.tables import say


def main() -> None:
    """Read the arguments and run what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench-search")
    parser.add_argument("--size", help="speed: number of generated materials, or `corpus`")
    parser.add_argument("--backend", choices=("whoosh", "postgres"), default="whoosh")
    parser.add_argument("--only", default="", help="quality: sets with this in their names")
    parser.add_argument("--misses", action="store_true", help="quality: tell what is not found")
    parser.add_argument("--without-postgres", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    say(describe_machine())
    if given.size is None:
        from tests.bench.quality import run_quality

        run_quality(given.only, given.misses, not given.without_postgres)
    else:
        from tests.bench.speed import run_speed

        size = None if given.size == "corpus" else int(given.size)
        run_speed(size, given.backend)


if __name__ == "__main__":
    main()
