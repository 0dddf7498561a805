"""What is wanted of an answer: materials, an explanation, or a plan."""

from __future__ import annotations

import re

from edu.assistant.cuts import Cuts
from edu.assistant.meaning import Intent

_ASKS_FOR_PLAN = re.compile(
    r"(?<!\w)(?:(?:состав|сдела|напиш|нужен|дай|построй|распиш|предлож|хочу)[а-я]*\s+(?:мне\s+|наш\s+"
    r"|учебн[а-я]+\s+|подробн[а-я]+\s+|пожалуйста\s+)*(?:план|график|расписани)[а-я]*"
    r"|(?:учебн[а-я]+\s+)?план(?:а|ом|у|ы)?(?=\s+(?:подготов|изуч|заняти|на|по|к|обучен|повтор|учеб)"
    r"|\s*[,.!?]|\s*$)|распланир[а-я]+|спланир[а-я]+"
    r"|(?:study|learning|revision|\w+-week|weekly)\s+(?:plan|schedule)|plan\s+(?:for|my|to|out)"
    r"|(?:make|write|draw\s+up|build|create)(?:\s+me)?(?:\s+a)?(?:\s+\w+)?\s+(?:plan|schedule))"
)
_PREPARES = re.compile(
    r"(?<!\w)(?:(?:как|помоги[а-я]*|надо|нужно|хочу|пора|когда)\s+(?:мне\s+|лучше\s+|быстро\s+)*"
    r"(?:под)?готовиться|готовлюсь|подготовь(?:те)?\s+(?:меня|нас)|подготовиться\s+(?:к|за)"
    r"|успе(?:ть|ю|ем)\s+(?:вы|под|из)[а-я]+|how\s+(?:do\s+i|to|can\s+i|should\s+i)\s+(?:prepare|"
    r"revise|study)\s+for|help\s+me\s+(?:to\s+)?(?:prepare|revise)|get\s+ready\s+for"
    r"|prepar(?:e|ing)\s+for)"
)
_EXPLAINS = re.compile(
    r"(?<!\w)(?:(?:что|чо|че|шо)\s+(?:же\s+)?(?:такое|есть|значит|означает|называ[а-я]+"
    r"|понима[а-я]+\s+под)|объясн[а-я]+|растолку[а-я]+|разъясн[а-я]+|пояснит?е?(?!\w)"
    r"|расскаж[а-я]+|напомни[а-я]*|(?:в\s+)?ч[ео]м\s+(?:же\s+)?(?:разниц|отлич|смысл|суть|различ"
    r"|заключ|состо|преимущ)[а-я]*|разниц[ауы]\s+между|ч[ео]м\s+отлича[а-я]+"
    r"|как\s+(?:устро|работа|доказ|вычисл|решат|счита|посчита|выводи|вывести|определ|понять"
    r"|раскладыва|разложить|исследов|строит|построить|примен|использ|формулир|звучит|выгляд|сортир"
    r"|перевест|найти(?!\s+(?:лекци|материал|книг|учебник|видео)))[а-я]*"
    r"|почему|зачем|для\s+чего|дай(?:те)?\s+определение|сформулируй[а-я]*|докажи[а-я]*"
    r"|подробнее|поподробнее|подробней|what\s+(?:is|are|does|do|was|were)(?!\w)|what's"
    r"|explain|describe|define|tell\s+me\s+(?:more\s+)?about|difference\s+between"
    r"|how\s+(?:does|do|did|is|are|to|can|would)(?!\w)|why(?!\w)|prove(?!\w)|state\s+the"
    r"|in\s+more\s+detail|more\s+about)"
)
_RECOMMENDS = re.compile(
    r"(?<!\w)(?:п?о?совету[а-я]*|порекоменд[а-я]+|рекоменд[а-я]+|подбер[а-я]+|подкин[а-я]+|скин[а-я]+"
    r"|кинь(?:те)?|найди(?:те)?|ищу|где\s+(?:можно\s+)?(?:по)?(?:чита|смотр|найти|учить|взять)[а-я]*"
    r"|что\s+(?:можно\s+|лучше\s+)?(?:по)?(?:чита|смотр|уч)[а-я]*"
    r"|какие\s+(?:есть|лекции|книги|материалы)|есть\s+ли|есть\s+(?:что|какие)"
    r"|recommend|suggest|find\s+(?:me\s+)?|where\s+(?:can\s+i|to|do\s+i)\s+(?:read|find|learn|watch)"
    r"|what\s+(?:should\s+i|to|can\s+i)\s+(?:read|watch|study)|(?:is|are)\s+there\s+any|show\s+me"
    r"|give\s+me|looking\s+for)"
)


def take_intent(cuts: Cuts, *, has_time: bool, asks_for_materials: bool) -> Intent | None:
    """What is wanted of the answer, the words of it cut; None where nothing says so.

    `has_time`: there is a day of an exam, or a time to learn in. `asks_for_materials`: types,
    kinds or a number of materials were named.
    """
    plan = _takes(cuts, _ASKS_FOR_PLAN)
    prepares = _takes(cuts, _PREPARES)
    recommends = _takes(cuts, _RECOMMENDS)
    explains = _takes(cuts, _EXPLAINS)
    if plan or (not (recommends or asks_for_materials) and (prepares or has_time)):
        return Intent.PLAN
    if prepares and has_time and not recommends:
        return Intent.PLAN
    if recommends or asks_for_materials:
        return Intent.RECOMMEND
    return Intent.EXPLAIN if explains else None


def _takes(cuts: Cuts, pattern: re.Pattern[str]) -> bool:
    return bool(list(cuts.take_all(pattern)))
