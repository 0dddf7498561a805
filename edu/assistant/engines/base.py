"""What every engine is: messages in, a stream of text out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from edu.assistant.engines.errors import BadAnswer, ContextTooLong
from edu.assistant.engines.text import disarm, until, without_thoughts

Role = Literal["system", "user", "assistant"]
Grammar = Literal["gbnf", "json_schema"]
Cancelled = Callable[[], bool]
# What a chat template puts around a message, in tokens, where it cannot be measured.
AROUND = 8


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `passages` stand before the text, the most useful first: the last are cut first."""

    role: Role
    text: str
    passages: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """All that the model reads of it."""
        return "\n\n".join((*self.passages, self.text))


@dataclass(frozen=True, slots=True)
class Features:
    """What an engine can do. `repeats`: it asks again by itself while nothing has come."""

    context_tokens: int
    repeats: bool = False
    grammar: frozenset[Grammar] = frozenset()


@dataclass(frozen=True, slots=True)
class Options:
    """How an engine was set up; times in seconds. Two equal ones need one engine only."""

    engine: str
    model: str = ""
    model_type: str = ""
    gpu_layers: int = 0
    context: int = 4096
    threads: int = 0
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    first_s: float = 120.0
    stall_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an engine, cut to its context. Temperature 0 means the likeliest words."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    json_schema: Mapping[str, Any] | None = None


def never() -> bool:
    """Nobody cancels."""
    return False


class Engine(ABC):
    """A language model, loaded when made. Threads may share it."""

    name: ClassVar[str]
    features: Features
    # Strings of the model's own that only a chat template may use.
    marks: tuple[str, ...] = ()

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.3,
        stop: Sequence[str] = (),
        grammar: str | None = None,
        json_schema: Mapping[str, Any] | None = None,
        cancelled: Cancelled = never,
    ) -> Generator[str]:
        """The answer, piece by piece; it just ends when `cancelled` says so. Raises EngineError.

        `grammar` is GBNF. A constraint that `features.grammar` does not name is not kept, so
        whoever sets one checks what came.
        """
        # An answer that took the whole context would leave no room for the question.
        longest = min(max_tokens, self.features.context_tokens // 2)
        empty = True
        while empty:
            fitting = tuple(self.fit(messages, longest))
            request = Request(fitting, longest, temperature, tuple(stop), grammar, json_schema)
            try:
                # Closed by name: who stops reading must stop the model as well.
                with closing(self.stream(request, cancelled)) as pieces:
                    for piece in until(without_thoughts(pieces), request.stop):
                        empty = False
                        yield piece
                break
            except ContextTooLong:
                if not empty or not self.count_more():
                    raise
        if empty and not cancelled():
            raise BadAnswer("the model ended without a word")

    @abstractmethod
    def stream(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        """The raw text of the model; a generator that stops the model when it is closed."""

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """How long the text is for this model; an estimate errs upwards."""

    def count_more(self) -> bool:
        """Estimate higher from now on, the model having found a prompt too long; False if it knows
        no higher."""
        return False

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """How long the messages are with all that the chat template adds."""
        return AROUND + sum(self.count_tokens(one.content) + AROUND for one in messages)

    def fit(self, messages: Sequence[Message], max_tokens: int) -> list[Message]:
        """The messages cut so that prompt and answer fit into the context.

        Oldest turns go first, then passages from the end; never the system prompt nor the last
        message. Raises ContextTooLong.
        """
        room = self.features.context_tokens - max_tokens
        cuts = list(_shorter([self._disarmed(one) for one in messages]))
        fits = bisect_left(cuts, True, key=lambda cut: self.count_prompt(cut) <= room)
        if fits == len(cuts):
            raise ContextTooLong(f"no room in {self.features.context_tokens} tokens")
        return cuts[fits]

    def _disarmed(self, message: Message) -> Message:
        passages = tuple(disarm(passage, self.marks) for passage in message.passages)
        return replace(message, text=disarm(message.text, self.marks), passages=passages)

    def close(self) -> None:  # noqa: B027  not every engine holds something
        """Free what the engine holds."""


def _shorter(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The messages, and then ever less of them."""
    system = [one for one in messages[:1] if one.role == "system"]
    turns = list(messages[len(system) :])
    yield [*system, *turns]
    while len(turns) > 1:
        turns.pop(0)
        # Templates want the person to speak first.
        while len(turns) > 1 and turns[0].role != "user":
            turns.pop(0)
        yield [*system, *turns]
    kept = [*system, *turns]
    for place in range(len(kept) - 1, -1, -1):
        while kept[place].passages:
            kept[place] = replace(kept[place], passages=kept[place].passages[:-1])
            yield list(kept)
