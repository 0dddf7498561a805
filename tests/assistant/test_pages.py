"""The assistant's pages: who sees them, plain forms and fragments, what is shown of an answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edu.assistant import views
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.extensions import db, utcnow
from edu.materials.models import Material, MaterialStatus
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_material

HTMX = {"HX-Request": "true"}
POLLS = "data-growing hx-get"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Questions wait here until the test has answered them."""
    made = make_app(queue_immediate=False)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    return make_people(app)


@pytest.fixture
def alice(client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(client, "alice")


@pytest.fixture(autouse=True)
def _suggestions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "suggest_questions", lambda: ["Что почитать о рядах?"])


def add_question(app: Flask, user_id: int, status: str = "answered", **changes: Any) -> int:
    """A question of its own conversation."""
    with app.app_context():
        values = {"text": "Ряды?", "locale": "en", "status": status, "answer": "Вот."} | changes
        if "conversation_id" not in values:
            values["conversation"] = Conversation(user_id=user_id, title="О рядах")
        question = Question(user_id=user_id, **values)
        db.session.add(question)
        db.session.commit()
        return question.id


def change(app: Flask, question_id: int, **values: Any) -> None:
    with app.app_context():
        question = db.session.get_one(Question, question_id)
        for name, value in values.items():
            setattr(question, name, value)
        db.session.commit()


def add_cited(app: Flask, owner: int, kind: str = "pdf", title: str = "Ряды Фурье") -> int:
    with app.app_context():
        return make_material(owner, kind=kind, title=title, content=title.encode()).id


def cite(material_id: int, kind: str = "page", number: int = 2, **more: Any) -> dict[str, Any]:
    place = {"kind": kind, "number": number, "snippet": "о сходимости"}
    return {"material_id": material_id, "fit": "exact", "places": [place]} | more


def page_of(app: Flask, question_id: int) -> str:
    with app.app_context():
        return f"/assistant/{db.session.get_one(Question, question_id).conversation_id}"


def poll(client: FlaskClient, question_id: int, seen: str = "") -> TestResponse:
    query = {"seen": seen}
    return client.get(f"/assistant/questions/{question_id}", headers=HTMX, query_string=query)


def seen_in(text: str) -> str:
    found = re.search(r"\?seen=([^\"&]+)", text)
    assert found
    return found[1]


# Who ------------------------------------------------------------------------------------------


def test_a_stranger_is_told_what_it_is_and_where_to_sign_in(client: FlaskClient) -> None:
    page = client.get("/assistant").text
    assert "/login?next=/assistant" in page
    assert "<textarea" not in page


OWN = [
    ("GET", "/assistant/{conversation}"),
    ("POST", "/assistant/{conversation}/rename"),
    ("POST", "/assistant/{conversation}/delete"),
    ("GET", "/assistant/questions/{question}"),
    ("POST", "/assistant/questions/{question}/cancel"),
    ("POST", "/assistant/questions/{question}/opinion"),
    ("POST", "/assistant/questions/{question}/save"),
    ("POST", "/me/answers/{saved}/forget"),
]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(("method", "address"), OWN)
def test_what_is_another_persons_is_not_there(
    app: Flask,
    client: FlaskClient,
    people: dict[str, int],
    method: str,
    address: str,
    headers: dict[str, str],
) -> None:
    question_id = add_question(app, people["alice"], text="Тайна Алисы")
    with app.app_context():
        kept = SavedAnswer(user_id=people["alice"], title="t", answer="a", citations=[])
        db.session.add(kept)
        db.session.commit()
        saved = kept.id
    numbers = {"question": question_id, "saved": saved}
    numbers["conversation"] = int(page_of(app, question_id).rpartition("/")[2])
    for name in ("maria", "charlie"):
        sign_in(client, name)
        form = {"title": "x", "opinion": "1"}
        data = form if method == "POST" else None
        got = client.open(address.format(**numbers), method=method, headers=headers, data=data)
        assert got.status_code == 404
        assert "Тайна" not in got.text
    with app.app_context():
        question = db.session.get_one(Question, question_id)
        assert (question.opinion, question.conversation.title) == (0, "О рядах")
        assert db.session.get(SavedAnswer, saved) is not None


