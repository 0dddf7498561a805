"""What servers of chat completions send back, understood."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from edu.assistant.engines.errors import (
    BadAnswer,
    ContextTooLong,
    EngineBusy,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    Refused,
)

MAX_LINE = 1 << 20
MAX_BODY = 1 << 22
_END = b"[DONE]"
_THOUGHTS = ("reasoning_content", "reasoning")
_TOO_LONG = re.compile(r"context.{0,20}(length|size|window)|too many tokens", re.IGNORECASE)
_PARAMETER = re.compile(r"['\"](max_tokens|temperature|stop|response_format)['\"]")


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any]]:
    """The JSON objects of server-sent events, until the server says that it is done.

    Lines are cut at line feeds alone: JSON may hold what Unicode calls a line separator.
    Raises BadAnswer.
    """
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise BadAnswer("a line that never ends")
        for line in lines:
            name, _colon, value = line.strip().partition(b":")
            if name == b"data" and value.strip() == _END:
                yield {"choices": [{"delta": {}, "finish_reason": "stop"}]}
            elif name == b"data" and value.strip():
                yield _object(value)


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadAnswer("what came is not JSON") from error
    if not isinstance(value, dict):
        raise BadAnswer("what came is no object")
    return value


class Spoken(NamedTuple):
    """A piece of the answer. `ends`: it is complete; `thinks`: the model thinks aloud."""

    text: str
    ends: bool = False
    thinks: bool = False


def text_of(event: Mapping[str, Any]) -> Spoken:
    """What an event says. Raises BadAnswer."""
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices:
        return Spoken("")  # such as the count of tokens at the end
    text = _text_of(choices[0], "delta")
    thinks = any(choices[0]["delta"].get(name) for name in _THOUGHTS)
    return Spoken(text, bool(choices[0].get("finish_reason")), thinks)


def whole_text(body: bytes) -> str:
    """The text of an answer that was not streamed. Raises BadAnswer."""
    choices = _object(body).get("choices")
    if not isinstance(choices, list) or not choices:
        raise BadAnswer("an answer without choices")
    return _text_of(choices[0], "message")


def _text_of(choice: Any, part: str) -> str:
    try:
        text = choice[part].get("content")
    except (TypeError, KeyError, AttributeError) as error:
        raise BadAnswer("an answer of another shape") from error
    return text if isinstance(text, str) else ""


def failure_of(status: int, headers: Mapping[str, str], text: str) -> EngineError:
    """The error that a status other than 200 stands for; `text` is fit for logs."""
    detail, after = f"HTTP {status}: {text}", _seconds(headers.get("retry-after", ""))
    if status == 429 or (status == 503 and after is not None):
        return EngineBusy(detail, retry_after=after)
    if status in (408, 409) or status >= 500:
        return EngineUnreachable(detail, retry_after=after)
    if status == 404:
        return ModelMissing(detail)
    if status in (400, 413, 422) and _TOO_LONG.search(text):
        return ContextTooLong(detail)
    named = _PARAMETER.search(text) if status in (400, 422) else None
    return Refused(detail, parameter=named[1] if named else "")


def failure_within(error: Any, clean: Callable[[str], str]) -> EngineError:
    """The error that a server tells in the middle of an answer."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return failure_of(status, {}, clean(json.dumps(error, ensure_ascii=False)))


def _seconds(value: str) -> float | None:
    """Seconds out of a Retry-After header, which may be a date."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
