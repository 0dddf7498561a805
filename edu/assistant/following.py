"""Questions about the answer before: «а посложнее?», «ещё», «подробнее про второе»."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edu.assistant.cuts import Cuts
from edu.assistant.meaning import Intent, Meaning

_ORDINALS = (
    ("перв", "first"),
    ("втор", "second"),
    ("трет", "third"),
    ("четверт", "fourth"),
    ("пят", "fifth"),
)
_NTH = (
    r"(?:перв|втор|трет|четверт|пят|последн)(?:ый|ой|ую|ое|ая|ий|ом|ем|его|ого|ому|ей|ье|ью|ья|яя|ее"
    r"|ем|юю|ьем|ьего)|first|second|third|fourth|fifth|last"
)
_PICK = re.compile(
    r"(?<!\w)(?<!за )(?<!for )(?<!for the )(?:(?:про|о|об|из|в|во|на|с|со|about|from|in|on)\s+)?"
    rf"(?:the\s+)?(?:(?P<nth>{_NTH})"
    r"(?:\s+(?:материал|лекци|источник|пункт|книг|учебник|видео|из|one|material|item|book|lecture)"
    r"[а-я]*)?|(?:номер|пункт|number|no\.|№)\s*(?P<n>\d))(?=\s*[.,?!]|\s*$)"
)
# «а за второй?» after a question about a semester.
_BARE_SEMESTER = re.compile(
    r"(?<!\w)(?:(?P<ru>за)|for)\s+(?:the\s+)?(?:\d|перв|втор|трет|четв|пят|шест|седьм|восьм|first|second"
    r"|third|fourth|fifth|sixth|seventh|eighth)(?:\w{1,3})?(?=\s*[.,?!]*\s*$)"
)
_MORE = re.compile(
    r"(?<!\w)(?:(?:а\s+|и\s+)?еще(?:\s+(?:что-?нибудь|какие-?нибудь|варианты|есть))?(?!\w)"
    r"|друг(?:ие|ое|их|ую)(?:\s+(?:варианты|материалы))?|побольше|кроме\s+(?:этих|этого|них)"
    r"|(?:any|some|anything|show\s+me|give\s+me)\s+(?:more|else|others?)|more(?=\s*(?:please)?\W*$)"
    r"|others?(?=\W*$)|what\s+else)"
)
_OPENS = re.compile(
    r"^\W*(?:а|и|но|ну|тогда|теперь|лучше|или|можно|and|but|or|now|what\s+about|how\s+about|then)"
    r"(?!\w)"
)
_SHORT_OPENS = re.compile(
    r"^\W*(?:по|про|о|об|для|за|на|с|без|только|on|about|for|with|only)(?!\w)"
)
_ANAPHORA = re.compile(
    r"(?<!\w)(?:(?:про|о|об|по|из|для|на|в|с)\s+)?(?:это(?:го|му|м|й)?|эту|эти(?:х|м)?|него|нее|них|нем"
    r"|ней|там|то\s+же|this|that|these|those|it|them|same)(?!\w)"
)
_DETAIL = re.compile(
    r"(?<!\w)(?:подробнее|поподробнее|подробней|детальнее|in\s+more\s+detail|more\s+about"
    r"|(?:tell\s+me\s+)?more\s+detail[s]?|elaborate)(?!\w)"
)
MOST_OPENING = 4  # words of a question that begins with a preposition and follows


@dataclass(frozen=True, slots=True)
class Reference:
    """How the words of a question point back."""

    pick: int = 0
    more: bool = False
    points: bool = False  # with «это», «подробнее»


def take_reference(cuts: Cuts, earlier: Meaning | None) -> Reference:
    """What points to the answer before, cut out; nothing where there is none."""
    if earlier is None:
        cuts.take(_MORE)
        return Reference()
    if earlier.semesters and (bare := cuts.find(_BARE_SEMESTER)):
        cuts.say(bare.end(), " семестр" if bare["ru"] else " semester")
        return Reference()
    detail = cuts.has(_DETAIL)
    picked = cuts.take(_PICK) if detail or len(cuts.left.split()) <= MOST_OPENING + 2 else None
    more = cuts.take(_MORE) is not None
    points = bool(list(cuts.take_all(_ANAPHORA))) if _is_short(cuts.text) or detail else False
    return Reference(_number(picked), more and not picked, points or detail)


def _is_short(text: str) -> bool:
    return len(text.split()) <= 2 * MOST_OPENING


def _number(match: re.Match[str] | None) -> int:
    if match is None:
        return 0
    if match["n"]:
        return int(match["n"])
    nth = match["nth"]
    if nth.startswith(("последн", "last")):
        return -1
    return next(n for n, begins in enumerate(_ORDINALS, 1) if nth.startswith(begins))


def follow(new: Meaning, earlier: Meaning, reference: Reference, text: str) -> Meaning:
    """The question together with what it leaves unsaid; as it is if it begins something new."""
    if not _follows(new, reference, text):
        return new
    if reference.pick:
        return replace(earlier, **(_fresh() | {"intent": Intent.EXPLAIN, "pick": reference.pick}))
    if _is_new_topic(new):
        return replace(new, follows=True)
    moved = new.category_id not in (None, earlier.category_id)
    changes = {
        "words": new.words or ("" if moved else earlier.words),
        "intent": _intent(new, earlier, reference),
        "category_id": new.category_id or earlier.category_id,
        "types": new.types or (() if new.kinds else earlier.types),
        "kinds": new.kinds or (() if new.types else earlier.kinds),
        "level": new.level or earlier.level,
        "exam_on": new.exam_on or earlier.exam_on,
        "weeks": new.weeks or earlier.weeks,
        "minutes_a_week": new.minutes_a_week or earlier.minutes_a_week,
        "count": new.count or earlier.count,
        "more": reference.more,
    }
    merged = replace(earlier, **(_fresh() | changes))
    if new.semesters:
        merged = replace(merged, semesters=new.semesters, year=new.year)
    return merged


def refer(meaning: Meaning, last: Sequence[int], before: Sequence[int] = ()) -> Meaning:
    """The same with ids for `pick` and `more`: `last` were named by the answer before, in its
    order, `before` by those before it.
    """
    if meaning.pick and last:
        at = meaning.pick - 1 if meaning.pick > 0 else -1
        chosen = last[at] if at < len(last) else None
        return replace(meaning, about=(chosen,) if chosen is not None else ())
    if meaning.more:
        return replace(meaning, without=tuple(dict.fromkeys((*last, *before))))
    return meaning


def _fresh() -> dict[str, Any]:
    return {"follows": True, "pick": 0, "more": False, "about": (), "without": ()}


def _follows(new: Meaning, reference: Reference, text: str) -> bool:
    if reference.pick or reference.more or _OPENS.match(text.lower()):
        return True
    if not new.words and new.category_id is None:
        return bool(
            reference.points or not new.asks_nothing or new.level or _has_time(new) or new.count
        )
    if reference.points and not new.words:
        return True
    return bool(_SHORT_OPENS.match(text.lower())) and len(text.split()) <= MOST_OPENING


def _is_new_topic(new: Meaning) -> bool:
    """Whether it asks what something else is, or says subject and topic anew."""
    if new.intent is Intent.EXPLAIN:
        return bool(new.words)
    return bool(new.words and new.category_id)


def _intent(new: Meaning, earlier: Meaning, reference: Reference) -> Intent:
    if new.intent is not Intent.RECOMMEND:
        return new.intent
    asks = bool(new.types or new.kinds or new.count or reference.more)
    if asks and earlier.intent is Intent.EXPLAIN:
        return Intent.RECOMMEND
    return earlier.intent


def _has_time(meaning: Meaning) -> bool:
    return bool(meaning.exam_on or meaning.weeks or meaning.minutes_a_week)
