"""From a question to its answer: understand, find, have it written, and verify what is shown."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from flask_babel import force_locale

from edu.accounts.models import User
from edu.assistant.drafts import Draft, Ending, Sheet
from edu.assistant.engines.base import Engine, Message
from edu.assistant.engines.errors import EngineError
from edu.assistant.findings import Findings
from edu.assistant.following import refer
from edu.assistant.instructions import Task, load_instructions
from edu.assistant.languages import language_of
from edu.assistant.meaning import Meaning
from edu.assistant.messages import make_messages
from edu.assistant.models import Question
from edu.assistant.retrieval import retrieve
from edu.assistant.second_reading import read_again
from edu.assistant.understanding import understand
from edu.extensions import settings

__all__ = ["Draft", "write_answer"]

log = logging.getLogger(__name__)

EVERY_S = 0.25  # between two drafts
TRIES = 3
BACKOFF_S = 1.0
LONGEST_WAIT_S = 20.0
LOOK_S = 0.1
INTRO_TOKENS = 160
STUCK = 1500  # characters that a model may go on writing without one of them being let through
# Where a model begins to speak for the student as well.
STOP = (
    *("Вопрос студента:", "\nСтудент:", "\nПользователь:"),
    *("The student's question:", "\nStudent:", "\nUser:"),
)


class Stop:
    """Whether to end now: nobody wants the answer any more, or it takes too long."""

    def __init__(self, cancelled: Callable[[], bool], seconds: float) -> None:
        self.cancelled = cancelled
        self._end = time.monotonic() + seconds

    def __call__(self) -> bool:
        return self.cancelled() or self.is_late()

    def is_late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    def ending(self) -> Ending:
        """How an answer that is stopped now has ended."""
        return "cancelled" if self.cancelled() else "late" if self.is_late() else ""

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than the answer is wanted."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self():
            time.sleep(min(LOOK_S, left))


def write_answer(
    user: User,
    question: Question,
    history: Sequence[Question],
    engine: Engine | None,
    cancelled: Callable[[], bool],
) -> Generator[Draft]:
    """The answer as it grows; the last draft is final.

    Where the model fails the answer is the composer's. Raises Unavailable when search is silent.
    """
    stop = Stop(cancelled, settings().assistant_answer_s)
    text, language = question.text, language_of(question.text, question.locale)
    with force_locale(language):
        meaning, findings = _find(user, text, history, engine, language, stop)
        sheet = Sheet(text, meaning, findings, language)
        if cancelled():
            yield sheet.nothing()
            return
        if engine is None or not findings.covers or not findings.materials or meaning.asks_nothing:
            yield sheet.composed()
            return
        task: Task = "intro" if sheet.plan else "answer"
        messages = make_messages(task, text, history, findings, language)
        prompt = load_instructions(task, language).name
        first = sheet.growing("", engine.name, prompt)
    # Whoever keeps a draft ends a transaction with it: none is open while the model thinks.
    yield first
    writer = Writer(engine, messages, _room(task), stop, sheet, prompt)
    error = yield from writer.write()
    with force_locale(language):
        yield _end(sheet, writer, error, stop.ending())


def _room(task: Task) -> int:
    longest = settings().assistant_max_tokens
    return min(INTRO_TOKENS, longest) if task == "intro" else longest


def _end(sheet: Sheet, writer: Writer, error: EngineError | None, ending: Ending) -> Draft:
    if error is not None and not ending:
        return sheet.composed(error.code)
    if ending == "cancelled" and not writer.raw:
        return sheet.nothing()
    return sheet.finished(writer.raw, writer.engine.name, writer.prompt, ending)


def _find(
    user: User,
    text: str,
    history: Sequence[Question],
    engine: Engine | None,
    language: str,
    stop: Stop,
) -> tuple[Meaning, Findings]:
    """What the question means and what the library has for it; of two readings the one that finds
    something."""
    earlier = Meaning.of_json(history[-1].meaning) if history and history[-1].meaning else None
    named = [[one["material_id"] for one in turn.citations] for turn in reversed(history)]
    before = [number for row in named[1:] for number in row]
    meaning = refer(understand(text, earlier), named[0] if named else (), before)
    if engine is not None:
        again = read_again(text, meaning, engine, language, stop)
        if again != meaning:
            findings = retrieve(user, again)
            if findings.covers:
                return again, findings
    return meaning, retrieve(user, meaning)


@dataclass(slots=True)
class Writer:
    """A model at work on one answer; `raw` is what it has said in its last try."""

    engine: Engine
    messages: Sequence[Message]
    max_tokens: int
    stop: Stop
    sheet: Sheet
    prompt: str
    raw: str = ""

    def write(self) -> Generator[Draft, None, EngineError | None]:
        """Drafts; in the end what kept the model from its answer, if anything did."""
        for tried in range(1, TRIES + 1):
            self.raw = ""
            try:
                yield from self._grow()
                return None
            except EngineError as error:
                log.warning("the language model failed (%d of %d): %s", tried, TRIES, error)
                pause = error.retry_after
                if pause is None:
                    pause = BACKOFF_S * 2 ** (tried - 1)
                if not self._may_repeat(error, tried) or pause > LONGEST_WAIT_S or self.stop():
                    return error
                self.stop.rest(pause)
                if self.stop():
                    return error
        return None

    def _may_repeat(self, error: EngineError, tried: int) -> bool:
        # An engine that has asked again by itself need not be asked as often once more.
        done = self.engine.features.repeats and not self.raw
        return error.retry and tried < TRIES and not done

    def _grow(self) -> Generator[Draft]:
        shown, let_through, seen = "", 0, 0.0
        pieces = self.engine.generate(
            self.messages, max_tokens=self.max_tokens, stop=STOP, cancelled=self.stop
        )
        with closing(pieces):
            for piece in pieces:
                self.raw += piece
                if self.stop():
                    return
                if time.monotonic() - seen < EVERY_S:
                    continue
                with force_locale(self.sheet.language):
                    draft = self.sheet.growing(self.raw, self.engine.name, self.prompt)
                seen = time.monotonic()
                if draft.text != shown:
                    shown, let_through = draft.text, len(self.raw)
                    yield draft
                elif len(self.raw) - let_through > STUCK:
                    log.info("the language model repeats itself and is stopped")
                    return
