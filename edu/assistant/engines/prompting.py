"""Messages as the prompt of a model whose library knows no chat templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from edu.assistant.engines.base import Message

BEGIN, END = "<s>", "</s>"


def make_prompt(messages: Sequence[Message], template: str) -> str:
    """The prompt by the file's own template, or as Llama 2 was taught where it has none.

    https://github.com/meta-llama/llama: llama/generation.py, chat_completion
    """
    if template:
        from jinja2 import TemplateError

        try:
            return _render(messages, template)
        except TemplateError:
            pass  # such as a template that refuses instructions
    return llama2_prompt(messages)


def llama2_prompt(messages: Sequence[Message]) -> str:
    """Questions between [INST] and [/INST], the instructions within the first of them."""
    system = messages[0].content if messages and messages[0].role == "system" else ""
    head = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    parts = []
    for message in messages[1:] if system else messages:
        if message.role == "user":
            parts.append(f"{BEGIN}[INST] {head}{message.content.strip()} [/INST]")
            head = ""
        else:
            parts.append(f" {message.content.strip()} {END}")
    return "".join(parts)


def _render(messages: Sequence[Message], template: str) -> str:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _refuse
    turns = [{"role": one.role, "content": one.content} for one in messages]
    return environment.from_string(template).render(
        messages=turns, bos_token=BEGIN, eos_token=END, add_generation_prompt=True
    )


def _refuse(reason: Any = "") -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(str(reason))


def tokens_of(
    prompt: str, control: Mapping[str, int], tokenize: Callable[[str], list[int]]
) -> list[int]:
    """The prompt in tokens: those in `control` by their numbers, the text between by `tokenize`."""
    if not control:
        return tokenize(prompt)
    marks = "|".join(map(re.escape, sorted(control, key=len, reverse=True)))
    tokens: list[int] = []
    for part in re.split(f"({marks})", prompt):
        if part in control:
            tokens.append(control[part])
        elif part:
            tokens += tokenize(part)
    return tokens
