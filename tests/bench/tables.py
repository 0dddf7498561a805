"""Tables as they are printed, and kept in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil


def show_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table with columns of one width; floats get three digits."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        padded = (value.ljust(width) for value, width in zip(row, widths, strict=True))
        print(f"| {' | '.join(padded)} |", flush=True)
    print(flush=True)


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}" if value > 99 else f"{value:.1f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * share) - 1, 0)]


def verdict(value: float, aim: float, *, at_most: bool = False) -> str:
    """Whether an aim is met."""
    return "met" if (value <= aim if at_most else value >= aim) else "MISSED"


def say(text: str) -> None:
    """Tell how far it is; a benchmark of minutes must not be silent."""
    print(text, flush=True)
