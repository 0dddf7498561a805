"""What the assistant makes of a question."""

from __future__ import annotations

import pytest
from flask import Flask

from edu.assistant.understanding import understand


@pytest.mark.parametrize(
    ("question", "words", "path", "kind"),
    [
        ("лекции по матану", "", "matan", "lecture"),
        ("Лекции по математическому анализу!", "", "matan", "lecture"),
        ("задачи на признак Даламбера", "признак Даламбера", None, "problems"),
        ("матан ряды признак Даламбера", "признак Даламбера", "matan/ryady", None),
        ("как подготовиться к экзамену по физике", "", "fizika", "exam"),
        ("find problems on Newton", "Newton", None, "problems"),
        ("законы Ньютона", "законы Ньютона", None, None),
        ("ряды в физике", "физике", "matan/ryady", None),
        ("помоги", "помоги", None, None),
        ("?!", "?!", None, None),
    ],
)
def test_subject_and_kind_are_taken_out_of_the_words(
    app: Flask,
    library: dict[str, int],
    question: str,
    words: str,
    path: str | None,
    kind: str | None,
) -> None:
    with app.app_context():
        understood = understand(question)
        assert understood.words == words
        assert (understood.category.path if understood.category else None) == path
        assert understood.type == kind
