"""Whatever is about to be shown, held against what was found: what a model made up does not pass.

Every pass works on the whole text and takes things out or makes them regular; it is repeated until
nothing changes, so verifying twice is verifying once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edu.assistant.findings import Findings
from edu.assistant.loops import cut_loops
from edu.assistant.planted import TEMPLATE_MARKS, visible
from edu.assistant.quotes import check_quotes
from edu.assistant.references import MARK, replace_references
from edu.assistant.sources import Sources

LONGEST = 12_000  # characters: a plan for half a year
PASSES = 12

_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
_TAG = re.compile(
    r"</?(?:a|abbr|audio|b|base|blockquote|body|br|button|code|details|div|em|embed|font|form|frame"
    r"|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|li|link|mark|math|meta|object|ol|p|picture|pre"
    r"|s|script|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|th|thead|title|tr|u"
    r"|ul|video)(?:\s{0,5}/?|\s[^<>]{0,2000}=[^<>]{0,2000})>",
    re.IGNORECASE,
)
_URL = r"[^()\s]{0,1000}[:/.#@][^()\s]{0,1000}"
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\](?:\(\s{0,3}[^()\n]{0,2000}\)|\[[^\[\]\n]{0,300}\])")
_LINK = re.compile(
    rf"\[([^\[\]\n]{{0,300}})\]\(\s{{0,3}}{_URL}(?:\s{{1,3}}[\"'][^\"'\n]{{0,300}}[\"'])?\)"
)
_ADDRESS = re.compile(
    r"<?\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:mailto|javascript|vbscript|tel):|data:[a-z]{1,20}/)"
    r"[^\s<>\[\]()«»“”\"]{1,2000}(?:\([^\s()]{0,200}\))?>?"
    # ASP.NET is no address, and neither is stack.top, unless there is a path behind it.
    r"|\b(?:[^\W_][\w-]{0,62}\.){1,5}(?:"
    r"(?:com|ru|org|(?-i:net)|edu|io|info|me|su|dev|site|xyz|рф|рус)(?![\w-]|\.\w|/)"
    r"|(?:com|ru|org|net|edu|io|info|me|su|dev|site|xyz|рф|рус|app|be|by|cc|cn|club|click|co|de|eu|gg|gl"
    r"|kz|link|ly|online|pw|shop|space|store|to|top|tv|ua|uk)/[^\s<>\[\]()«»“”\"]{0,1000})",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PAGES = re.compile(
    r"""(?:\b(?:на|см\.|смотри(?:те)?|со?|on|see|at|in)\s{1,2})?
    (?:\b(?:с|сс|стр|p|pp)\.\s{0,3}|\b(?:стр|страниц(?:а|е|у|ы|ах|ам|ей)|pages?)\s{1,3}(?:№\s?|номер\s)?)
    \d{1,6}(?:\s{0,2}(?:,|и|and|to|по|до|[-–—])\s{0,2}\d{1,6}){0,8}\b(?!\s?[%°])
    |\bна\s\d{1,6}(?:-?(?:й|ой|ей))?\sстранице\b
    |\b\d{1,6}-(?:я|й|ю|ой|ую)\sстраниц[аеуы]\b
    |\b(?:on\s)?(?:the\s)?\d{1,6}(?:st|nd|rd|th)\spage\b""",
    re.VERBOSE | re.IGNORECASE,
)
_ITEM = re.compile(r"\s*(?:[—–•*-]|\d{1,3}[.)])\s")
_EMPTY = re.compile(r"(?<=\s)\(\s{0,3}[,;:.]?\s{0,3}\)|\[\s{0,3}[,;]?\s{0,3}\]|(?<=\s)<>")
_BEFORE_STOP = re.compile(r"(?<=\S)[ \t]{1,20}([,.;:!?])(?=\s|$)")
_COMMAS = re.compile(r",(?:[ \t]{0,3},)+|,(?=[.;!?](?:\s|$))")
_DANGLING = re.compile(r"(?<=\S)[ \t](?:и|или|and|or)(?=[ \t]?[.;!?](?:\s|$))")
_UNCLOSED = re.compile(r"[ \t]?[\[(](?:id\s?)?\d[^\[\]()\n]{0,80}\Z", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\S)[ \t]{2,}")
_LINE_ENDS = re.compile(r"[ \t]{1,40}$", re.MULTILINE)
_BARE_ITEM = re.compile(r"^[ \t]{0,20}(?:[—–•*-]|\d{1,3}[.)])[ \t,.;:—–-]{0,20}$\n?", re.MULTILINE)
# What may go on with the next piece: a word, a reference, a link, a tag, a page.
_OPEN = re.compile(
    r"(?:!?\[[^\[\]\n]{0,300}(?:\]\([^()\n]{0,2000}|\])?|<[a-z/!][^<>]{0,300}|[(]\s?id[^()\n]{0,80}"
    r"|\bid[\s:№#=]{0,3}\d{0,12}"
    r"|(?:\bна\s{1,2})?\b(?:с|стр|p|pp|страниц\w|pages?)\.?\s{0,3}[\d\s,–-]{0,20}|\S{1,200})\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A text that may be shown, what it refers to, and how much was taken out of it."""

    text: str
    citations: list[dict[str, Any]]
    removed: int


