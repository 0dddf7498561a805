"""Conversations with the assistant in a browser: answers that grow, end, and lead somewhere."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from edu.accounts.service import find_user
from edu.assistant.models import Conversation, Question
from edu.catalog.service import find_category
from edu.extensions import db, utcnow
from edu.materials.models import Material, Passage
from edu.ratings.models import Rating
from edu.search.indexing import rebuild_index
from tests.assistant.engines.test_openai import Handler, Server
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.browser.test_library import long_pdf
from tests.browser.test_pages import WIDTHS, take_picture
from tests.product import Product, make_product
from tests.samples import make_material

pytestmark = pytest.mark.browser

QUESTION = "Объясни признак Даламбера"
TEXT = "Признак Даламбера сходимости ряда: отношение соседних членов меньше единицы."
END = "document.scrollingElement.scrollHeight - window.innerHeight - window.scrollY"


class Model(Server):
    """A language model that says a word when it is told to: `say` texts, then `end`."""

    def __init__(self) -> None:
        super().__init__()
        self.words: queue.Queue[str | None] = queue.Queue()
        self.replies = [self.speak]

    def speak(self, handler: Handler) -> None:
        """Stream what the test says, until it ends or nobody listens; add nothing to questions."""
        handler.begin()
        if "response_format" in self.asked[-1]:
            handler.say("{}")
            handler.tell("data: [DONE]")
            return
        while (word := self.words.get(timeout=60)) is not None:
            handler.say(word)
        handler.tell("data: [DONE]")

    def say(self, *words: str) -> None:
        """Go on with these."""
        for word in words:
            self.words.put(word)

    def end(self) -> None:
        """That was all."""
        self.words.put(None)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model() as model:
        threading.Thread(target=model.serve_forever, args=(0.02,), daemon=True).start()
        yield model
        model.end()
        model.shutdown()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Iterator[Product]:
    """Web pages, and somebody who answers with the model."""
    address = f"http://127.0.0.1:{model.server_port}/v1"
    named = {"ASSISTANT_ENGINE": "openai", "ASSISTANT_BASE_URL": address}
    folder = tmp_path_factory.mktemp("assistant")
    with make_product(folder, ASSISTANT_MODEL="any", **named) as made:
        made.prepare()
        made.ask(lambda: add_lecture(folder))
        made.start_web()
        made.spawn("assistant", sys.executable, "-m", "jobs", "assistant")
        yield made


def add_lecture(folder: Path) -> None:
    """A lecture of twelve pages, of which the third is about the question."""
    maria = find_user("maria@example.org")
    assert maria is not None
    texts = {1: "Содержание.", 3: TEXT, 5: "Радикальный признак Коши."}
    make_material(
        maria.id,
        title="Числовые ряды",
        content=long_pdf(folder / "long.pdf"),
        category=find_category("matematicheskiy-analiz/ryady"),
        passages=[Passage(number=number, text=text) for number, text in texts.items()],
    ).file.pages = 12
    db.session.commit()
    rebuild_index()
    db.session.commit()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def alice(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Person]:
    person = Person(browser, product, complaints, viewport={"width": 1280, "height": 800})
    yield person.sign_in("alice@example.org")
    person.close()
    assert complaints.list == []


def ask(page: Page, text: str) -> None:
    """Type a question and send it with Enter."""
    page.locator("#ask-text").fill(text)
    page.locator("#ask-text").press("Enter")


def add_answer(product: Product, answer: str, **changes: Any) -> tuple[str, int]:
    """Alice's question with an answer, by hand: the address of its page, and its id."""

    def add() -> tuple[str, int]:
        alice = find_user("alice@example.org")
        assert alice is not None
        values = {"text": QUESTION, "locale": "ru", "status": "answered", "answered_at": utcnow()}
        question = Question(
            user_id=alice.id,
            conversation=Conversation(user_id=alice.id, title=QUESTION),
            answer=answer,
            **(values | changes),
        )
        db.session.add(question)
        db.session.commit()
        return f"/assistant/{question.conversation_id}", question.id

    added: tuple[str, int] = product.ask(add)
    return added


def write(product: Product, question_id: int, answer: str, **changes: Any) -> None:
    """Let an answer grow by hand, as a worker would."""

    def change() -> None:
        question = db.session.get_one(Question, question_id)
        for name, value in {"answer": answer, "heartbeat_at": utcnow(), **changes}.items():
            setattr(question, name, value)
        db.session.commit()

    product.ask(change)


GROWING = {"status": "answering", "answered_at": None, "claim": "test"}


def take_pictures(page: Page, name: str) -> list[str]:
    """Pictures wide and narrow, light and dark; what is wrong with the page."""
    faults = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            faults += [f"{width} {scheme}: {fault}" for fault in find_faults(page)]
            take_picture(page, f"assistant-{name}-{width}-{scheme}")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    return faults


