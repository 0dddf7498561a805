"""An answer on its way: what is put together of code's words and a model's, always verified."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from flask_babel import gettext as _

from edu.assistant.composer import compose, compose_more
from edu.assistant.engines.choose import COMPOSER
from edu.assistant.engines.errors import BadAnswer
from edu.assistant.findings import ALL_PLACE_KINDS, Findings, PassageFound
from edu.assistant.languages import reads_well
from edu.assistant.meaning import Intent, Meaning
from edu.assistant.sources import Sources
from edu.assistant.verification import Verified, check, hold_back
from edu.assistant.wording import say_relaxation
from edu.extensions import utcnow

WANTED = 3  # materials that are recommended where no number was named
LATE = "answer_late"
LONG_LINE = 6  # words, from which a line without an end is no heading
_ITEM = re.compile(r"\s*(?:[—–•*-]|\d{1,3}[.)])\s")
_ENDS = re.compile(r"[.!?…:;)\]»”\"*]\s*$")
_SENTENCE = re.compile(r".*[.!?…](?=\s)")
Ending = Literal["", "late", "cancelled"]


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer as far as it goes; the text is verified, and `removed` counts what was taken out.

    `engine` is what has written it and `prompt` by which instructions; `error` is the code of what
    kept the model from it, or cut it short.
    """

    text: str
    citations: list[dict[str, Any]]
    removed: int
    meaning: Meaning
    engine: str
    prompt: str
    error: str
    final: bool


class Sheet:
    """What an answer to one question is written on. Methods want the language of the answer."""

    def __init__(self, question: str, meaning: Meaning, findings: Findings, language: str) -> None:
        self.meaning, self.findings, self.language = meaning, findings, language
        self.plan = ""
        if meaning.intent is Intent.PLAN and findings.covers:
            self.plan, findings = _plan(meaning, findings)
        self.relaxed = "\n".join(map(say_relaxation, findings.relaxed))
        self.sources = Sources(findings, (question, meaning.words, self.relaxed))

    def composed(self, error: str = "") -> Draft:
        """The composer's answer, which says so when a model should have written it."""
        text = compose(self.meaning, self.findings)
        if error:
            why = _("The language model did not answer; this was put together without it.")
            text = f"{why}\n\n{text}"
        checked = check(text, self.sources, final=True)
        return self._draft(checked, COMPOSER, "", error, final=True)

    def nothing(self) -> Draft:
        """The end of an answer that nobody wants any more, before it has begun."""
        return self._draft(Verified("", [], 0), COMPOSER, "", "", final=True)

    def growing(self, raw: str, engine: str, prompt: str) -> Draft:
        """What a model has written so far; its words come before the plan, if there is one."""
        # Verified by itself first: what is held back is at its end, not at the plan's.
        own = check(raw, self.sources, final=False)
        whole = self._together(own)
        return self._draft(whole, engine, prompt, "", final=False)

    def finished(self, raw: str, engine: str, prompt: str, ending: Ending = "") -> Draft:
        """The whole answer, with more materials if it names fewer than were asked for."""
        own = check(_to_sentence(hold_back(raw) if ending else raw), self.sources, final=True)
        if ending == "cancelled":
            return self._draft(self._together(own), engine, prompt, "", final=True)
        if not reads_well(own.text, self.language, self.sources.titles):
            draft = self.composed(LATE if ending else BadAnswer.code)
            return replace(draft, removed=draft.removed + own.removed)
        notes = [_("The answer took too long and was cut short here.")] if ending else []
        whole = self._together(own)
        notes.append(compose_more(self.findings, _cited(whole), self._wanted()))
        whole = self._joined([whole.text, *notes], whole.removed)
        return self._draft(whole, engine, prompt, LATE if ending else "", final=True)

    def _wanted(self) -> int:
        if self.plan:
            return 0
        return self.meaning.count or (WANTED if self.meaning.intent is Intent.RECOMMEND else 1)

    def _together(self, own: Verified) -> Verified:
        return self._joined([self.relaxed, own.text, self.plan], own.removed)

    def _joined(self, parts: Iterable[str], removed: int) -> Verified:
        whole = check("\n\n".join(filter(None, parts)), self.sources, final=True)
        return replace(whole, removed=whole.removed + removed)

    def _draft(
        self, checked: Verified, engine: str, prompt: str, error: str, *, final: bool
    ) -> Draft:
        said = (checked.text, checked.citations, checked.removed, self.meaning)
        return Draft(*said, engine=engine, prompt=prompt, error=error, final=final)


def _to_sentence(text: str) -> str:
    """The text without a last sentence that has no end: the model had no more room for it."""
    before, _newline, line = text.rstrip().rpartition("\n")
    if len(line.split()) < LONG_LINE or _ITEM.match(line) or _ENDS.search(line):
        return text
    whole = _SENTENCE.match(line)
    return "\n".join(filter(None, (before, whole[0] if whole else ""))) or text


def _cited(checked: Verified) -> set[int]:
    return {citation["material_id"] for citation in checked.citations}


def _plan(meaning: Meaning, findings: Findings) -> tuple[str, Findings]:
    """The plan in words, and the findings with the pages that it names."""
    from edu.plans.drafting import describe_plan, draft_plan  # plans are made of answers, too

    draft = draft_plan(meaning, findings, utcnow().date())
    if not draft.steps:
        return "", findings
    steps = [step for step in (*draft.steps, *draft.left_out) if step.material_id is not None]
    named = tuple(
        PassageFound(
            material_id=step.material_id or 0,
            title=step.title,
            kind=kind,
            number=step.first,
            last=step.last if step.last is not None else step.first,
            heading=step.topic,
            text="",
        )
        for step in steps
        for kind in ALL_PLACE_KINDS
        if kind == step.kind and step.first is not None
    )
    return describe_plan(draft), replace(findings, passages=(*findings.passages, *named))
