"""Every page, wide and narrow, light and dark, with JavaScript and without.

EDU_SCREENSHOTS=FOLDER keeps a picture of each in FOLDER/pages, and the README's as
FOLDER/screenshot.png.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect
from sqlalchemy import select

from edu.accounts.models import User
from edu.accounts.service import find_user
from edu.assistant.models import Conversation, Question
from edu.assistant.service import save_answer
from edu.catalog.service import find_category
from edu.collections import service as collections
from edu.collections.models import Visibility
from edu.demo.service import PASSWORD as DEMO_PASSWORD
from edu.extensions import db
from edu.library.service import save_place
from edu.materials.models import Material, MaterialStatus
from edu.moderation.service import settle_reports
from edu.notifications.service import notify_decision
from edu.reports.models import ReportState
from edu.reports.service import can_report, report_material
from edu.subscriptions import service as subscriptions
from edu.trash.service import delete_material
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.media.samples import page_pdf
from tests.product import Product, make_product, wait_until
from tests.samples import make_material

pytestmark = pytest.mark.browser

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
WIDTHS = {1280: 800, 360: 740}
FIRST_VISIT_BYTES = 100_000
README_BYTES = 300_000


@dataclass
class Sample:
    """The product with the demo library, and the names of what the addresses lead to."""

    product: Product
    browser: Browser
    names: dict[str, Any]
    sessions: dict[str, Any] = field(default_factory=dict)

    def visit(self, who: str, complaints: Complaints, **options: Any) -> Person:
        """A browser window of this person, signed in unless a stranger."""
        if who and who not in self.sessions:
            person = Person(self.browser, self.product, complaints)
            person.sign_in(f"{who}@example.org", DEMO_PASSWORD)
            self.sessions[who] = person.context.storage_state()
            person.close()
        if who:
            options["storage_state"] = self.sessions[who]
        return Person(self.browser, self.product, complaints, **options)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demo library behind gunicorn, with the component sheet."""
    with make_product(tmp_path_factory.mktemp("pages"), EDU_DEV="1") as made:
        for command in (("db", "upgrade"), ("demo", "load")):
            status, said = made.flask(*command)
            assert status == 0, said
        made.start_web()
        yield made


@pytest.fixture(scope="module")
def sample(browser: Browser, product: Product) -> Sample:
    """One published material of each kind, and what Alice has kept."""

    def names() -> dict[str, Any]:
        shown = select(Material).where(Material.status == MaterialStatus.ACTIVE)
        found = list(db.session.scalars(shown.order_by(Material.id.desc())))
        return {material.file.kind: material.id for material in found} | keep_some(found)

    return Sample(product, browser, product.ask(names))


def keep_some(published: list[Material]) -> dict[str, Any]:
    """History, a collection, subscriptions and news of Alice: their pages are not empty."""
    alice = find_user("alice@example.org")
    assert alice is not None
    pdf = next(material for material in published if material.file.kind == "pdf")
    save_place(alice, pdf, 2)
    kept = collections.create_collection(
        alice,
        "Подготовка к экзамену по математическому анализу, первый семестр",
        "",
        Visibility.PUBLIC,
    )
    for material in published[:3]:
        collections.add_item(alice, kept, material, "Начать отсюда: доказательство и примеры.")
    subscriptions.follow_subject(alice, pdf.category)
    subscriptions.follow_author(alice, pdf.uploader_id)
    subscriptions.renew_feed_token(alice)
    deleted = make_material(alice.id, MaterialStatus.PENDING, title="Пределы", kind="docx")
    delete_material(alice, deleted)
    own = select(Material).where(Material.uploader_id == alice.id).order_by(Material.id)
    for material in db.session.scalars(own):
        notify_decision(material, "rejected", "Не хватает титульного листа.")
    report_some(published)
    db.session.commit()
    ids = {"alice": alice.id, "deleted": deleted.id, "conversation": add_conversation(alice, pdf)}
    return {"kept": kept.key, "subject": pdf.category_id, **ids}


