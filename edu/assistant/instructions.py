"""What language models are told: files in prompts/, one for each task, version and language.

A changed text is a new version: answers remember by which they were written.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).with_name("prompts")
# `question` and `excerpt` are the frames around what a person asks and what a material says.
Task = Literal["answer", "intro", "meaning", "question", "excerpt"]
VERSIONS: dict[Task, int] = {"answer": 1, "intro": 1, "meaning": 1, "question": 1, "excerpt": 1}
LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Instructions:
    """A file of instructions; `name` is its name without the ending, such as `answer.v1.ru`."""

    name: str
    text: str


@functools.cache
def load_instructions(task: Task, language: str) -> Instructions:
    """The present version, in English where there is none in this language."""
    name = f"{task}.v{VERSIONS[task]}.{language if language in LANGUAGES else 'en'}"
    return Instructions(name, (FOLDER / f"{name}.txt").read_text("utf-8").strip())


def prompt_version() -> str:
    """All versions in one word: an answer that was kept is good for the same one only."""
    return "-".join(f"{task}{version}" for task, version in VERSIONS.items())
