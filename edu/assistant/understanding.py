"""What a question means: rules for Russian and English, one after another.

Slips and wrong layouts are mended as search mends them; then times, wishes, the subject and the
words of asking are taken out, and what is left are the words to look for.
"""

from __future__ import annotations

import re
from datetime import date

from edu.assistant import times, wishes
from edu.assistant.asking_words import asking_words, own_stems, own_words
from edu.assistant.cuts import Cuts
from edu.assistant.following import follow, take_reference
from edu.assistant.intents import take_intent
from edu.assistant.jailbreaks import without_jailbreaks
from edu.assistant.meaning import Intent, Meaning
from edu.assistant.subjects import Subjects, load_subjects, take_subject
from edu.extensions import search_index, utcnow
from edu.search.analysis import WORD, normal_form, stem_word
from edu.search.base import IndexUnavailable
from edu.search.understanding.evidence import Evidence
from edu.search.understanding.filter_phrases import FILTER_WORDS
from edu.search.understanding.scripts import read_scripts
from edu.search.understanding.spans import Span
from edu.search.understanding.spelling import correct_spelling

LONGEST = 1000  # characters that are read
MENDED = 300  # of them, in which slips are looked for

_SIGNS = re.compile(r'\[[^\]]{0,40}\]|[\[\]{}<>|"«»“”„`*_~^\\]+|(?<!\w)[-−–—]+(?=\w)')
_POINTS = re.compile(r"[?!;:]+")
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_EDGE_WORDS = """
а и но или по на за для во в к ко из с со о об обо у от до что как чтобы мне нам я мы он она же бы
ли не то это этого этому эту уже там тут есть меня еще без при год году какой какие где
of on for in into at to by with from and or but the a an is are there do does can could i we me us
be have has what which who that this it
"""
_EDGE = frozenset(_EDGE_WORDS.split())


def understand(question: str, earlier: Meaning | None = None, today: date | None = None) -> Meaning:
    """Read the question; `earlier` is what the one before it meant. Any text means something.

    Where the index is silent slips stay as they are: whoever retrieves will say that it is.
    """
    asked = without_jailbreaks(_TAGS.sub(" ", question.replace("\0", " ")[:LONGEST]))
    asked = " ".join(asked.split())
    if not asked:
        return Meaning(words=" ".join(question.split())[:LONGEST])
    subjects = load_subjects()
    text = _mend(asked, subjects)
    cuts = Cuts(text)
    reference = take_reference(cuts, earlier)
    meaning = _read(cuts, subjects, today or utcnow().date())
    if earlier is None:
        return meaning
    return follow(meaning, earlier, reference, text)


def _mend(text: str, subjects: Subjects) -> str:
    """The beginning of the text in the layout and the spelling that were meant."""
    begin, rest = text[:MENDED], text[MENDED:]
    own = subjects.lexicon.words | own_words() | frozenset(FILTER_WORDS.split())
    known = subjects.lexicon.stems | frozenset(subjects.lexicon.cases) | own_stems()
    filters = frozenset(map(stem_word, FILTER_WORDS.split()))
    evidence = Evidence(search_index(), own, known | filters)
    try:
        read, _changes = read_scripts(begin, frozenset(), evidence)
        spelling = correct_spelling(read, frozenset(), evidence)
        # Towards words of asking and whole names only: what else was meant search knows better, and
        # tells which of its words it doubts.
        named = {key for at in subjects.lexicon.find(spelling.text) for key in at.own}
        ours = own_stems() | filters | named
        others = frozenset(
            change.said
            for change in spelling.changes
            if not ours.intersection((stem_word(change.meant), subjects.lexicon.key(change.meant)))
        )
        if others:
            spelling = correct_spelling(read, others, evidence)
        # The catalogue's own words are worth a doubt: nobody asks for what only looks like one.
        return (spelling.others[0] if spelling.others and not others else spelling.text) + rest
    except IndexUnavailable:
        return text


def _read(cuts: Cuts, subjects: Subjects, today: date) -> Meaning:
    list(cuts.take_all(_SIGNS))
    minutes = times.take_minutes(cuts)
    semesters, year = wishes.take_study_time(cuts)
    exam_on = times.take_exam_day(cuts, today)
    weeks = times.take_weeks(cuts)
    level = wishes.take_level(cuts)
    count = wishes.take_count(cuts)
    has_time = bool(exam_on or weeks or minutes)
    is_exam = not has_time and wishes.take_bare_exam(cuts)
    # What names are made of is no type and no word of asking: the subject comes first.
    category = take_subject(cuts, subjects)
    types = wishes.take_types(cuts)
    kinds = wishes.take_kinds(cuts)
    intent = take_intent(cuts, has_time=has_time, asks_for_materials=bool(types or kinds or count))
    return Meaning(
        words=_words_of(cuts, subjects),
        intent=intent or Intent.RECOMMEND,
        category_id=category.id if category else None,
        types=("exam", *types) if is_exam else types,
        kinds=kinds,
        semesters=semesters,
        year=year,
        level=level,
        exam_on=exam_on,
        weeks=weeks,
        minutes_a_week=minutes,
        count=count,
    )


def _words_of(cuts: Cuts, subjects: Subjects) -> str:
    """The words to look for: without those of asking, but names stay whole."""
    kept = [at.span for at in subjects.lexicon.find(cuts.left)]
    asking = asking_words()
    for match in WORD.finditer(cuts.left):
        is_named = any(span.start <= match.start() < span.end for span in kept)
        if not is_named and normal_form(match.group()) in asking:
            cuts.cut(Span(*match.span()))
    words = _POINTS.sub(" ", cuts.rest()).split()
    while words and _is_left_over(words[0]):
        del words[0]
    while words and _is_left_over(words[-1]):
        del words[-1]
    return " ".join(words).strip(" ,.;:-—–/()")


def _is_left_over(word: str) -> bool:
    return normal_form(word.strip(".,-–—")) in _EDGE or not WORD.search(word)