def report_some(published: list[Material]) -> None:
    """What Boris and Alice find wrong: one report is open, one is settled."""
    boris, alice, maria = (find_user(f"{name}@example.org") for name in ("boris", "alice", "maria"))
    assert maria is not None
    video, pdf = (
        next(material for material in published if material.file.kind == kind)
        for kind in ("video", "pdf")
    )
    report_material(boris, video, "content", "Обрывается на середине доказательства.", 2)
    settle_reports(maria, video, ReportState.KEPT, "Проверили: конец есть в следующей лекции.")
    report_material(boris, pdf, "file", "Третья страница не читается: скан размыт.", 3)
    for reporter in (alice, maria):
        if can_report(reporter, pdf):
            report_material(reporter, pdf, "other", "Дважды повторяется один и тот же раздел.")


def add_conversation(alice: User, pdf: Material) -> int:
    """Alice's, with an answer that she keeps and every other end of one; its id."""
    conversation = Conversation(user_id=alice.id, title="Что почитать о пределах перед экзаменом?")
    place = {"kind": "page", "number": 1, "snippet": "Предел последовательности."}
    cited = [{"material_id": pdf.id, "fit": "exact", "places": [place]}]
    text = f"Начните с **лекции**:\n— «{pdf.title}» [{pdf.id}, с. 1]\n\n1. Прочитать\n2. Решить"
    db.session.add_all(
        Question(user_id=alice.id, conversation=conversation, locale="ru", **values)
        for values in (
            {"text": conversation.title, "status": "answered", "answer": text, "citations": cited},
            {"text": "А проще?", "status": "failed", "error": "interrupted"},
            {"text": "А подробнее?", "status": "cancelled", "answer": text, "engine": "openai"},
            {"text": "Топология узлов", "status": "answered", "answer": "Этого нет.", "removed": 2},
            {"text": "И план к среде", "status": "waiting"},
        )
    )
    db.session.flush()
    first = select(Question).where(Question.conversation_id == conversation.id)
    save_answer(alice, db.session.scalars(first.order_by(Question.id)).all()[0])
    db.session.commit()
    return conversation.id


def settle_pdf(page: Page) -> None:
    """Wait for the picture of the first page of the document."""
    expect(page.locator("[data-pdf].is-ready")).to_be_visible()
    expect(page.locator(".pdf-page.is-drawn").first).to_be_visible()


def settle_docs(page: Page) -> None:
    """Wait for the API's description."""
    expect(page.locator(".opblock").first).to_be_visible()


def settle_video(page: Page) -> None:
    """Wait until the length is known; the rest of the file is not fetched."""
    video = page.locator("video")
    wait_until(lambda: video.evaluate("(v) => v.readyState") >= 1, 10, "the video can be sought")


def nothing(page: Page) -> None:
    """The page is complete when all that it names has arrived."""
    page.wait_for_load_state("networkidle")


