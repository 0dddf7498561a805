"""The small markup of demo texts, a subset of Markdown, parsed into blocks.

    # Section              ## Subsection
    A paragraph, **bold** inside; its lines are joined, a blank line ends it.
    > A statement (definition, theorem): set in a box. Each line is a paragraph of its own.
    $ A formula on a line of its own
    - an item              1. a numbered item
    | a | table |          the first row is its head; several rows stand together
    ```                    code up to the next ```

Anything else is plain text: there are no links, images or escapes.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal[
    "heading", "text", "statement", "formula", "bullets", "numbers", "table", "code"
]

_MARKS: tuple[tuple[BlockKind, re.Pattern[str]], ...] = (
    ("heading", re.compile(r"#{1,2} +(?P<rest>.+)")),
    ("statement", re.compile(r"> ?(?P<rest>.*)")),
    ("formula", re.compile(r"\$ +(?P<rest>.+)")),
    ("bullets", re.compile(r"- +(?P<rest>.+)")),
    ("numbers", re.compile(r"\d+[.)] +(?P<rest>.+)")),
    ("table", re.compile(r"\|(?P<rest>.+)\|\s*$")),
)


@dataclass
class Block:
    """A piece of a text: `lines` holds paragraphs, items or code, `rows` the cells of a table."""

    kind: BlockKind
    lines: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    level: int = 0

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(self.lines)


def parse(body: str) -> list[Block]:
    """Split a body into blocks in reading order."""
    blocks: list[Block] = []
    lines = iter(body.splitlines())
    open_block = False  # whether the next line may join the last block
    for line in lines:
        if line.startswith("```"):
            blocks.append(Block("code", list(iter(lambda: next(lines, "```"), "```"))))
            open_block = False
        elif not line.strip():
            open_block = False
        else:
            _add_line(blocks, line, open_block)
            open_block = True
    return blocks


def _add_line(blocks: list[Block], line: str, open_block: bool) -> None:
    kind, rest = _classify(line)
    last = blocks[-1] if open_block and blocks else None
    if kind == "text" and last and last.kind in {"text", "bullets", "numbers"}:
        last.lines[-1] += " " + rest
        return
    if last is None or last.kind != kind or kind in {"heading", "formula"}:
        blocks.append(Block(kind, level=line.index(" ") if kind == "heading" else 0))
    if kind == "table":
        blocks[-1].rows.append([cell.strip() for cell in rest.split("|")])
    else:
        blocks[-1].lines.append(rest)


def _classify(line: str) -> tuple[BlockKind, str]:
    for kind, pattern in _MARKS:
        if found := pattern.match(line):
            return kind, found["rest"].strip()
    return "text", line.strip()


def spans(text: str) -> list[tuple[str, bool]]:
    """Split a line at its `**` marks into (piece, is bold)."""
    pieces = text.split("**")
    return [(piece, bool(number % 2)) for number, piece in enumerate(pieces) if piece]
