"""What can go wrong with a language model, said to people in a sentence and to logs in detail.

`retry` tells whether the same question may well succeed later, `retry_after` after how
many seconds.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from edu.errors import Unavailable


class EngineError(Unavailable):
    """The language model gives no answer. `detail` is for logs and `flask assistant doctor`."""

    code = "engine_failed"
    message: Any = _l("The language model does not answer just now.")
    retry = False

    def __init__(
        self, detail: str = "", *, message: Any = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.detail = detail
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class EngineMissing(EngineError):
    """The library that runs the model is not installed, or not for this machine."""

    code = "engine_missing"
    message = _l("The engine of the language model is not installed on this server.")


class ModelMissing(EngineError):
    """There is no such file, or the server knows no such model."""

    code = "model_missing"
    message = _l("The language model that is set up cannot be found.")


class ModelUnsupported(EngineError):
    """The engine cannot load this model; the sentence names one that can, if there is one."""

    code = "model_unsupported"
    message = _l("The language model that is set up cannot be loaded.")

    def __init__(self, detail: str, *, engine: str = "", instead: str = "") -> None:
        message = None
        if instead:
            message = _l(
                "The engine %(engine)s cannot load this model; the engine %(instead)s can.",
                engine=engine,
                instead=instead,
            )
            detail = f"{detail}; set ASSISTANT_ENGINE={instead}"
        super().__init__(detail, message=message)
        self.instead = instead


class EngineBusy(EngineError):
    """The server has too much to do, or this key has asked too often."""

    code = "engine_busy"
    message = _l("The language model is busy. Please try again in a minute.")
    retry = True


class EngineUnreachable(EngineError):
    """The server is not there, fell silent, or broke off in the middle."""

    code = "engine_unreachable"
    message = _l("The language model cannot be reached just now.")
    retry = True


class BadAnswer(EngineError):
    """What came is no answer."""

    code = "engine_bad_answer"
    message = _l("The language model gave no answer.")
    retry = True


class ContextTooLong(EngineError):
    """Not even the question alone fits into the model's context."""

    code = "context_too_long"
    message = _l("The question is too long for the language model. Please shorten it.")


class Refused(EngineError):
    """The server does not accept the key or the request; `parameter` if it minds just that."""

    code = "engine_refused"
    message = _l("The server of the language model refused the request.")

    def __init__(self, detail: str = "", *, parameter: str = "") -> None:
        super().__init__(detail)
        self.parameter = parameter
