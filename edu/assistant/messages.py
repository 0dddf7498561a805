"""What a model is asked: instructions, the talk so far, excerpts of materials, the question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edu.assistant.engines.base import Message
from edu.assistant.findings import Findings, PassageFound
from edu.assistant.instructions import Task, load_instructions
from edu.assistant.models import Question
from edu.assistant.planted import clean_passage, clean_text
from edu.assistant.references import write_reference
from edu.assistant.service import still_true
from edu.assistant.wording import plain
from edu.catalog.service import type_label
from edu.materials.models import Material
from edu.materials.service import load_active

TURNS = 6  # questions before this one that are told at most
LONGEST_TURN = 600  # characters of an earlier answer


def make_messages(
    task: Task, text: str, history: Sequence[Question], findings: Findings, language: str
) -> list[Message]:
    """The messages for `answer`, or for the `intro` of a plan, in one of the site's languages.

    Engines cut them to their context: the oldest turns first, then excerpts from the end.
    """
    system = Message("system", load_instructions(task, language).text)
    earlier = [message for one in history[-TURNS:] for message in _turn(one)]
    excerpts = make_excerpts(findings.passages, language) if task == "answer" else ()
    asked = make_question(text, list_materials(findings), language)
    return [system, *earlier, Message("user", asked, excerpts)]


def _turn(question: Question) -> Iterable[Message]:
    # What was taken off the site since is told to nobody, and so not to a model either.
    cited = question.citations or []
    active = load_active({citation["material_id"] for citation in cited})
    answer = still_true(question.answer, cited, active).strip()
    if len(answer) > LONGEST_TURN:
        answer = answer[:LONGEST_TURN].rpartition(" ")[0] + " …"
    if answer:
        yield Message("user", question.text[:LONGEST_TURN])
        yield Message("assistant", answer)


def make_excerpts(passages: Iterable[PassageFound], language: str) -> tuple[str, ...]:
    """The passages as a model reads them: cleaned, numbered, between marks of their own."""
    frame = load_instructions("excerpt", language).text
    return tuple(
        frame.format(
            number=number,
            reference=_reference(one, language),
            title=plain(one.title),
            heading=f", {plain(one.heading)}" if one.heading else "",
            text=one.text,
        )
        for number, one in enumerate(map(clean_passage, passages), 1)
    )


def _reference(one: PassageFound, language: str) -> str:
    last = max(one.last, one.number)
    return write_reference((one.material_id, one.kind, one.number, last), russian=language == "ru")


def list_materials(findings: Findings) -> list[str]:
    """A line for each material that was found, in the present language."""
    return list_titles(one.found.material for one in findings.materials)


def list_titles(materials: Iterable[Material]) -> list[str]:
    """A line for each of the materials, in the present language."""
    return [
        f"[{one.id}] {plain(clean_text(one.title))} ({type_label(one.type).lower()})"
        for one in materials
    ]


def make_question(text: str, materials: Iterable[str], language: str) -> str:
    """The question after the materials that may be recommended."""
    frame = load_instructions("question", language).text
    return frame.format(materials="\n".join(materials), question=" ".join(text.split()))
