"""What the libraries that run models do, tried in a process that they may take down.

`python native.py ENGINE FILE`; the findings go to standard output as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from edu.assistant.engines.base import Engine, Message, Options
from edu.assistant.engines.choose import make_engine
from edu.assistant.engines.errors import ContextTooLong

ASKED = [Message("user", "the sea")]
LONG = [
    Message("system", "Be brief."),
    *[Message(role, "word " * 30) for _turn in range(9) for role in ("user", "assistant")],
    Message("user", "the last", tuple("passage " * 9 for _passage in range(9))),
]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def ask(engine: Engine, messages: list[Message], **how: Any) -> list[str]:
    return list(engine.generate(messages, **{"max_tokens": 24, "temperature": 0, **how}))


def cancel(engine: Engine) -> dict[str, float]:
    """Seconds from the word to the end, and what an uncancelled answer takes."""
    start = time.monotonic()
    ask(engine, ASKED, max_tokens=120)
    whole = time.monotonic() - start
    told: list[float] = []
    for _piece in engine.generate(ASKED, max_tokens=120, cancelled=lambda: len(told) > 0):
        told.append(time.monotonic())
    return {"after": time.monotonic() - told[0], "whole": whole}


def is_too_long(engine: Engine) -> bool:
    try:
        engine.fit([Message("user", "the sea " * 9999)], 24)
    except ContextTooLong:
        return True
    return False


def findings(engine: Engine) -> dict[str, Any]:
    whole = ask(engine, ASKED)
    text = "".join(whole)
    middle = text[len(text) // 2 : len(text) // 2 + 2]
    found = {
        "pieces": len(whole),
        "text": text,
        "middle": middle,
        "stopped": "".join(ask(engine, ASKED, stop=[middle])),
        "cancelled": cancel(engine),
        "fitting": [len(engine.fit(LONG, 24)), engine.count_prompt(engine.fit(LONG, 24))],
        "context": engine.features.context_tokens,
        "after a long one": len("".join(ask(engine, LONG))),
        "too long": is_too_long(engine),
        "emoji": engine.count_tokens("😀" * 500),
        "handler": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    }
    if engine.features.grammar:
        found["grammar"] = "".join(ask(engine, ASKED, grammar='root ::= ("yes" | "no") "!"'))
        found["json"] = "".join(ask(engine, ASKED, max_tokens=100, json_schema=SCHEMA))
    return found


def main() -> None:
    outcome = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, model = sys.argv[1:]
    with outcome:
        json.dump(findings(make_engine(Options(name, model, context=512, threads=2))), outcome)
        outcome.flush()
    os.kill(os.getpid(), signal.SIGTERM)  # which must end this process, whatever a library set


if __name__ == "__main__":
    main()