def test_an_answer_grows_survives_a_reload_and_opens_the_page_that_it_names(
    alice: Person, model: Model, product: Product
) -> None:
    page = alice.page
    page.goto("/assistant")
    ask(page, QUESTION)
    page.wait_for_url("**/assistant/*#question-*")
    expect(page.locator(".growing")).to_be_visible()
    material_id = product.ask(lambda: find_lecture().id)
    model.say(
        "По признаку Даламбера ряд сходится, ", f"если отношение меньше единицы [{material_id}"
    )
    model.say(", с. 3]. ", "Дальше ")
    text = page.locator(".answer-text")
    expect(text).to_contain_text("По признаку Даламбера ряд сходится")
    expect(page.locator("#assistant-said")).to_be_empty()
    assert take_pictures(page, "growing") == []
    page.reload()
    expect(text).to_contain_text("По признаку Даламбера ряд сходится")
    polls: list[str] = []
    page.on("request", lambda asked: polls.append(asked.url) if "?seen=" in asked.url else None)
    model.say("пример.")
    model.end()
    expect(page.locator(".judge")).to_be_visible()
    expect(page.locator("#assistant-said")).to_contain_text("По признаку Даламбера")
    expect(page.locator(".growing")).to_have_count(0)
    assert polls
    polls.clear()
    page.wait_for_timeout(1500)
    assert polls == []
    assert take_pictures(page, "finished") == []
    chip = page.locator(".cite", has_text="с. 3").first
    expect(chip).to_have_attribute("title", "Числовые ряды")
    chip.click()
    page.wait_for_url("**/materials/*page=3*")
    expect(page.locator("[data-pdf-page]")).to_have_value("3")


def find_lecture() -> Material:
    """The one of add_lecture."""
    return db.session.scalars(select(Material).where(Material.title == "Числовые ряды")).one()


def test_without_a_model_a_suggestion_is_answered_out_of_the_search(
    browser: Browser, complaints: Complaints, tmp_path: Path
) -> None:
    with make_product(tmp_path) as made:
        made.prepare()
        made.ask(lambda: add_lecture(tmp_path))
        made.start_web()
        made.spawn("assistant", sys.executable, "-m", "jobs", "assistant")
        person = Person(browser, made, complaints)
        page = person.sign_in("alice@example.org").page
        page.locator("header .top-link[href='/assistant']").click()
        page.locator(".suggestion").first.click()
        expect(page.locator(".cards a", has_text="Числовые ряды")).to_be_visible()
        expect(page.locator(".answer-note")).to_have_count(0)
        ask(page, QUESTION)
        expect(page.locator(".turn").last.locator(".cite").first).to_be_visible()
        expect(page.locator(".turn").last.locator(".asked")).to_be_in_viewport()
        assert take_pictures(page, "composer") == []
        person.close()
    assert complaints.list == []


def test_an_answer_is_stopped_in_the_middle(alice: Person, model: Model) -> None:
    page = alice.page
    page.goto("/assistant")
    ask(page, "Объясни признак Коши")
    model.say("Признак Коши берёт корень. ", "Затем ")
    expect(page.locator(".answer-text")).to_contain_text("Признак Коши берёт корень")
    page.locator(".answer-foot button").click()
    expect(page.locator(".answer-note")).to_be_visible()
    expect(page.locator(".growing")).to_have_count(0)
    expect(page.locator(".turn")).to_be_focused()
    model.say("долго", "говорить")
    model.end()
    page.reload()
    expect(page.locator(".answer-text")).to_contain_text("Признак Коши берёт корень")
    expect(page.locator(".answer-text")).not_to_contain_text("говорить")
    while not model.words.empty():
        model.words.get_nowait()


def test_a_question_is_asked_further_and_a_model_that_is_down_is_told_of(
    alice: Person, model: Model, product: Product
) -> None:
    address, _ = add_answer(product, "Есть лекция о рядах.")
    page = alice.page
    page.goto(address)
    area = page.locator("#ask-text")
    low = area.bounding_box()
    area.fill("первая строка")
    area.press("Shift+Enter")
    area.press_sequentially("вторая")
    expect(area).to_have_value("первая строка\nвторая")
    high = area.bounding_box()
    assert low
    assert high
    assert high["height"] > low["height"]
    model.replies = [lambda handler: handler.send_error(400)]
    ask(page, "признак Даламбера")
    expect(page.locator(".turn")).to_have_count(2)
    expect(area).to_have_value("")
    expect(area).to_be_focused()
    expect(page.locator(".turn").last.locator(".cards a", has_text="Числовые ряды")).to_be_visible()
    assert page.url.endswith(address)
    last = select(Question.engine, Question.error).order_by(Question.id.desc()).limit(1)
    assert product.ask(lambda: tuple(db.session.execute(last).one())) == (
        "composer",
        "engine_refused",  # which the answer says in its own words
    )
    model.replies = [model.speak]


