"""Rated conversations as lines to learn from, without anybody in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from edu.assistant.dialogues import export_dialogues
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.assistant.scrubbing import Scrubber
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from edu.tree.service import ensure_category
from tests.assistant.conftest import add
from tests.conftest import make_people

SECRETS = [
    "ivan.petrov@mail.ru",
    "+7 (916) 123-45-67",
    "89161234567",
    "@ivan_petrov",
    "https://example.org/reset?token=abc",
    "t.me/joinchat/AAAA",
    "ИКБО-01-21",
    "Иванов И. И.",
    "Анна Сергеевна",
    "Charlie",
    "charlie",
    "0123456789abcdef01234567",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_tells_who_somebody_is_goes(secret: str) -> None:
    scrubber = Scrubber([("Charlie", "charlie@example.org"), ("Анна Сергеева", "anna@x.ru")])
    text = scrubber.scrub(f"спрашивает {secret}, где лекции.")
    assert secret not in text
    assert text.startswith("спрашивает [")
    assert text.endswith("где лекции.")


def test_names_of_the_site_go_in_all_cases_and_words_of_courses_stay() -> None:
    scrubber = Scrubber([("Роман Сидоров", "sidorov77@x.ru"), ("A", "1@x.ru")])
    for text in ("Я Роман Сидоров", "спроси у Сидорова", "это sidorov77"):
        assert "[имя]" in scrubber.scrub(text)
        assert "идоров" not in scrubber.scrub(text)
    assert "Маша" not in scrubber.scrub("Привет, меня зовут Маша Кот, где лекции?")
    course = "Ряды Фурье [12, с. 5–7], 1:02:30, x = 3.14159, 2026 год, роман Толстого"
    assert scrubber.scrub(course) == course


@pytest.fixture
def rated(any_app: Flask) -> Flask:
    """Three conversations of Alice: a good one that turns bad, a bad one, one without opinions."""
    people = make_people(any_app)
    with any_app.app_context():
        number = add_material(people["alice"])
        text = "Я Alice (alice@example.org), посоветуй лекции"
        ask(people["alice"], [(text, f"Вот: [{number}, с. 2]", 1), ("а ещё?", "Нет.", -1)], number)
        ask(people["alice"], [("плохо", "плохой ответ", -1)], number)
        ask(people["alice"], [("без оценки", "ответ", 0)], number)
        db.session.commit()
    return any_app


def add_material(owner: int) -> int:
    return add(owner, "Ряды", ensure_category("Математика", slug="math"), "Признак Даламбера.")


def ask(user: int, turns: list[tuple[str, str, int]], number: int) -> None:
    conversation = Conversation(user_id=user, title="разговор")
    db.session.add(conversation)
    db.session.flush()
    place = {"kind": "page", "number": 2, "snippet": "Признак Даламбера."}
    for text, answer, opinion in turns:
        cites = f"[{number}" in answer
        question = Question(
            user_id=user,
            conversation_id=conversation.id,
            text=text,
            locale="ru",
            status=QuestionStatus.ANSWERED.value,
            answer=answer,
            citations=[{"material_id": number, "fit": "exact", "places": [place]}] if cites else [],
            opinion=opinion,
        )
        db.session.add(question)


def export(app: Flask, **how: Any) -> list[dict[str, Any]]:
    with app.app_context():
        return list(export_dialogues(**how))


def test_good_answers_are_exported_with_what_they_were_made_of(rated: Flask) -> None:
    (dialogue,) = export(rated)
    assert dialogue["rating"] == 1
    roles = [message["role"] for message in dialogue["messages"]]
    assert roles == ["system", "user", "assistant"]
    _system, asked, answered = (message["content"] for message in dialogue["messages"])
    assert "Признак Даламбера." in asked
    assert "Ряды (" in asked
    assert answered.startswith("Вот: [")
    whole = json.dumps(dialogue, ensure_ascii=False).lower()
    for secret in ("alice", "example.org", "created", "user_id", "conversation"):
        assert secret not in whole


def test_what_was_rated_worse_is_there_when_it_is_asked_for(rated: Flask) -> None:
    dialogues = export(rated, min_opinion=-1)
    assert sorted(dialogue["rating"] for dialogue in dialogues) == [-1, 0]
    assert export(rated, since=utcnow() + timedelta(days=1)) == []
    assert len(export(rated, since=datetime(2020, 1, 1, tzinfo=UTC))) == 1


def test_what_is_no_longer_published_is_left_out(rated: Flask) -> None:
    with rated.app_context():
        material = db.session.query(Material).one()
        material.status = MaterialStatus.PENDING.value
        db.session.commit()
    assert export(rated) == []


def test_the_command_writes_a_line_for_each(rated: Flask, tmp_path: Path) -> None:
    path = tmp_path / "dialogues.jsonl"
    done = rated.test_cli_runner().invoke(args=["assistant", "export-dialogues", str(path)])
    assert done.exit_code == 0, done.output
    assert "1 conversations written" in done.output
    (line,) = path.read_text("utf-8").splitlines()
    assert set(json.loads(line)) == {"messages", "rating"}
