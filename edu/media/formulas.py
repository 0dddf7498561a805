"""Formulas of a DOCX (OMML, ECMA-376 part 1, 22.1) written on one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What needs no brackets beside a sign: a word, a number, a call such as f(x), what has them.
_WHOLE = re.compile(r"[\w.,′'!∞°]*(?:\([^()]*\)|\[[^\[\]]*\])?")
_INVISIBLE = re.compile("[\u2061-\u2064]")  # signs of application and multiplication
_ACCENTS = {"¯": "\u0304", "^": "\u0302", "~": "\u0303"}
_SUM = "∫"  # an operator without a sign of its own is an integral
_TEXTS = (f"{_M}t", f"{_W}t")


def linear_formula(element: Any) -> str:
    """The formula below an m:oMath or m:oMathPara: `x^2`, `(a+b)/c`, `√(x+1)`, `∑_(i=1)^n a_i`."""
    return " ".join(_one(element).split())


def _all(element: Any) -> str:
    return "".join(_one(child) for child in element)


def _one(element: Any) -> str:
    if element.tag in _TEXTS:
        return _INVISIBLE.sub("", element.text or "")
    if not isinstance(element.tag, str) or not element.tag.startswith(_M):
        # Runs may hold tabs, changes by others, fields; only what was taken out stays out.
        return "" if element.tag in (f"{_W}del", f"{_W}moveFrom") else _all(element)
    name = element.tag.removeprefix(_M)
    if name.endswith("Pr"):
        return ""
    shape = _SHAPES.get(name)
    return shape(element) if shape else _all(element)


def _part(element: Any, name: str) -> str:
    found = element.find(_M + name)
    return "" if found is None else _all(found).strip()


def _property(element: Any, name: str, default: str) -> str:
    """The value of a property; `default` where there is none, "" where it is there and empty."""
    found = element.find(f"{_M}{element.tag.removeprefix(_M)}Pr/{_M}{name}")
    return default if found is None else str(found.get(f"{_M}val", ""))


def _whole(text: str) -> str:
    return text if _WHOLE.fullmatch(text) else f"({text})"


def _scripts(below: str, above: str) -> str:
    return (f"_{_whole(below)}" if below else "") + (f"^{_whole(above)}" if above else "")


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    if _property(element, "type", "bar") == "noBar":  # a binomial coefficient stands so
        return f"{above}; {below}"
    return f"{_whole(above)}/{_whole(below)}"


def _scripted(element: Any) -> str:
    return _whole(_part(element, "e")) + _scripts(_part(element, "sub"), _part(element, "sup"))


def _before(element: Any) -> str:
    return _scripts(_part(element, "sub"), _part(element, "sup")) + _whole(_part(element, "e"))


def _root(element: Any) -> str:
    degree = _part(element, "deg")
    return f"√{f'[{degree}]' if degree else ''}({_part(element, 'e')})"


def _sum(element: Any) -> str:
    sign = _property(element, "chr", _SUM) or _SUM
    return f"{sign}{_scripts(_part(element, 'sub'), _part(element, 'sup'))} {_part(element, 'e')} "


def _brackets(element: Any) -> str:
    begin, end = _property(element, "begChr", "("), _property(element, "endChr", ")")
    inside = [_all(part).strip() for part in element.findall(f"{_M}e")]
    return begin + (_property(element, "sepChr", "|") or " ").join(inside) + end


def _function(element: Any) -> str:
    name, of = _part(element, "fName"), _part(element, "e")
    return f"{name}{of} " if of.startswith("(") else f"{name} {of} "


def _limit(element: Any) -> str:
    sign = "_" if element.tag == f"{_M}limLow" else "^"
    return f"{_part(element, 'e')}{sign}{_whole(_part(element, 'lim'))}"


def _accent(element: Any) -> str:
    mark = _property(element, "chr", "\u0302")
    return _part(element, "e") + _ACCENTS.get(mark, mark)


def _bar(element: Any) -> str:
    below = _property(element, "pos", "bot") == "bot"
    return _part(element, "e") + ("\u0332" if below else "\u0304")


def _rows(element: Any) -> str:
    """A matrix: cells with commas between, rows with semicolons."""
    return "; ".join(
        ", ".join(_all(cell).strip() for cell in row.findall(f"{_M}e"))
        for row in element.findall(f"{_M}mr")
    )


def _lines(element: Any) -> str:
    return "; ".join(_filled(_all(line).replace("&", "").strip() for line in element))


def _paragraph(element: Any) -> str:
    return " ".join(_filled(_all(child).strip() for child in element.findall(f"{_M}oMath")))


def _filled(texts: Iterator[str]) -> Iterator[str]:
    return (text for text in texts if text)


_SHAPES: dict[str, Callable[[Any], str]] = {
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _before,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "acc": _accent,
    "bar": _bar,
    "m": _rows,
    "eqArr": _lines,
    "oMathPara": _paragraph,
}
