"""Sentences by which a question would change the assistant's orders; materials: planted.py."""

from __future__ import annotations

import re

_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_JAILBREAKS = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|told|above)"
    r"|(?:system|developer)\s*(?:prompt|message)|^\W*(?:system|assistant)\s*:|jailbreak"
    r"|you\s+are\s+now\b|(?:print|reveal|show|repeat)\b.{0,30}\b(?:your\s+)?(?:prompt|instructions)"
    r"|(?:игнорир|проигнорир|забудь|отмени|не\s+обращай)[а-яё]*\b.{0,60}\b(?:инструкц|правил|указани"
    r"|промпт|выше|сказал|сказано)|системн[а-яё]+\s+(?:промпт|сообщени|инструкц)"
    r"|(?:ты|вы)\s+теперь\s+(?!понима|зна|може)|отныне\s+(?:ты|вы)"
    r"|отвечай\s+(?:мне\s+)?(?:только|лишь|теперь)|(?:покажи|выведи|напечатай|раскрой|повтори)[а-яё]*\s+"
    r"(?:сво[а-яё]+|тво[а-яё]+|ваш[а-яё]*)\s+(?:промпт|инструкц|правил|настройк)",
    re.IGNORECASE | re.DOTALL,
)


def is_jailbreak(text: str) -> bool:
    """Whether it tells a model what to be or what to forget."""
    return _JAILBREAKS.search(text) is not None


def without_jailbreaks(question: str) -> str:
    """The other sentences of a question."""
    return " ".join(each for each in _SENTENCES.split(question) if each and not is_jailbreak(each))
