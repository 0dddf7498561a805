"""A question that the rules make little of, read by the model; what it says is validated."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from edu.assistant.engines.base import Engine, Message
from edu.assistant.engines.errors import EngineError
from edu.assistant.instructions import load_instructions
from edu.assistant.meaning import Meaning
from edu.assistant.refining import REFINEMENT_SCHEMA, refine
from edu.catalog.service import list_subjects

log = logging.getLogger(__name__)
TOKENS = 120
LONGEST_S = 20.0
LEAST_WORDS = 4  # of a question; a greeting is none
MOST_SUBJECTS = 60
# Words to look for are the person's own: made-up ones would find what nobody asked for.
OWN = "words"


def is_vague(question: str, meaning: Meaning) -> bool:
    """Whether the rules found nothing in a whole sentence that could be looked for."""
    return meaning.asks_nothing and not meaning.follows and len(question.split()) >= LEAST_WORDS


def read_again(
    question: str, meaning: Meaning, engine: Engine, language: str, stop: Callable[[], bool]
) -> Meaning:
    """The meaning with what the model adds to it; without, where it fails or takes long."""
    if "json_schema" not in engine.features.grammar or not is_vague(question, meaning):
        return meaning
    end = time.monotonic() + LONGEST_S
    names = "\n".join(one.name for one in list_subjects()[:MOST_SUBJECTS])
    messages = [
        Message("system", load_instructions("meaning", language).text),
        Message("user", question, (names,)),
    ]
    try:
        pieces = engine.generate(
            messages,
            max_tokens=TOKENS,
            temperature=0.0,
            json_schema=REFINEMENT_SCHEMA,
            cancelled=lambda: stop() or time.monotonic() > end,
        )
        said = _read("".join(pieces))
    except (EngineError, ValueError) as error:
        log.info("the question is read by rules alone: %s", error)
        return meaning
    return refine(meaning, {key: value for key, value in said.items() if key != OWN})


def _read(text: str) -> dict[str, Any]:
    """The object in the text. Raises ValueError."""
    said = json.loads(text[text.find("{") : text.rfind("}") + 1])
    if not isinstance(said, dict):
        raise ValueError("no object")
    return said