PAGES: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "home": ("", "/", nothing),
    "search": ("", "/search?q=предел+последовательности", nothing),
    "search-nothing": ("", "/search?q=ыфвапролд", nothing),
    "material-pdf": ("boris", "/materials/{pdf}", settle_pdf),
    "material-docx": ("boris", "/materials/{docx}?section=2&q=таблица", nothing),
    "material-video": ("", "/materials/{video}", settle_video),
    "upload": ("alice", "/upload", nothing),
    "queue": ("maria", "/moderation", nothing),
    "report": ("boris", "/materials/{pdf}/report", nothing),
    "reports": ("maria", "/moderation/reports", nothing),
    "reports-empty": ("vera", "/me/reports", nothing),
    "own-reports": ("boris", "/me/reports", nothing),
    "login": ("", "/login", nothing),
    "register": ("", "/register", nothing),
    "recover": ("", "/recover", nothing),
    "profile": ("alice", "/me/settings", nothing),
    "security": ("alice", "/me/security", nothing),
    "devices": ("alice", "/me/devices", nothing),
    "second-factor": ("maria", "/me/second-factor", nothing),
    "identities": ("alice", "/me/identities", nothing),
    "notification-choices": ("alice", "/me/notification-settings", nothing),
    "tokens": ("alice", "/me/tokens", nothing),
    "own-data": ("alice", "/me/data", nothing),
    "uploads": ("alice", "/me/uploads", nothing),
    "continue-reading": ("alice", "/", nothing),
    "history": ("alice", "/me/history", nothing),
    "history-empty": ("vera", "/me/history", nothing),
    "own-collections": ("alice", "/me/collections", nothing),
    "own-collections-empty": ("vera", "/me/collections", nothing),
    "collection": ("alice", "/collections/{kept}", nothing),
    "collection-of-another": ("", "/collections/{kept}", nothing),
    "collection-edit": ("alice", "/collections/{kept}/edit", nothing),
    "collections": ("", "/collections", nothing),
    "keep": ("alice", "/materials/{pdf}/collections", nothing),
    "assistant-about": ("", "/assistant", nothing),
    "assistant": ("alice", "/assistant", nothing),
    "conversation": ("alice", "/assistant/{conversation}", nothing),
    "conversations": ("alice", "/assistant/conversations", nothing),
    "conversations-empty": ("vera", "/assistant/conversations", nothing),
    "kept-answers": ("alice", "/me/answers", nothing),
    "kept-answers-empty": ("vera", "/me/answers", nothing),
    "subscriptions": ("alice", "/me/subscriptions", nothing),
    "feed": ("alice", "/me/feed", nothing),
    "feed-empty": ("vera", "/me/feed", nothing),
    "notifications": ("alice", "/me/notifications", nothing),
    "notifications-empty": ("vera", "/me/notifications", nothing),
    "edit": ("maria", "/materials/{pdf}/edit", nothing),
    "replace": ("maria", "/materials/{pdf}/replace", nothing),
    "delete": ("maria", "/materials/{pdf}/delete", nothing),
    "material-deleted": ("alice", "/materials/{deleted}", nothing),
    "trash": ("alice", "/trash", nothing),
    "admin": ("admin", "/admin", nothing),
    "admin-people": ("admin", "/admin/people", nothing),
    "admin-person": ("admin", "/admin/people/{alice}", nothing),
    "admin-subjects": ("admin", "/admin/subjects", nothing),
    "admin-subject": ("admin", "/admin/subjects/{subject}", nothing),
    "admin-site": ("admin", "/admin/site", nothing),
    "admin-jobs": ("admin", "/admin/jobs", nothing),
    "admin-storage": ("admin", "/admin/storage", nothing),
    "admin-index": ("admin", "/admin/index", nothing),
    "admin-log": ("admin", "/admin/log", nothing),
    "subjects": ("", "/subjects", nothing),
    "subject": ("", "/subjects/matematicheskiy-analiz", nothing),
    "styleguide": ("maria", "/styleguide", nothing),
    "not-found": ("", "/no-such-page", nothing),
    "forbidden": ("alice", "/admin", nothing),
    "link-expired": ("", "/register/no-such-link", nothing),
    "api-docs": ("", "/api/docs", settle_docs),
}
REFUSED = {"not-found": 404, "forbidden": 403, "link-expired": 410}


