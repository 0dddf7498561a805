"""One question to an engine, measured. What runs inside the process may take it down, and so is
tried in a process of its own: `python -m edu.assistant.engines.trial`, options in, outcome out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from edu.assistant.engines.base import Engine, Message, Options
from edu.assistant.engines.choose import make_engine
from edu.assistant.engines.errors import EngineError

INSTRUCTIONS = "You are an assistant of a library of study materials. Answer in one sentence."


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a question. Seconds, bytes; `problem` tells why there is no answer."""

    load_s: float = 0.0
    first_s: float = 0.0
    total_s: float = 0.0
    tokens: int = 0
    memory: int = 0
    answer: str = ""
    problem: str = ""

    @property
    def speed(self) -> float:
        """Tokens of the answer a second, counted from its first word; 0 if it had just one."""
        written = self.total_s - self.first_s
        return (self.tokens - 1) / written if written > 0 and self.tokens > 1 else 0.0


def try_engine(options: Options, question: str, max_tokens: int) -> Trial:
    """Load the engine, ask, and count, in this process."""
    start = time.monotonic()
    try:
        with closing(make_engine(options)) as engine:
            loaded = time.monotonic()
            return _ask(engine, question, max_tokens, loaded - start)
    except EngineError as error:
        return Trial(problem=str(error))


def _ask(engine: Engine, question: str, max_tokens: int, load_s: float) -> Trial:
    messages = [Message("system", INSTRUCTIONS), Message("user", question)]
    start, first_s, text = time.monotonic(), 0.0, ""
    for piece in engine.generate(messages, max_tokens=max_tokens):
        first_s = first_s or time.monotonic() - start
        text += piece
    total_s = time.monotonic() - start
    return Trial(load_s, first_s, total_s, engine.count_tokens(text), most_memory(), text.strip())


def most_memory() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")),
        0,
    )


def try_apart(options: Options, question: str, max_tokens: int) -> Trial:
    """The same in a process of its own, whose crash becomes a `problem`."""
    asked = {"options": asdict(options), "question": question, "max_tokens": max_tokens}
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    if done.returncode == 0:
        return Trial(**json.loads(done.stdout))
    return Trial(problem=f"the engine crashed ({_ending(done.returncode)})")


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _main() -> None:
    # Libraries print where they like; only the outcome goes to whoever started this.
    outcome = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    options = Options(**asked["options"])
    trial = try_engine(options, asked["question"], asked["max_tokens"])
    with outcome:
        json.dump(asdict(trial), outcome)


if __name__ == "__main__":
    _main()
