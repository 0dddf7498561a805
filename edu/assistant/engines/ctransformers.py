"""Models of the Llama 2 family, and the older types, by ctransformers in this process.

Its last release is of 2023: see edu/assistant/engines/files.py for what it cannot load. A crash of
the library takes the process along.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import platform
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edu.assistant.engines.base import Cancelled, Engine, Features, Message, Options, Request
from edu.assistant.engines.errors import BadAnswer, EngineMissing, ModelUnsupported
from edu.assistant.engines.files import open_for_ctransformers
from edu.assistant.engines.prompting import BEGIN, make_prompt, tokens_of

ALL_LAYERS = 999
# Tokens read at once: between two batches it can be cancelled.
BATCH = 64
LOOK_S = 0.1


class CTransformers(Engine):
    """A model file in ctransformers, which answers one question at a time."""

    name = "ctransformers"

    def __init__(self, options: Options) -> None:
        """Load the model, which takes seconds to minutes. Raises EngineError."""
        path = Path(options.model)
        header = open_for_ctransformers(path, options.model_type)
        context = min(options.context, (header and header.context) or options.context)
        self.template = header.template if header else ""
        self.control = dict(header.control) if header else {}
        self.marks = tuple(self.control)
        self.features = Features(context_tokens=context)
        self.threads = options.threads or len(os.sched_getaffinity(0))
        self._lock = threading.Lock()
        self._model = self._load(path, options, context, is_gguf=header is not None)

    def _load(self, path: Path, options: Options, context: int, *, is_gguf: bool) -> Any:
        layers = ALL_LAYERS if options.gpu_layers < 0 else options.gpu_layers
        try:
            from ctransformers.llm import LLM, Config

            return LLM(
                str(path),
                "gguf" if is_gguf else options.model_type,
                config=Config(context_length=context, gpu_layers=layers, threads=self.threads),
                lib=None if layers else _build(),
            )
        except (ImportError, OSError) as error:
            why = f"ctransformers: {error}; `make models` installs it"
            raise EngineMissing(f"{why}, docs/assistant.md says how with a GPU") from error
        except RuntimeError as error:
            raise ModelUnsupported(f"ctransformers cannot load {path}: {error}") from error

    def count_tokens(self, text: str) -> int:
        """See Engine.count_tokens."""
        return len(self._tokenize(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """See Engine.count_prompt. Exact."""
        return len(self._prompt(messages))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        tokens = tokens_of(make_prompt(messages, self.template), self.control, self._tokenize)
        begin = self.control.get(BEGIN)
        return tokens if begin is None or tokens[:1] == [begin] else [begin, *tokens]

    def _tokenize(self, text: str) -> list[int]:
        # The library's own tokenize() has room for as many tokens as characters, and one
        # character can be four tokens: it would write past the end.
        data = text.encode()
        room = (ctypes.c_int * (len(data) + 8))()
        count = self._model.ctransformers_llm_tokenize(data, False, room)
        return room[:count]

    def stream(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        """See Engine.stream."""
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        with self._turn(cancelled) as mine:
            tokens = self._tokens(request, cancelled) if mine else iter(())
            for token in tokens:
                if text := decoder.decode(self._model.detokenize([token], decode=False)):
                    yield text

    @contextmanager
    def _turn(self, cancelled: Cancelled) -> Iterator[bool]:
        """Wait until the model is free; false when it was cancelled before that."""
        while not self._lock.acquire(timeout=LOOK_S):
            if cancelled():
                yield False
                return
        try:
            yield True
        finally:
            self._lock.release()

    def _tokens(self, request: Request, cancelled: Cancelled) -> Iterator[int]:
        model = self._model
        # What the last prompt began with as well is not read again.
        prompt = list(model.prepare_inputs_for_generation(self._prompt(request.messages)))
        for start in range(0, len(prompt), BATCH):
            if cancelled():
                return
            self._read(prompt[start : start + BATCH])
        likeliest = {"top_k": 1} if request.temperature <= 0 else {}
        for _count in range(request.max_tokens):
            if cancelled():
                return
            token = model.sample(temperature=request.temperature or 1.0, **likeliest)
            if model.is_eos_token(token):
                return
            yield token
            self._read([token])

    def _read(self, tokens: list[int]) -> None:
        try:
            self._model.eval(tokens, batch_size=BATCH, threads=self.threads)
        except RuntimeError as error:
            raise BadAnswer(f"ctransformers: {error}") from error

    def close(self) -> None:
        """See Engine.close."""
        self._model = None


def _build() -> str | None:
    """Which of the library's builds fits this processor; None leaves the choice to the library.

    It would start a process and take a second to find out the same.
    """
    try:
        flags = set(Path("/proc/cpuinfo").read_text("utf-8").split())
    except OSError:
        return None
    if platform.machine() != "x86_64":
        return None
    if "avx2" in flags:
        return "avx2"
    return "avx" if {"avx", "f16c"} <= flags else "basic"
