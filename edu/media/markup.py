"""The HTML of previews: a short list of elements, all that a stranger's document may become."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_HTML = 3_000_000  # characters
PICTURE = re.compile(r"\d{1,4}\.webp")
FORMULA, MISSING = "formula", "picture-missing"
# Ids of a document's own bookmarks begin so, and never meet those of the page.
ID_PREFIX = "at-"
_REL = "noopener noreferrer nofollow"

_NUMBER = re.compile(r"\d{1,4}")
_ID = re.compile(r"at-[\w.:-]{1,80}")
_ADDRESS = re.compile(
    r"#at-[\w.:-]{1,80}|(?i:https?://[^\s<>\"\\/][^\s<>\"\\]*|mailto:[^\s<>\"\\]+)"
)
_ANYTHING = re.compile(r".*", re.DOTALL)
_CELL = {"colspan": _NUMBER, "rowspan": _NUMBER}
# What an element may say, and how.
_ALLOWED: dict[str, dict[str, re.Pattern[str]]] = {
    **{name: {} for name in ("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "br")},
    **{name: {} for name in ("table", "thead", "tbody", "tr", "strong", "em", "s", "sub", "sup")},
    "td": _CELL,
    "th": _CELL,
    "li": {"id": _ID},
    "a": {"href": _ADDRESS, "id": _ID},
    "span": {"class": re.compile(f"{FORMULA}|{MISSING}")},
    "img": {
        "src": PICTURE,
        "alt": _ANYTHING,
        "width": _NUMBER,
        "height": _NUMBER,
        "loading": re.compile("lazy"),
    },
}
_EMPTY = frozenset({"br", "img"})
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"<>]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


def sanitise(html: str) -> str:
    """Keep of any HTML what is allowed; balanced, in one spelling. Slow on hostile nesting, so it
    is called inside the sandbox only.
    """
    import nh3

    return nh3.clean(
        html,
        tags=set(_ALLOWED),
        attributes={name: set(allowed) for name, allowed in _ALLOWED.items() if allowed},
        attribute_filter=_filter,
        url_schemes={"http", "https", "mailto"},
        link_rel=_REL,
        clean_content_tags={"script", "style"},
    )


def is_clean(html: str) -> bool:
    """Whether this is what `sanitise` returns, found in one pass over it.

    Outside the sandbox nothing is believed that came out of it.
    """
    end, opened = 0, list[str]()
    for tag in _TAG.finditer(html):
        if "<" in html[end : tag.start()] or not _fits(tag, opened):
            return False
        end = tag.end()
    return "<" not in html[end:] and not opened


def _fits(tag: re.Match[str], opened: list[str]) -> bool:
    closing, name, attributes = tag.groups()
    if name not in _ALLOWED:
        return False
    if closing:
        return not attributes and bool(opened) and opened.pop() == name
    if name not in _EMPTY:
        opened.append(name)
    return all(_is_allowed(name, key, value) for key, value in _read(attributes))


def _read(attributes: str) -> Iterator[tuple[str, str]]:
    for found in _ATTRIBUTE.finditer(attributes):
        yield found[1], found[2]


def _is_allowed(name: str, key: str, value: str) -> bool:
    if (name, key) == ("a", "rel"):
        return value == _REL
    pattern = _ALLOWED[name].get(key)
    return pattern is not None and pattern.fullmatch(value) is not None


def _filter(name: str, key: str, value: str) -> str | None:
    return value if _is_allowed(name, key, value) else None