def test_nobody_asks_into_another_persons_conversation(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    number = page_of(app, add_question(app, people["alice"])).rpartition("/")[2]
    sign_in(client, "charlie")
    got = client.post("/assistant/ask", data={"question": "И я?", "conversation": number})
    assert got.status_code == 404


def test_a_form_without_the_token_is_refused(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    question_id = add_question(app, people["alice"])
    sign_in(client, "alice")
    app.config["WTF_CSRF_ENABLED"] = True
    for address in ("ask", f"questions/{question_id}/cancel", f"questions/{question_id}/opinion"):
        got = client.post(f"/assistant/{address}", data={"question": "Ряды?", "opinion": "1"})
        assert got.status_code == 400, address


# Asking ---------------------------------------------------------------------------------------


def test_a_plain_form_leads_to_a_page_that_waits_and_then_has_the_answer(
    app: Flask, alice: FlaskClient
) -> None:
    assert "Что почитать о рядах?" in alice.get("/assistant").text
    sent = alice.post("/assistant/ask", data={"question": " Что почитать о рядах? "})
    assert sent.status_code == 303
    address, _, anchor = sent.location.partition("#")
    question_id = int(anchor.removeprefix("question-"))
    page = alice.get(address).text
    assert f'id="{anchor}"' in page
    assert "Your question is next" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert POLLS in page
    assert "Show the answer" in page
    change(app, question_id, created_at=utcnow() - timedelta(minutes=2))
    assert "The assistant does not work just now" in alice.get(address).text
    change(app, question_id, status="answered", answer="Ничего нет.", answered_at=utcnow())
    page = alice.get(address).text
    assert "<p>Ничего нет.</p>" in page
    assert "http-equiv" not in page
    assert POLLS not in page


def test_with_htmx_a_question_is_appended(app: Flask, alice: FlaskClient) -> None:
    first = add_question(app, 1)
    number = page_of(app, first).rpartition("/")[2]
    form = {"question": "А посложнее?", "conversation": number}
    got = alice.post("/assistant/ask", data=form, headers=HTMX)
    assert got.status_code == 200
    assert got.text.count('class="turn"') == 1
    assert "А посложнее?" in got.text
    assert "<html" not in got.text
    assert POLLS in got.text


@pytest.mark.parametrize("text", ["", " \n ", "х" * 1001])
def test_what_cannot_be_asked_stays_in_the_field(app: Flask, alice: FlaskClient, text: str) -> None:
    got = alice.post("/assistant/ask", data={"question": text})
    assert got.status_code == 422
    assert 'role="alert"' in got.text
    assert text in got.text
    number = page_of(app, add_question(app, 1)).rpartition("/")[2]
    form = {"question": text, "conversation": number}
    got = alice.post("/assistant/ask", data=form)
    assert (got.status_code, 'class="turn"' in got.text) == (422, True)
    got = alice.post("/assistant/ask", data=form, headers=HTMX)
    assert got.status_code == 422
    assert got.headers["HX-Retarget"] == "#ask-form"
    assert got.text.lstrip().startswith("<form")


# Growing --------------------------------------------------------------------------------------


def test_the_fragment_grows_and_ends_itself(app: Flask, alice: FlaskClient) -> None:
    question_id = add_question(app, 1, "answering", answer="", started_at=utcnow())
    empty = poll(alice, question_id)
    assert "Looking through the library" in empty.text
    assert poll(alice, question_id, seen_in(empty.text)).status_code == 204
    change(app, question_id, answer="Признак")
    grown = poll(alice, question_id, seen_in(empty.text))
    assert (grown.status_code, "<p>Признак</p>" in grown.text, POLLS in grown.text) == (200, 1, 1)
    assert "assistant-said" not in grown.text
    assert poll(alice, question_id, seen_in(grown.text)).status_code == 204
    change(app, question_id, answer="Признак **Даламбера**", status="answered")
    whole = poll(alice, question_id, seen_in(grown.text))
    assert whole.headers["HX-Retarget"] == f"#answer-{question_id}"
    assert POLLS not in whole.text
    assert "Признак <strong>Даламбера</strong>" in whole.text
    assert 'hx-swap-oob="innerHTML:#assistant-said">Признак Даламбера<' in whole.text


def test_the_place_in_the_queue_is_shown(app: Flask, alice: FlaskClient) -> None:
    for _ in range(2):
        add_question(app, 2, "answering", answer="", started_at=utcnow(), heartbeat_at=utcnow())
    question_id = add_question(app, 1, "waiting", answer="")
    shown = poll(alice, question_id).text
    assert "2 questions are ahead of yours" in shown
    assert 'hx-trigger="every 2s"' in shown


def test_without_htmx_an_answers_address_leads_to_its_conversation(
    app: Flask, alice: FlaskClient
) -> None:
    question_id = add_question(app, 1)
    got = alice.get(f"/assistant/questions/{question_id}")
    assert got.location == f"{page_of(app, question_id)}#question-{question_id}"


@pytest.mark.parametrize("status", ["waiting", "answering"])
def test_an_answer_is_stopped(app: Flask, alice: FlaskClient, status: str) -> None:
    first, second = (add_question(app, 1, status, answer="Нача") for _ in range(2))
    plain = alice.post(f"/assistant/questions/{first}/cancel")
    assert plain.status_code == 303
    assert "You have stopped this answer." in alice.get(plain.location).text
    shown = alice.post(f"/assistant/questions/{second}/cancel", headers=HTMX)
    assert "You have stopped this answer." in shown.text
    assert "<p>Нача</p>" in shown.text
    assert POLLS not in shown.text


# What is shown --------------------------------------------------------------------------------


def test_what_people_and_models_write_is_text(app: Flask, alice: FlaskClient) -> None:
    bad = "<script>alert(1)</script>"
    material_id = add_cited(app, 2, title=f"Ряды {bad}")
    question_id = add_question(
        app,
        1,
        text=f"Почему {bad}",
        answer=f"{bad} [{material_id}, p. 2] <img src=x onerror=alert(1)>",
        citations=[cite(material_id)],
    )
    alice.post(f"{page_of(app, question_id)}/rename", data={"title": bad})
    alice.post(f"/assistant/questions/{question_id}/save")
    for address in (page_of(app, question_id), "/assistant", "/me/answers"):
        page = alice.get(address).text
        assert bad not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("kind", "place", "words", "address"),
    [
        ("pdf", "page", "p. 2", "/materials/{}?mark=ряд&page=2"),
        ("docx", "section", "§ 2", "/materials/{}?mark=ряд&section=2#section-2"),
        ("video", "second", "0:02", "/materials/{}?mark=ряд&t=2"),
    ],
)
def test_references_and_cards_open_the_place(
    app: Flask, alice: FlaskClient, kind: str, place: str, words: str, address: str
) -> None:
    material_id = add_cited(app, 2, kind)
    question_id = add_question(
        app,
        1,
        answer=f"Читайте [{material_id}, {words}].",
        citations=[cite(material_id, place)],
        meaning={"words": "ряды"},
    )
    page = alice.get(page_of(app, question_id)).text
    url = address.format(material_id).replace("ряд", "%D1%80%D1%8F%D0%B4").replace("&", "&amp;")
    chip = f'<a class="cite" href="{url}" title="Ряды Фурье" aria-label="1 · {words}: Ряды Фурье">'
    assert chip in page
    assert f'<a class="chip" href="{url}" title="о сходимости">' in page


def test_a_reference_to_a_page_of_a_document_without_pages_opens_the_document(
    app: Flask, alice: FlaskClient
) -> None:
    material_id = add_cited(app, 2, "video")
    citations = [cite(material_id, places=[])]
    question_id = add_question(app, 1, answer=f"[{material_id}, p. 5]", citations=citations)
    assert (
        f'<a class="cite" href="/materials/{material_id}" '
        in alice.get(page_of(app, question_id)).text
    )


def test_what_has_left_the_library_is_shown_no_more(app: Flask, alice: FlaskClient) -> None:
    gone, stays = add_cited(app, 2, title="Уйдёт"), add_cited(app, 2, title="Останется")
    answer = f"— «Уйдёт» [{gone}]\n— «Останется» [{stays}]"
    citations = [cite(gone), cite(stays)]
    question_id = add_question(app, 1, answer=answer, citations=citations)
    alice.post(f"/assistant/questions/{question_id}/save")
    with app.app_context():
        db.session.get_one(Material, gone).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    for address in (page_of(app, question_id), "/me/answers"):
        page = alice.get(address).text
        assert "Останется" in page
        assert "Уйдёт" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "failed", "error": "interrupted", "answer": ""}, "interrupted several times"),
        ({"engine": "composer", "error": "interrupted"}, "The language model did not answer"),
        ({"engine": "openai"}, "Written by a language model"),
        ({"engine": "openai", "removed": 2}, "2 references that the library does not confirm"),
        ({"status": "cancelled", "answer": ""}, "You have stopped this answer."),
    ],
)
def test_the_end_is_told_honestly(
    app: Flask, alice: FlaskClient, changes: dict[str, Any], said: str
) -> None:
    question_id = add_question(app, 1, **changes)
    assert said in alice.get(page_of(app, question_id)).text


