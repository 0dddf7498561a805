"""What other processes do to an index while a test reads it."""

import sys
import time
from pathlib import Path

from edu.search.whoosh.index import WhooshIndex
from edu.search.whoosh.store import IndexStore
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


def begin_rebuild(root: str) -> None:
    """Put ever more documents into a new index, a batch at a time, and never come to the end."""
    with WhooshIndex(Path(root)).rebuilding() as making:
        for end in range(10, 1_000_000, 10):
            numbers = range(end - 9, end + 1)
            making.add(document(n, PAGE, revision=3) for n in numbers)
            print(end, flush=True)


def hold_lock(root: str) -> None:
    """Hold the writers' lock until killed."""
    with IndexStore(Path(root)).writing(5.0):
        print("held", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    acts = (update_once, churn, begin_rebuild, hold_lock)
    {act.__name__: act for act in acts}[sys.argv[1]](sys.argv[2])
