"""No-break spaces for formulas in running text."""

import re

# What must stay on one line: a short bracket, and a relation with its neighbours.
_BRACKET = re.compile(r"\|[^|]{1,14}\||\([^(),.]{1,14}\)")
_RELATION = re.compile(r" ([=<>≤≥≠∈→]) (?=\S{1,6}(?:\s|$))")
_OPERATOR = re.compile(r" ([=<>≤≥≠∈→−+·]) |(?<=∑) ")
NO_BREAK = "\u00a0"


def glue(text: str) -> str:
    """Keep short formulas of running text from being torn apart at a line end."""
    text = _BRACKET.sub(_glue_bracket, text)
    text = _RELATION.sub(rf"{NO_BREAK}\1{NO_BREAK}", text)
    return _OPERATOR.sub(lambda found: NO_BREAK + (f"{found[1]} " if found[1] else ""), text)


def _glue_bracket(found: re.Match[str]) -> str:
    inside = found[0]
    formula = inside.startswith("|") or _OPERATOR.search(inside)
    return inside.replace(" ", NO_BREAK) if formula else inside