def test_an_answer_of_the_composer_needs_no_remark(app: Flask, alice: FlaskClient) -> None:
    question_id = add_question(app, 1, engine="composer")
    assert "answer-note" not in alice.get(page_of(app, question_id)).text


def test_a_failed_question_can_be_asked_again(app: Flask, alice: FlaskClient) -> None:
    question_id = add_question(app, 1, "failed", text="Ряды &c?", answer="", error="crashed")
    page = alice.get(page_of(app, question_id)).text
    assert '<input type="hidden" name="question" value="Ряды &amp;c?">' in page


def test_what_the_library_lacks_can_be_asked_for(app: Flask, alice: FlaskClient) -> None:
    near = cite(add_cited(app, 2), fit="subject")
    meaning = {"words": "топология узлов", "category_id": 7}
    values: dict[str, Any] = {"meaning": meaning, "citations": [near]}
    first = add_question(app, 1, **values)
    page = alice.get(page_of(app, first)).text
    assert '<input type="hidden" name="text" value="топология узлов">' in page
    assert '<input type="hidden" name="category" value="7">' in page
    with app.app_context():
        number = db.session.get_one(Question, first).conversation_id
    add_question(app, 1, conversation_id=number, citations=[near | {"fit": "exact"}])
    assert 'id="ask"' not in alice.get(page_of(app, first)).text
    greeting = add_question(app, 1, text="Привет", meaning={"words": ""})
    assert 'id="ask"' not in alice.get(page_of(app, greeting)).text