def test_a_reader_is_moved_only_at_the_end_of_the_page(alice: Person, product: Product) -> None:
    line = "Признак Даламбера сравнивает соседние члены ряда, и больше ничего ему не нужно.\n\n"
    address, number = add_answer(product, line * 8, **GROWING, heartbeat_at=utcnow())
    page = alice.page
    page.goto(address)
    text = page.locator(".answer-text")
    expect(text.locator("p")).to_have_count(8)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(50)
    write(product, number, line * 20)
    expect(text.locator("p")).to_have_count(20)
    assert page.evaluate("window.scrollY") == 0
    write(product, number, line * 6)
    expect(text.locator("p")).to_have_count(6)
    page.evaluate("window.scrollTo(0, document.scrollingElement.scrollHeight)")
    write(product, number, line * 9)
    expect(text.locator("p")).to_have_count(9)
    assert page.evaluate(END) < 200 or page.locator(".turn").bounding_box()["y"] < 40  # type: ignore[index]  # it is shown
    write(product, number, line * 40, status="answered", claim="")
    expect(page.locator(".judge")).to_be_visible()
    box = page.locator(".asked").bounding_box()
    assert box
    assert 0 <= box["y"] < 300  # its beginning, not its end


def test_a_material_is_rated_and_an_answer_kept_without_leaving(
    alice: Person, product: Product
) -> None:
    material_id = product.ask(lambda: find_lecture().id)
    place = {"kind": "page", "number": 3, "snippet": TEXT}
    cited = {"material_id": material_id, "fit": "exact", "places": [place]}
    address, number = add_answer(product, f"Вот [{material_id}, с. 3].", citations=[cited])
    page = alice.page
    page.goto(address)
    page.locator(".cards .stars-input label").nth(3).click()
    expect(page.locator(".rate-small [role=status]")).to_contain_text("Сохранено")
    expect(page.locator(f"#rate-{number}-{material_id}-4")).to_be_checked()
    assert product.ask(lambda: db.session.query(Rating.stars).all()) == [(4,)]
    good = page.locator(f"#good-{number}")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()
    keep = page.locator(f"#keep-{number}")
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "true")
    page.goto("/me/answers")
    expect(page.locator(".kept h2")).to_have_text(QUESTION)
    assert take_pictures(page, "kept") == []
    page.locator(".kept .button-bare[title]").first.click()
    expect(page.locator(".kept > li")).to_have_count(0)


def test_a_server_that_is_away_for_a_while_is_waited_for(
    alice: Person, product: Product, complaints: Complaints
) -> None:
    complaints.expect("503")
    complaints.expect("ERR_")
    address, number = add_answer(product, "Нача", **GROWING, heartbeat_at=utcnow())
    page = alice.page
    page.goto(address)
    page.route("**/assistant/questions/*", lambda route: route.fulfill(status=503, body="away"))
    expect(page.locator("[data-lost]")).to_be_visible()
    expect(page.locator("#toasts .toast")).to_have_count(0)
    page.unroute("**/assistant/questions/*")
    expect(page.locator("[data-lost]")).to_be_hidden()
    write(product, number, "Начало и конец", status="answered", claim="")
    expect(page.locator(".answer-text")).to_have_text("Начало и конец")


def test_a_conversation_deleted_elsewhere_is_polled_no_more(
    alice: Person, product: Product, complaints: Complaints
) -> None:
    complaints.expect("404")
    address, number = add_answer(product, "Нача", **GROWING, heartbeat_at=utcnow())
    page = alice.page
    page.goto(address)

    def delete() -> None:
        db.session.delete(db.session.get_one(Question, number))
        db.session.query(Conversation).filter_by(id=int(address.rpartition("/")[2])).delete()
        db.session.commit()

    product.ask(delete)
    expect(page.locator(".error-code")).to_have_text("404")


def test_a_conversation_is_renamed_and_deleted(alice: Person, product: Product) -> None:
    address, _ = add_answer(product, "Вот.")
    page = alice.page
    page.goto(address)
    page.locator(".talk-head .menu > summary").click()
    page.locator("#talk-title").fill("К экзамену")
    page.locator(".talk-rename button").click()
    expect(page.locator("h1")).to_have_text("К экзамену")
    expect(page.locator(".talks [aria-current]")).to_have_text("К экзамену")
    page.locator(".talk-head .menu > summary").click()
    page.locator(".talk-head [data-dialog]").click()
    page.locator("dialog[open] .button-bad").click()
    page.wait_for_url("**/assistant")
    expect(page.locator(".talks")).not_to_contain_text("К экзамену")


def test_without_javascript_the_answer_comes_by_itself(
    browser: Browser, product: Product, complaints: Complaints, model: Model
) -> None:
    model.replies = [lambda handler: handler.send_error(400)]
    person = Person(browser, product, complaints, java_script_enabled=False)
    page = person.sign_in("charlie@example.org").page
    page.goto("/assistant")
    page.locator("#ask-text").fill("признак Даламбера")
    page.locator("#ask-form button").click()
    page.wait_for_url("**/assistant/*")
    expect(page.locator(".cards a", has_text="Числовые ряды")).to_be_visible()
    page.locator(".cards .stars-input label").nth(4).click()
    page.locator(".cards .rate-small button").click()
    page.wait_for_url("**/assistant/*")
    expect(page.locator(".cards input:checked")).to_have_value("5")
    person.close()
    model.replies = [model.speak]
    assert complaints.list == []
