"""GGUF models of today (Llama 3, Qwen, Gemma, DeepSeek distillates) by llama.cpp in this process.

xllamacpp runs the server of llama.cpp on threads of its own. It is spoken to on a port of this
machine, with a key that nobody else knows: that way alone it can be told to stop while it reads a
long prompt. A crash of the library takes the process along.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edu.assistant.engines.base import Cancelled, Engine, Features, Message, Options, Request
from edu.assistant.engines.errors import EngineMissing, EngineUnreachable, ModelUnsupported
from edu.assistant.engines.files import open_for_llamacpp
from edu.assistant.engines.openai import ChatServer
from edu.assistant.engines.signals import keep_signals

if TYPE_CHECKING:
    import httpx


ALL_LAYERS = 999
# Tokens read at once: a processor is not much quicker with more, and stops only in between.
BATCH, GPU_BATCH = 128, 512
CALL_S = 30.0
PROBE = (Message("system", "Abide"), Message("user", "Hello"))


class LlamaCpp(Engine):
    """A GGUF file in llama.cpp."""

    name = "llamacpp"

    def __init__(self, options: Options) -> None:
        """Load the model, which takes seconds to minutes. Raises EngineError."""
        path = Path(options.model)
        header = open_for_llamacpp(path)
        context = min(options.context, header.context or options.context)
        self.options = options
        self.key = secrets.token_urlsafe(32)
        self.marks = tuple(header.control)
        self.features = Features(
            context_tokens=context,
            grammar=frozenset({"gbnf", "json_schema"}),
        )
        self._server = self._start(path, context)
        self.chat = ChatServer(f"{self._server.listening_address}/v1", self.key, trust_env=False)
        self._client = self._connect()
        self.folds_system = not self._takes_system()

    def _start(self, path: Path, context: int) -> Any:
        try:
            import xllamacpp
        except (ImportError, OSError) as error:
            raise EngineMissing(f"xllamacpp: {error}; `make models` installs it") from error
        params = self._params(xllamacpp.CommonParams(), path, context)
        try:
            with keep_signals():
                return xllamacpp.Server(params)
        except RuntimeError as error:
            why = f"llama.cpp cannot load {path}: not enough memory, or too new a model"
            raise ModelUnsupported(why) from error

    def _params(self, params: Any, path: Path, context: int) -> Any:
        layers = self.options.gpu_layers
        threads = self.options.threads or len(os.sched_getaffinity(0))
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = context, 1
        params.n_batch = params.n_ubatch = GPU_BATCH if layers else BATCH
        params.n_gpu_layers = ALL_LAYERS if layers < 0 else layers
        params.fit_params = False
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = 0  # else up to 8 GiB of earlier prompts
        params.use_jinja, params.ui, params.warmup = True, False, False
        params.verbosity = 1  # errors only
        params.hostnames, params.port = ["127.0.0.1"], 0
        params.api_keys = [self.key]
        return params

    def _connect(self) -> httpx.Client:
        import httpx

        return httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=CALL_S,
            trust_env=False,
        )

    def _call(self, path: str, body: dict[str, Any]) -> Any:
        import httpx

        try:
            return self._client.post(path, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            raise EngineUnreachable(f"{path}: {type(error).__name__}") from error

    def _takes_system(self) -> bool:
        """Whether the file's template has a place for instructions (Gemma's has none)."""
        try:
            return PROBE[0].text in self._prompt([_sent(one) for one in PROBE])
        except EngineUnreachable:
            return False

    def _prompt(self, turns: Sequence[dict[str, str]]) -> str:
        return str(self._call("/apply-template", {"messages": list(turns)})["prompt"])

    def _turns(self, messages: Sequence[Message]) -> list[dict[str, str]]:
        turns = [_sent(one) for one in messages]
        if self.folds_system and len(turns) > 1 and turns[0]["role"] == "system":
            first, second, *others = turns
            return [{**second, "content": f"{first['content']}\n\n{second['content']}"}, *others]
        return turns

    def count_tokens(self, text: str) -> int:
        """See Engine.count_tokens."""
        return len(self._call("/tokenize", {"content": text})["tokens"])

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """See Engine.count_prompt. Exact: the template is filled in and cut into tokens."""
        text = self._prompt(self._turns(messages))
        body = {"content": text, "add_special": True, "parse_special": True}
        return len(self._call("/tokenize", body)["tokens"])

    def stream(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        """See Engine.stream."""
        body: dict[str, Any] = {
            "messages": self._turns(request.messages),
            "stream": True,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stop": list(request.stop),
            "cache_prompt": True,
        }
        if request.grammar:
            body["grammar"] = request.grammar
        elif request.json_schema:
            body["json_schema"] = request.json_schema
        yield from self.chat.ask(
            body,
            first_s=self.options.first_s,
            stall_s=self.options.stall_s,
            cancelled=cancelled,
        )

    def close(self) -> None:
        """See Engine.close."""
        self._client.close()
        self._server = None


def _sent(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}
