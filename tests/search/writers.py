"""What other processes do to an index while a test reads it."""

import sys
import time
from pathlib import Path

from edu.search.store import IndexStore
from edu.search.whoosh_index import WhooshIndex
from tests.search.samples import document

PAGE = "ряд Фурье сходится к функции " * 40


def update_once(root: str) -> None:
    """Put one document in."""
    WhooshIndex(Path(root)).update([document(77, "тензор")], [])


def churn(root: str) -> None:
    """Replace documents and merge, over and over, until killed; print a line for each commit."""
    index = WhooshIndex(Path(root))
    for turn in range(1_000_000):
        numbers = range(1 + turn % 5, 60, 5)
        index.update([document(n, PAGE, title=f"Ход {turn}") for n in numbers], [])
        if turn % 4 == 3:
            index.optimize()
        print(turn, flush=True)


def hold_lock(root: str) -> None:
    """Hold the writers' lock until killed."""
    with IndexStore(Path(root)).writing(5.0):
        print("held", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    {"update_once": update_once, "churn": churn, "hold_lock": hold_lock}[sys.argv[1]](sys.argv[2])