def take_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("EDU_SCREENSHOTS"):
        path = Path(folder) / "pages" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=not name.startswith("api-docs"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_wide_and_narrow_light_and_dark(sample: Sample, name: str) -> None:
    who, address, settle = PAGES[name]
    complaints, faults = Complaints(), []
    if name in REFUSED:
        complaints.expect(str(REFUSED[name]))
    person = sample.visit(who, complaints, color_scheme="light")
    page = person.page
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        answer = page.goto(address.format(**sample.names))
        assert answer is not None
        assert answer.status == REFUSED.get(name, 200)
        settle(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            # Swagger UI brings its own colours and its own markup.
            found = find_faults(page, contrast=name != "api-docs")
            if name == "styleguide":  # it shows headings too
                found.remove("2 h1")
            if name == "api-docs":
                found = [fault for fault in found if " > " in fault]
            faults += [f"{width} {scheme}: {fault}" for fault in found]
            take_picture(page, f"{name}-{width}-{scheme}")
        page.emulate_media(color_scheme="light")
    person.close()
    assert faults == []
    assert complaints.list == []


def test_the_switch_of_theme_is_kept_and_rendered_by_the_server(sample: Sample) -> None:
    complaints = Complaints()
    person = sample.visit("", complaints, color_scheme="light")
    page = person.page
    page.goto("/")
    page.locator("header [data-menu] > summary").click()
    with page.expect_response("**/theme"):
        page.locator("[data-theme-choice=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/subjects")
    assert '<html lang="ru" data-theme="dark">' in page.request.get("/subjects").text()
    dark = page.evaluate(BACKGROUND)
    page.locator("header [data-menu] > summary").click()
    page.locator("[data-theme-choice=light]").click()
    assert page.evaluate(BACKGROUND) != dark
    person.close()
    assert complaints.list == []


def test_the_first_visit_weighs_little(sample: Sample) -> None:
    person = sample.visit("", Complaints(), viewport={"width": 1280, "height": 800})
    requests: list[Request] = []
    person.page.on("requestfinished", lambda request: requests.append(request))
    person.page.goto("/")
    person.page.wait_for_load_state("networkidle")
    weights = {
        request.url.rsplit("/", 1)[-1]: request.sizes()["responseBodySize"] for request in requests
    }
    person.close()
    assert any(name.startswith("app-") for name in weights)
    assert sum(weights.values()) < FIRST_VISIT_BYTES, weights


def test_the_header_of_a_moderator_keeps_to_one_line(sample: Sample) -> None:
    person = sample.visit("maria", Complaints(), viewport={"width": 360, "height": 740})
    page = person.page
    page.goto("/me/history")
    tops = [page.locator(f"header {part}").bounding_box() for part in (".wordmark", "#bell")]
    assert tops[0]
    assert tops[1]
    assert abs(tops[0]["y"] - tops[1]["y"]) < 20
    person.close()


ASKED = {
    "collection": ("alice", "/collections/{kept}", "Удалить"),
    "history": ("alice", "/me/history", "Очистить историю"),
    "person": ("admin", "/admin/people/{alice}", "Заблокировать"),
    "trash": ("alice", "/trash", "Удалить навсегда"),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("scripts", [True, False])
def test_what_cannot_be_taken_back_is_asked_first(
    sample: Sample, name: str, *, scripts: bool
) -> None:
    who, address, label = ASKED[name]
    person = sample.visit(who, Complaints(), java_script_enabled=scripts)
    page = person.page
    page.goto(address.format(**sample.names))
    expect(page.locator("main form .button-bad:visible")).to_have_count(0)
    opener = page.locator("button[data-dialog]" if scripts else "summary", has_text=label)
    opener.click()
    asked = page.locator("dialog[open]" if scripts else "details[open]", has=page.locator("form"))
    expect(asked.locator("form .button-bad")).to_be_visible()
    person.close()


def test_a_report_goes_from_the_page_to_a_moderator(sample: Sample) -> None:
    complaints = Complaints()
    complaints.expect("422")
    vera, maria = sample.visit("vera", complaints), sample.visit("maria", complaints)
    vera.page.goto(f"/materials/{sample.names['docx']}?section=2")
    vera.page.locator("#report a").click()
    form = vera.page.locator("form#report")
    expect(form.locator("[name=place]")).to_have_value("2")
    form.locator("[value=other]").check()
    form.locator("button").click()
    expect(form.locator(".errors")).to_have_count(1)
    form.locator("[name=note]").fill("Формулы не видны.")
    form.locator("button").click()
    expect(vera.page.locator("p#report")).to_have_attribute("role", "status")
    maria.page.goto("/moderation/reports")
    item = maria.page.locator(f"#reported-{sample.names['docx']}")
    expect(item).to_contain_text("Формулы не видны.")
    before = int(maria.page.locator("#report-count").inner_text())
    item.locator("[data-dialog^=keep]").click()
    item.locator("dialog[open] textarea").fill("Теперь видны.")
    item.locator("dialog[open] button:not([type])").click()
    expect(item).to_have_count(0)
    expect(maria.page.locator("#report-count")).to_have_text(str(before - 1))
    vera.page.goto("/me/reports")
    expect(vera.page.locator("main")).to_contain_text("Теперь видны.")
    vera.close()
    maria.close()
    assert complaints.list == []


def test_a_video_is_sought_through_ranges(sample: Sample) -> None:
    complaints, ranges = Complaints(), []
    person = sample.visit("", complaints)
    page = person.page
    page.on(
        "response",
        lambda answer: ranges.append(answer.status) if answer.url.endswith("/file") else None,
    )
    page.goto(f"/materials/{sample.names['video']}")
    video = page.locator("video")
    settle_video(page)
    middle = video.evaluate("(v) => { v.muted = true; return v.currentTime = v.duration / 2; }")
    expect(video).to_have_js_property("seeking", False)
    video.evaluate("(v) => v.play()")
    wait_until(
        lambda: video.evaluate("(v) => v.currentTime") > middle + 0.2, 10, "the video plays on"
    )
    assert video.evaluate("(v) => v.error") is None
    assert set(ranges) == {206}
    person.close()
    assert complaints.list == []


def test_live_search_filters_pages_and_history(sample: Sample) -> None:
    complaints = Complaints()
    person = sample.visit("", complaints)
    page = person.page
    page.goto("/search")
    page.locator("#q").press_sequentially("предел")
    page.wait_for_url("**/search?q=*")
    lecture = page.locator("#n-type-lecture")
    promised = int(lecture.locator(".number").inner_text())
    lecture.focus()
    lecture.press("Enter")
    page.wait_for_url("**type=lecture*")
    expect(page.locator("#results .row")).to_have_count(promised)
    expect(lecture).to_be_focused()
    expect(page.locator("#found-said")).to_contain_text(str(promised))
    page.locator("#n-type-exam").click()
    page.wait_for_url("**type=exam*")
    page.locator("#f-after").fill("2001-02-03")
    page.locator("#f-days").click()
    page.wait_for_url("**type=exam*uploaded_after=2001-02-03*")
    late: list[Route] = []
    page.route("**type=exam*", lambda route: late.append(route))
    page.go_back()
    for _ in range(200):  # until the first step has asked for its page
        if late:
            break
        page.wait_for_timeout(50)
    page.go_back()
    page.wait_for_url("**type=lecture*")
    expect(page.locator("#results .row")).to_have_count(promised)
    expect(lecture).to_have_attribute("aria-current", "true")
    late[0].continue_()  # the page of the first step comes after that of the second
    page.wait_for_timeout(300)
    expect(lecture).to_have_attribute("aria-current", "true")
    expect(page.locator("header")).to_have_count(1)
    person.close()
    assert complaints.list == []


@pytest.mark.parametrize(
    ("touch", "width", "least"), [(False, 1280, 24), (True, 1280, 44), (False, 360, 44)]
)
def test_links_around_the_results_are_high_enough(
    sample: Sample, width: int, least: int, *, touch: bool
) -> None:
    viewport = {"width": width, "height": WIDTHS[width]}
    person = sample.visit("", Complaints(), viewport=viewport, has_touch=touch)
    page = person.page
    page.goto("/search?q=матан")
    shown = page.locator(".orders a, .understood > a, .filters > summary >> visible=true")
    boxes = [one.bounding_box() for one in shown.all()]
    assert len(boxes) == 4 + 1 + (width == 360)
    assert [box for box in boxes if not box or box["height"] < least] == []
    assert [box for box in boxes if not box or box["width"] < least] == []
    person.close()


def test_filters_stay_open_on_a_narrow_screen(sample: Sample) -> None:
    complaints = Complaints()
    person = sample.visit("", complaints, viewport={"width": 360, "height": WIDTHS[360]})
    page = person.page
    page.goto("/search?q=предел")
    lecture = page.locator("#n-type-lecture")
    expect(lecture).to_be_hidden()
    page.locator(".filters > summary").click()
    lecture.click()
    page.wait_for_url("**type=lecture*")
    expect(lecture).to_have_attribute("aria-current", "true")
    expect(lecture).to_be_in_viewport()
    expect(lecture).to_be_focused()
    assert find_faults(page) == []
    take_picture(page, "search-filters-360")
    page.locator(".filters > summary").click()
    page.locator("#q").fill("предел последовательности")
    page.wait_for_url("**%20*")
    expect(lecture).to_be_hidden()  # closed, they stay closed
    person.close()
    assert complaints.list == []


def test_a_moderator_rejects_with_a_reason_that_the_uploader_reads(sample: Sample) -> None:
    complaints = Complaints()
    maria = sample.visit("maria", complaints)
    maria.page.goto("/moderation")
    item = maria.page.locator(".queue-item").first
    title = item.locator("h3").inner_text()
    item.locator("[data-dialog]").click()
    dialog = maria.page.locator("dialog[open]")
    dialog.locator("textarea").fill("Не хватает титульного листа")
    dialog.locator("button.button-bad").click()
    expect(maria.page.locator("#toasts .toast-success")).to_be_visible()
    expect(maria.page.locator(".queue-item").filter(has_text=title)).to_have_count(0)
    alice = sample.visit("alice", complaints)
    alice.page.goto("/me/uploads")
    row = alice.page.locator(".row").filter(has_text=title)
    expect(row).to_contain_text("Не хватает титульного листа")
    maria.close()
    alice.close()
    assert complaints.list == []


def add_pending(sample: Sample, title: str, **changes: Any) -> int:
    """Alice's document that waits for a decision."""

    def add() -> int:
        alice = find_user("alice@example.org")
        assert alice is not None
        category = find_category("matematicheskiy-analiz/ryady")
        text = "Числовой ряд"
        return make_material(
            alice.id,
            MaterialStatus.PENDING,
            title=title,
            text=text,
            kind="docx",
            category=category,
            **changes,
        ).id

    added: int = sample.product.ask(add)
    return added


def test_a_title_without_spaces_stays_on_the_page(sample: Sample) -> None:
    complaints, faults = Complaints(), []
    material_id = add_pending(sample, "Сверхдлинноесловобезпробелов" * 6 + "и_ещё_немножко")
    for width, height in WIDTHS.items():
        person = sample.visit("maria", complaints, viewport={"width": width, "height": height})
        for name, address in (("material", f"/materials/{material_id}"), ("queue", "/moderation")):
            person.page.goto(address)
            found = find_faults(person.page)
            faults += [f"{name} {width}: {fault}" for fault in found]
            take_picture(person.page, f"long-title-{name}-{width}")
            person.page.locator("[data-dialog]").last.click()
            faults += [f"{name} {width}: dialog: {fault}" for fault in find_faults(person.page)]
            dialog = person.page.locator("dialog[open]")
            wide = dialog.evaluate("(e) => e.scrollWidth - e.clientWidth")
            faults += [f"{name} {width}: dialog: {wide} px too wide"] * (wide > 0)
        person.close()
    assert faults == []
    assert complaints.list == []


def test_a_decision_can_be_made_on_the_page_of_the_material(sample: Sample) -> None:
    complaints = Complaints()
    material_id = add_pending(sample, "Решение на странице материала")
    alice = sample.visit("alice", complaints)
    alice.page.goto(f"/materials/{material_id}")
    expect(alice.page.locator("form[action$='/approve']")).to_have_count(0)
    assert alice.page.locator("#rating p").count() == 1
    alice.close()
    maria = sample.visit("maria", complaints)
    maria.page.goto(f"/materials/{material_id}")
    take_picture(maria.page, "decision")
    maria.page.locator("form[action$='/approve'] button").click()
    maria.page.wait_for_url("**/moderation")
    expect(maria.page.locator("#toasts .toast-success")).to_be_visible()
    maria.page.goto(f"/materials/{material_id}")
    expect(maria.page.locator("#status, form[action$='/approve']")).to_have_count(0)
    maria.close()
    assert complaints.list == []


def test_the_focus_goes_on_through_the_queue(sample: Sample) -> None:
    complaints = Complaints()
    titles = ["Предпоследний в очереди", "Последний в очереди"]
    for title in titles:
        add_pending(sample, title, content=b"the same file")
    maria = sample.visit("maria", complaints)
    page = maria.page
    page.goto("/moderation")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert find_faults(page) == []
        take_picture(page, f"queue-twins-{width}")
    for title, next_focus in zip(titles, [titles[1], "Очередь проверки"], strict=True):
        item = page.locator(".queue-item", has=page.locator("h3", has_text=title))
        item.locator("form[action$='/approve'] button").press("Enter")
        expect(item).to_have_count(0)
        expect(page.locator(":focus")).to_have_text(next_focus)
    maria.close()
    assert complaints.list == []


def test_a_refused_upload_keeps_the_subject(sample: Sample, tmp_path: Path) -> None:
    complaints = Complaints()
    complaints.expect("422")
    person = sample.visit("alice", complaints)
    page = person.page
    page.goto("/upload")
    wrong = tmp_path / "notes.pdf"
    wrong.write_bytes(b"<html>" + b" " * 41_000)
    page.locator("#file").set_input_files(wrong)
    expect(page.locator("[data-file-name]")).to_have_text("notes.pdf · 40\N{NO-BREAK SPACE}КБ")
    page.locator("#title").fill("Не тот файл")
    page.locator("#subject").select_option(label="Математический анализ")
    expect(page.locator("#category optgroup")).to_have_count(0)  # the parts have arrived
    page.locator("#category").select_option(label="Ряды")
    offered = page.locator("#category option").all_inner_texts()
    page.locator("#type").select_option("notes")
    page.locator("#upload-form button[type=submit]").click()
    expect(page.locator("#file-errors")).not_to_be_empty()
    expect(page.locator("#subject option:checked")).to_have_text("Математический анализ")
    expect(page.locator("#category option:checked")).to_have_text("Ряды")
    assert page.locator("#category option").all_inner_texts() == offered
    take_picture(page, "upload-refused")
    person.close()
    assert complaints.list == []


def test_arrows_over_the_stars_send_one_vote(sample: Sample) -> None:
    complaints, votes = Complaints(), []
    person = sample.visit("vera", complaints)
    page = person.page
    page.on("request", lambda asked: votes.append(asked.post_data) if asked.post_data else None)
    page.goto(f"/materials/{sample.names['docx']}")
    page.locator("#star-5").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#rating form")).to_contain_text("Сохранено")
    expect(page.locator("#star-2")).to_be_checked()
    expect(page.locator("#star-2")).to_be_focused()
    assert len(votes) == 1
    assert "stars=2" in str(votes[0])
    person.close()
    assert complaints.list == []


def test_without_javascript_search_is_a_form(sample: Sample) -> None:
    person = sample.visit("", Complaints(), java_script_enabled=False)
    page = person.page
    page.goto("/")
    page.locator("main input[name=q]").fill("предел последовательности")
    page.locator("main input[name=q]").press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.locator("#results .row").first).to_be_visible()
    page.locator("#n-type-lecture").click()
    page.wait_for_url("**type=lecture*")
    page.locator("#f-before").fill("2100-01-01")
    page.locator("#f-days").click()
    page.wait_for_url("**type=lecture*uploaded_before=2100-01-01*")
    expect(page.locator("#results .row").first).to_be_visible()
    expect(page.locator("#q")).to_have_value("предел последовательности")
    expect(page.locator("#results .row").first).to_be_visible()
    person.close()


def test_without_javascript_the_language_is_switched(sample: Sample) -> None:
    person = sample.visit("", Complaints(), java_script_enabled=False)
    page = person.page
    page.goto("/subjects")
    page.locator("footer button[value=en]").click()
    page.wait_for_url("**/subjects*")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("footer button[value=ru]").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    person.close()


def test_without_javascript_stars_are_given(sample: Sample) -> None:
    person = sample.visit("boris", Complaints(), java_script_enabled=False)
    page = person.page
    page.goto(f"/materials/{sample.names['docx']}")
    page.locator("label:has(#star-4)").click()
    page.locator("#rating button.no-js").click()
    expect(page.locator("#toasts .toast-success")).to_be_visible()
    expect(page.locator("#star-4")).to_be_checked()
    person.close()


def test_without_javascript_a_file_is_uploaded(sample: Sample, tmp_path: Path) -> None:
    person = sample.visit("alice", Complaints(), java_script_enabled=False)
    page = person.page
    page.goto("/upload")
    expect(page.locator("#subject")).to_be_hidden()
    not_a_pdf = tmp_path / "notes.pdf"
    not_a_pdf.write_text("<html>это не PDF</html>")
    page.locator("#file").set_input_files(not_a_pdf)
    page.locator("#title").fill("Загрузка без скриптов")
    page.locator("#category").select_option(index=2)
    page.locator("#type").select_option("notes")
    page.locator("#upload-form button[type=submit]").click()
    expect(page.locator("#file-errors")).not_to_be_empty()
    expect(page.locator("#title")).to_have_value("Загрузка без скриптов")
    page.locator("#file").set_input_files(
        page_pdf(tmp_path / "small.pdf", b"BT /F1 12 Tf 72 720 Td (Green) Tj ET")
    )
    page.locator("#upload-form button[type=submit]").click()
    page.wait_for_url("**/materials/*")
    expect(page.locator("#status progress")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Загрузка без скриптов")
    person.close()


def test_the_readme_picture_is_small(sample: Sample, tmp_path: Path) -> None:
    person = sample.visit("boris", Complaints(), viewport={"width": 1120, "height": 760})
    person.page.goto("/search?q=предел+последовательности")
    person.page.wait_for_load_state("networkidle")
    path = Path(os.environ.get("EDU_SCREENSHOTS") or tmp_path) / "screenshot.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    person.page.screenshot(path=path)
    person.close()
    assert path.stat().st_size <= README_BYTES
