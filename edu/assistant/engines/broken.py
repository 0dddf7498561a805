"""An engine that could not be made."""

from __future__ import annotations

from collections.abc import Generator

from edu.assistant.engines.base import Cancelled, Engine, Features, Request
from edu.assistant.engines.errors import EngineError


class BrokenEngine(Engine):
    """Raises, when it is asked, what kept the model from being loaded."""

    name = "broken"
    features = Features(context_tokens=4096)

    def __init__(self, error: EngineError) -> None:
        self.error = error

    def stream(self, request: Request, cancelled: Cancelled) -> Generator[str]:
        """Raises EngineError."""
        yield from self._fail()

    def _fail(self) -> list[str]:
        raise self.error

    def count_tokens(self, text: str) -> int:
        """Nothing is too long for what is never read."""
        return 0