def verify(text: str, findings: Findings, *, final: bool, quotable: Iterable[str] = ()) -> Verified:
    """The text without made-up references, pages, quotes, addresses, markup and loops.

    Until it is `final`, an unfinished reference, link or word at its end is held back. `quotable`
    may be quoted beside the passages: the question, say.
    """
    return check(text, Sources(findings, quotable), final=final)


def check(text: str, sources: Sources, *, final: bool) -> Verified:
    """The same for whoever verifies a growing text again and again."""
    if not final:
        text = hold_back(text)
    removed = 0
    for _pass in range(PASSES):
        once, lost, cited = _once(text, sources)
        removed += lost
        if once == text:
            return Verified(text, sources.cite(cited), removed)
        text = once
    # Only what was built for it changes that often.
    return Verified("", [], removed + 1)


def hold_back(text: str) -> str:
    """A growing text without what the next piece may go on with."""
    tail = max(0, len(text) - 2500)
    # The search begins at the last bracket, so that a long text costs no more than a short one.
    for opener in ("![", "[", "<", "("):
        place = text.rfind(opener, tail)
        if place >= 0 and _OPEN.fullmatch(text, place):
            return text[:place]
    last = text.rfind("\n", tail) + 1 or tail
    found = _OPEN.search(text, max(last, len(text) - 240))
    return text[: found.start()] if found else text


def _once(text: str, sources: Sources) -> tuple[str, int, list[tuple[int, str, int, int]]]:
    """The text after one pass, what was lost, and the references in it."""
    text = _cut(visible(text.replace("\r\n", "\n")).strip())
    masked = _mask_titles(text, sources)
    text, lost = _strip_markup(masked)
    done = replace_references(text, sources)
    lines = [
        _check_line(new, sources, done.cited(new))
        for new in _kept_lines(text.split("\n"), done.text.split("\n"))
    ]
    lost += done.lost + sum(number for _line, number in lines)
    text, false = check_quotes("\n".join(line for line, _number in lines), sources)
    text = _tidy(cut_loops(text))
    return _unmask_titles(done.restore(text), sources), lost + false, done.cited(text)


def _mask_titles(text: str, sources: Sources) -> str:
    """Titles that have pages or addresses in them are names all the same, and stay whole."""
    for number, title in enumerate(_odd_titles(sources)):
        text = text.replace(title, f"\ue002{number}\ue003")
    return text


def _unmask_titles(text: str, sources: Sources) -> str:
    for number, title in enumerate(_odd_titles(sources)):
        text = text.replace(f"\ue002{number}\ue003", title)
    return text


def _odd_titles(sources: Sources) -> list[str]:
    return [title for title in sources.titles if _PAGES.search(title) or _ADDRESS.search(title)]


def _cut(text: str) -> str:
    """At most LONGEST characters, up to the end of a line, sentence or word."""
    if len(text) <= LONGEST:
        return text
    head = text[:LONGEST]
    ends = (head.rfind(end, LONGEST // 2) for end in ("\n", ". ", " "))
    return head[: next((end for end in ends if end > 0), LONGEST)]


def _strip_markup(text: str) -> tuple[str, int]:
    """Without images, links (their text stays), tags and addresses; the last are counted."""
    text = TEMPLATE_MARKS.sub(" ", _COMMENT.sub(" ", text))
    text, images = _IMAGE.subn("", text)
    text, links = _LINK.subn(lambda link: _linked(link[1]), text)
    text = _TAG.sub(" ", text)
    text, mails = _MAIL.subn("", text)
    text, addresses = _ADDRESS.subn("", text)
    return text, images + links + mails + addresses


def _linked(text: str) -> str:
    """The text of a link, which may be a reference."""
    return f"[{text}]" if re.fullmatch(r"\s?(?:ID\s?)?\d{1,12}[^\n]{0,60}", text) else text


def _kept_lines(before: list[str], after: list[str]) -> list[str]:
    """The lines without items of a list that have lost all they referred to."""
    return [
        new
        for old, new in zip(before, after, strict=True)
        if not (_ITEM.match(old) and _lost_all(old, new))
    ]


def _lost_all(old: str, new: str) -> bool:
    return old != new and not MARK.search(new) and bool(re.search(r"[\[【(]|\bid\b", old, re.I))


def _check_line(
    line: str, sources: Sources, cited: list[tuple[int, str, int, int]]
) -> tuple[str, int]:
    """The line without pages that were not found, in what it refers to or anywhere."""
    materials = {material for material, *_place in cited}
    lost = 0

    def judge(found: re.Match[str]) -> str:
        nonlocal lost
        numbers = map(int, re.findall(r"\d+", found[0]))
        if all(sources.has_page(number, materials) for number in numbers):
            return found[0]
        lost += 1
        return ""

    return _PAGES.sub(judge, line), lost


def _tidy(text: str) -> str:
    """Without the blanks, brackets and list marks that are left of what was taken out."""
    text = _BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", _EMPTY.sub("", text)))
    text = _DANGLING.sub("", _COMMAS.sub(lambda found: "," if found[0] != "," else "", text))
    text = _BARE_ITEM.sub("", _LINE_ENDS.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", _UNCLOSED.sub("", text)).strip()
