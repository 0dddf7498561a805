"""An answer's text as HTML: paragraphs, lists, bold words, and references that become links.

Whatever else the text holds is escaped. References are `[12]`, or with a place `[12, p. 5]`,
`[12, с. 5–7]`, `[12, § 3]`, `[12, 1:02:30]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

REFERENCE = re.compile(
    r"""\[(?P<material>\d{1,9})
    (?: ,\s* (?: (?P<place>pp?\.|сс?\.|§§?) \s* (?P<first>\d{1,6}) (?:\s*[-–—]\s*(?P<last>\d{1,6}))?
               | (?P<time>\d{1,3}:[0-5]\d(?::[0-5]\d)?) ) )? \]""",
    re.VERBOSE,
)
# Not longer, so that stars without an end cost little.
_BOLD = re.compile(r"\*\*(?=\S)(.{1,300}?)(?<=\S)\*\*")
_MARKER = re.compile(r"\s*(?:(?P<dash>[—–•*-])|(?P<number>\d{1,3})[.)])\s+(?=\S)")
_HEADING = re.compile(r"\s*#{1,6}\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A material and perhaps a place in it: `kind` is "page", "section", "second" or "".

    `words` is the place as the text has it.
    """

    material_id: int
    kind: str = ""
    number: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a reference leads to: an address, what is shown for it, and what it is in full."""

    url: str
    label: str
    title: str


Resolve = Callable[[Reference], Link | None]


@dataclass(frozen=True, slots=True)
class _Line:
    kind: str  # "text", "dash", "number", "heading", "more" of an item, or "" for an empty line
    text: str
    number: int = 0


def render_answer(text: str, resolve: Resolve) -> Markup:
    """The text as HTML. A reference for which `resolve` has no link stays as it is written."""
    groups = groupby(_read_lines(text), key=lambda line: line.kind.replace("more", "dash"))
    return Markup("").join(_render_block(kind, list(lines), resolve) for kind, lines in groups)


def _read_lines(text: str) -> Iterator[_Line]:
    before = ""
    for line in text.splitlines():
        read = _read_line(line, before)
        # What goes on below a numbered item belongs to a list of its kind.
        if read.kind == "more" and before == "number":
            read = _Line("number", read.text)
        before = read.kind
        yield read


def _read_line(line: str, before: str) -> _Line:
    if not line.strip():
        return _Line("", "")
    if marker := _MARKER.match(line):
        rest = line[marker.end() :].rstrip()
        if marker["number"]:
            return _Line("number", rest, int(marker["number"]))
        return _Line("dash", rest)
    if heading := _HEADING.match(line):
        return _Line("heading", line[heading.end() :].strip())
    if line[0].isspace() and before in {"dash", "number", "more"}:
        return _Line("more", line.strip())
    return _Line("text", line.strip())


def _render_block(kind: str, lines: list[_Line], resolve: Resolve) -> Markup:
    if kind == "dash":
        return Markup("<ul>{}</ul>").format(_items(lines, resolve))
    if kind == "number":
        return Markup("<ol>{}</ol>").format(_items(lines, resolve))
    shown = [_render_inline(line.text, resolve) for line in lines]
    if kind == "heading":
        whole = Markup("<p><strong>{}</strong></p>")
        return Markup("").join(whole.format(one) for one in shown)
    return Markup("<p>{}</p>").format(Markup("<br>").join(shown)) if kind else Markup("")


def _items(lines: list[_Line], resolve: Resolve) -> Markup:
    """`<li>`s; a line without a marker of its own goes on with the item before it."""
    items: list[tuple[int, list[Markup]]] = []
    for line in lines:
        begins = line.kind == "dash" or line.number > 0
        if begins or not items:
            items.append((line.number, []))
        items[-1][1].append(_render_inline(line.text, resolve))
    made = []
    for number, parts in items:
        item = Markup('<li value="{}">{}</li>') if number else Markup("{}<li>{}</li>")
        made.append(item.format(number or "", Markup("<br>").join(parts)))
    return Markup("").join(made)


def _render_inline(text: str, resolve: Resolve) -> Markup:
    parts, at = [], 0
    for bold in _BOLD.finditer(text):
        parts.append(_render_references(text[at : bold.start()], resolve))
        inside = _render_references(bold[1], resolve)
        parts.append(Markup("<strong>{}</strong>").format(inside))
        at = bold.end()
    parts.append(_render_references(text[at:], resolve))
    return Markup("").join(parts)


def _render_references(text: str, resolve: Resolve) -> Markup:
    parts, at = [], 0
    for found in REFERENCE.finditer(text):
        link = resolve(read_reference(found))
        if link is None:
            continue
        parts.append(escape(text[at : found.start()]))
        parts.append(_render_link(link))
        at = found.end()
    parts.append(escape(text[at:]))
    return Markup("").join(parts)


def _render_link(link: Link) -> Markup:
    chip = Markup('<a class="cite" href="{}" title="{}" aria-label="{}: {}">{}</a>')
    return chip.format(link.url, link.title, link.label, link.title, link.label)


def read_reference(found: re.Match[str]) -> Reference:
    """What a match of REFERENCE says."""
    material_id = int(found["material"])
    if found["time"]:
        seconds = 0
        for part in found["time"].split(":"):
            seconds = seconds * 60 + int(part)
        return Reference(material_id, "second", seconds, found["time"])
    if not found["place"]:
        return Reference(material_id)
    words = found[0][1:-1].partition(",")[2].strip()
    kind = "section" if found["place"].startswith("§") else "page"
    return Reference(material_id, kind, int(found["first"]), words)
