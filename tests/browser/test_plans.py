"""A plan in front of its owner: ticked off, spread anew, taken into a calendar, printed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, expect

from edu.accounts.service import find_user
from edu.assistant.meaning import Meaning
from edu.catalog.service import find_category
from edu.extensions import db, utcnow
from edu.materials.models import MaterialStatus, Passage
from edu.plans import own, service, steps
from edu.plans.models import Plan
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.browser.test_pages import WIDTHS, take_picture
from tests.plans.making import findings_of
from tests.product import Product, make_product
from tests.samples import make_material

pytestmark = pytest.mark.browser
CHAPTERS = (
    "Предел последовательности",
    "Предел и непрерывность функции одного вещественного переменного",
    "Производная",
    "Исследование функций",
    "Неопределённый интеграл",
    "Числовые ряды",
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages and three people."""
    with make_product(tmp_path_factory.mktemp("plans")) as made:
        made.prepare()
        made.start_web()
        yield made


def add_plan(late_days: int) -> int:
    """Alice's plan, of which the first step is done, begun so many days ago."""
    alice, maria = find_user("alice@example.org"), find_user("maria@example.org")
    category = find_category("matematicheskiy-analiz/ryady")
    assert alice is not None
    assert maria is not None
    passages = [
        Passage(number=1 + 15 * n, heading=heading, text="…") for n, heading in enumerate(CHAPTERS)
    ]
    lectures = make_material(
        maria.id, title="Лекции по анализу", passages=passages, category=category
    )
    lectures.file.pages = 90
    sheets = [Passage(number=1 + 4 * n, heading=CHAPTERS[n], text="…") for n in (0, 2, 5)]
    problems = make_material(
        maria.id, title="Задачник", passages=sheets, category=category, type="problems"
    )
    problems.file.pages = 24
    questions = make_material(maria.id, title="Вопросы", category=category, type="exam")
    questions.file.pages = 4
    gone = make_material(maria.id, title="Снятый конспект", category=category, type="notes")
    gone.file.pages = 5
    db.session.commit()
    today = utcnow().date()
    plan = service.make_plan(
        alice,
        Meaning(exam_on=today + timedelta(days=28 - late_days)),
        findings_of(lectures, problems, questions, gone),
        title="План подготовки к экзамену по математическому анализу за четыре недели",
        question=None,
        today=today,
    )
    plan.starts_on -= timedelta(days=late_days)
    gone.status = MaterialStatus.ARCHIVED.value
    made = own.list_steps(plan)
    steps.tick_step(alice, plan, made[0].id, done=True)
    steps.change_step(alice, plan, made[1].id, note="Особенно примеры 3–5")
    db.session.commit()
    return plan.id


@pytest.fixture
def plan_id(product: Product) -> int:
    """A plan that has fallen behind."""
    made: int = product.ask(lambda: add_plan(8))
    return made


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the browsers complain of: nothing."""
    heard = Complaints()
    yield heard
    assert heard.list == []


@pytest.fixture
def alice(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Person]:
    """Alice in front of a browser of her own."""
    person = Person(browser, product, complaints).sign_in("alice@example.org")
    yield person
    person.close()


def test_pages_of_plans_are_whole_wide_and_narrow_light_and_dark(
    alice: Person, product: Product, plan_id: int
) -> None:
    page, faults = alice.page, []
    step = product.ask(lambda: own.list_steps(db.session.get_one(Plan, plan_id))[0].id)
    addresses = {
        "plans": "/plans",
        "plan": f"/plans/{plan_id}",
        "plan-print": f"/plans/{plan_id}/print",
        "plan-edit": f"/plans/{plan_id}/edit",
        "plan-step": f"/plans/{plan_id}/steps/{step}/edit",
    }
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            for name, address in addresses.items():
                page.goto(address)
                take_picture(page, f"{name}-{width}-{scheme}")
                faults += [f"{name} {width} {scheme}: {fault}" for fault in find_faults(page)]
    assert faults == []


def test_a_step_is_ticked_off_in_place_and_what_was_missed_spread_anew(
    alice: Person, plan_id: int
) -> None:
    page = alice.page
    page.goto(f"/plans/{plan_id}")
    ticks = page.locator(".plan-tick")
    expect(ticks.nth(1)).to_have_attribute("aria-pressed", "false")
    ticks.nth(1).focus()
    page.keyboard.press("Enter")
    expect(ticks.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(ticks.nth(1)).to_be_focused()
    assert page.url.endswith(f"/plans/{plan_id}"), "the page stays"
    page.reload()
    expect(page.locator(".is-done")).to_have_count(2)
    first_week = page.locator(".plan-week").first.locator(".plan-step")
    before = first_week.count()
    page.locator(".notice button").click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator(".notice-warn")).to_have_count(0)
    assert first_week.count() < before
    expect(page.locator(".is-done")).to_have_count(2)


def test_the_plan_goes_into_a_calendar_and_on_paper(
    alice: Person, plan_id: int, tmp_path: Path
) -> None:
    page = alice.page
    page.goto(f"/plans/{plan_id}")
    with page.expect_download() as download:
        page.locator('a[href$="calendar.ics"]').click()
    assert download.value.suggested_filename.endswith(".ics")
    path = tmp_path / "plan.ics"
    download.value.save_as(path)
    assert len(Calendar.from_ical(path.read_bytes()).walk("VEVENT")) >= 3
    page.locator('a[href$="/print"]').click()
    expect(page.locator(".plan-sheet").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    take_picture(page, "plan-on-paper")


def test_without_scripts_everything_still_works(
    browser: Browser, product: Product, complaints: Complaints, plan_id: int
) -> None:
    person = Person(browser, product, complaints, java_script_enabled=False)
    page = person.sign_in("alice@example.org").page
    page.goto(f"/plans/{plan_id}")
    page.locator(".plan-tick").nth(2).click()
    expect(page.locator(".is-done")).to_have_count(2)
    page.locator("details.ask-first summary").click()
    page.locator("details.ask-first button.button-bad").click()
    page.wait_for_url("**/plans")
    assert product.ask(lambda: db.session.get(Plan, plan_id)) is None
    person.close()