# What one does with an answer -----------------------------------------------------------------


def test_thumbs_are_pressed_and_released(app: Flask, alice: FlaskClient) -> None:
    question_id = add_question(app, 1)
    address = f"/assistant/questions/{question_id}/opinion"

    def pressed(text: str) -> list[str]:
        return re.findall(r'id="(\w+)-\d+"[^>]*aria-pressed="true"', text)

    got = alice.post(address, data={"opinion": "1"}, headers=HTMX)
    assert pressed(got.text) == ["good"]
    assert 'name="opinion" value="0"' in got.text
    assert pressed(alice.post(address, data={"opinion": "-1"}, headers=HTMX).text) == ["poor"]
    plain = alice.post(address, data={"opinion": "0"})
    assert plain.status_code == 303
    assert pressed(alice.get(plain.location).text) == []
    assert alice.post(address, data={"opinion": "7"}).status_code == 422
    assert alice.post(address, data={}).status_code == 422


def test_an_answer_is_kept_and_forgotten(app: Flask, alice: FlaskClient) -> None:
    citations = [cite(add_cited(app, 2))]
    question_id = add_question(app, 1, text="Что о рядах?", citations=citations)
    address = f"/assistant/questions/{question_id}/save"
    assert 'name="forget"' in alice.post(address, headers=HTMX).text
    assert alice.post(address).status_code == 303
    listed = alice.get("/me/answers").text
    assert listed.count("Что о рядах?") == 2  # its heading, and the button that removes it
    assert "Ряды Фурье" in listed
    got = alice.post(address, data={"forget": "1"}, headers=HTMX)
    assert 'name="forget"' not in got.text
    assert "You keep no answers yet" in alice.get("/me/answers").text
    alice.post(address)
    with app.app_context():
        (saved,) = db.session.query(SavedAnswer.id).one()
    assert alice.post(f"/me/answers/{saved}/forget", headers=HTMX).text == ""
    alice.post(address)
    with app.app_context():
        (saved,) = db.session.query(SavedAnswer.id).one()
    assert alice.post(f"/me/answers/{saved}/forget").location == "/me/answers"


