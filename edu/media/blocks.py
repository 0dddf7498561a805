"""The text of a DOCX section taken apart again: paragraphs, and tables as rows of cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

# What `docx.py` puts between the cells of a row, and between blocks.
CELL_BORDER = " | "
BLOCK_BORDER = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of prose, or the rows of one table; the other of the two is empty."""

    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def split_blocks(text: str) -> Iterator[Block]:
    """Take a section's text apart where lines are empty, and where rows and prose meet.

    A line with a bar in it may be prose: rows are a table only if two that follow each other
    have the same number of cells.
    """
    for kind, group in groupby(text.splitlines(), key=_kind):
        lines = tuple(group)
        rows = tuple(tuple(line.split(CELL_BORDER)) for line in lines)
        if kind == "row" and any(len(one) == len(other) for one, other in pairwise(rows)):
            yield Block(rows=rows)
        elif kind:
            yield Block(lines=lines)


def _kind(line: str) -> str:
    if not line.strip():
        return ""
    return "row" if CELL_BORDER in line else "line"