def test_a_kept_answer_outlives_its_conversation(app: Flask, alice: FlaskClient) -> None:
    citations = [cite(add_cited(app, 2))]
    question_id = add_question(app, 1, text="Что о рядах?", citations=citations)
    alice.post(f"/assistant/questions/{question_id}/save")
    alice.post(f"{page_of(app, question_id)}/delete")
    listed = alice.get("/me/answers").text
    assert "Что о рядах?" in listed
    assert "To the conversation" not in listed


def test_conversations_are_listed_renamed_and_deleted(app: Flask, alice: FlaskClient) -> None:
    first = page_of(app, add_question(app, 1))
    assert alice.get("/assistant").text.count("О рядах") == 1
    assert alice.post(f"{first}/rename", data={"title": "К экзамену"}).location == first
    assert "<h1>К экзамену</h1>" in alice.get(first).text
    assert "К экзамену" in alice.get("/assistant/conversations").text
    assert alice.post(f"{first}/rename", data={"title": " "}).status_code == 422
    assert alice.post(f"{first}/delete").location == "/assistant"
    assert alice.get(first).status_code == 404
    assert "You have asked nothing yet" in alice.get("/assistant/conversations").text


def test_a_recommended_material_is_rated_in_its_place(app: Flask, alice: FlaskClient) -> None:
    material_id = add_cited(app, 2)
    question_id = add_question(app, 1, citations=[cite(material_id)])
    page = alice.get(page_of(app, question_id)).text
    name = f"rate-{question_id}-{material_id}"
    assert f'<form id="{name}"' in page
    address, form = f"/materials/{material_id}/rate", {"stars": "4", "place": str(question_id)}
    got = alice.post(address, data=form, headers=HTMX).text
    assert f'id="{name}-4" required checked' in got
    assert "Saved, thank you!" in got
    back = f"{page_of(app, question_id)}#question-{question_id}"
    assert alice.post(address, data=form | {"next": back}).location == back
    assert alice.post(address, data=form | {"next": "//evil.example"}).location == "/"
    assert f'id="{name}-4" required checked' in alice.get(page_of(app, question_id)).text


def test_nobody_is_asked_to_rate_their_own_material(app: Flask, alice: FlaskClient) -> None:
    question_id = add_question(app, 1, citations=[cite(add_cited(app, 1))])
    assert "stars-input" not in alice.get(page_of(app, question_id)).text


def test_a_plan_can_be_saved(app: Flask, alice: FlaskClient) -> None:
    citations = [cite(add_cited(app, 2))]
    question_id = add_question(app, 1, meaning={"intent": "plan"}, citations=citations)
    offered = f'<input type="hidden" name="question_id" value="{question_id}">'
    assert offered in alice.get(page_of(app, question_id)).text
    plan: dict[str, Any] = {"meaning": {"intent": "plan"}, "citations": citations}
    others: list[dict[str, Any]] = [{"meaning": {"intent": "explain"}}, {"citations": []}]
    for changes in others:
        other = add_question(app, 1, **(plan | changes))
        assert 'name="question_id"' not in alice.get(page_of(app, other)).text
