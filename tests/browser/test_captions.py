"""Subtitles in a browser: under the picture, beside it, out of a search, and on their way in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edu.accounts.service import find_user
from edu.captions import service
from edu.captions.models import Caption
from edu.catalog.service import find_category
from edu.extensions import db
from edu.materials.models import Material, Passage
from edu.media.captions import Cue
from edu.streams.service import request_stream
from jobs.search import update_index
from jobs.streams import make_stream
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.browser.test_video import NO_HLS, plays_stream, value
from tests.media.samples import write_lecture, write_mp4
from tests.product import Product, make_product, wait_until
from tests.samples import make_material

pytestmark = pytest.mark.browser
SAID = [(0.5, "Здравствуйте, сегодня речь о рядах."), (4.2, "Пусть ряд сходится,")]
SAID += [(7.4, "тогда его члены стремятся к нулю."), (10.0, "Обратное неверно.")]
SAID += [(10.5 + n / 50, f"И ещё одно замечание, номер {n}.") for n in range(100)]
# How often all lines are looked for.
COUNT_LOOKS = """() => {
  const all = Element.prototype.querySelectorAll;
  window.looks = 0;
  Element.prototype.querySelectorAll = function (what) {
    window.looks += what === "a[data-second]";
    return all.call(this, what);
  };
}"""
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nРаз\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages; what else happens is done by the tests."""
    with make_product(tmp_path_factory.mktemp("captions")) as made:
        made.prepare()
        made.start_web()
        yield made


def add_lecture(path: Path, *, convert: bool) -> int:
    """A published video with a chapter and subtitles; its id."""
    maria, category = find_user("maria@example.org"), find_category("matematicheskiy-analiz/ryady")
    assert maria is not None
    video = make_material(
        maria.id,
        kind="video",
        title="Лекция",
        content=path.read_bytes(),
        category=category,
        passages=[Passage(number=0, heading="Введение", text="Введение")],
    )
    said = [Cue(round(at * 1000), round(at * 1000) + 2500, text) for at, text in SAID]
    service.set_captions(maria, video, said, "ru")
    service.set_captions(maria, video, [Cue(0, 3000, "hello")], "en")
    if convert:
        request_stream(video.file)
    db.session.commit()
    if convert:
        make_stream(video.file_id)
    update_index()
    return video.id


@pytest.fixture(scope="module")
def streamed(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    path = write_lecture(tmp_path_factory.mktemp("files") / "a.mp4", 14, "320x180", "-g", "20")
    made: int = product.ask(lambda: add_lecture(path, convert=True))
    return made


@pytest.fixture(scope="module")
def original(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    path = write_lecture(tmp_path_factory.mktemp("files") / "b.mp4", 14, "160x90")
    made: int = product.ask(lambda: add_lecture(path, convert=False))
    return made


@pytest.fixture
def person(browser: Browser, product: Product) -> Iterator[Person]:
    complaints = Complaints()
    made = Person(browser, product, complaints)
    made.context.add_init_script(NO_HLS)
    yield made
    made.close()
    assert complaints.list == []


def count_cues(page: Page, track: int = 0) -> float:
    return value(page, f"video.textTracks[{track}].cues?.length ?? 0")


@pytest.mark.parametrize("kind", ["streamed", "original"])
def test_subtitles_load_beside_stream_and_file(
    request: pytest.FixtureRequest, person: Person, kind: str
) -> None:
    page = person.page
    page.goto(f"/materials/{request.getfixturevalue(kind)}")
    wait_until(lambda: value(page, "video.duration") > 0, 20, "the video has a length")
    assert plays_stream(page) == (kind == "streamed")
    page.locator("video.video").evaluate("v => { v.textTracks[0].mode = 'showing'; }")
    wait_until(lambda: count_cues(page) == len(SAID), 20, "the lines are there")
    page.locator("video.video").evaluate("v => { v.muted = true; v.currentTime = 7.6; }")
    shown = "video.textTracks[0].activeCues?.[0]?.startTime ?? -1"
    wait_until(lambda: value(page, shown) == 7.4, 20, "the line is shown")


def test_a_hit_leads_to_the_line(person: Person, streamed: int) -> None:
    page = person.page
    page.goto("/search?q=члены+стремятся")
    page.locator(f"a.place[href^='/materials/{streamed}?t=7']").first.click()
    wait_until(lambda: value(page, "video.currentTime") >= 7, 20, "it opens at the second")
    page.locator(".transcript-section a.button").click()
    line = page.locator(".transcript a[data-second='7']")
    expect(line).to_have_attribute("aria-current", "true")
    expect(line.locator("mark")).to_have_count(2)
    line.press("Shift+Tab")
    page.keyboard.press("Enter")  # the line before it
    wait_until(lambda: 3.8 < value(page, "video.currentTime") < 7, 20, "the keyboard leads there")
    expect(page.locator(".transcript a[data-second='4']")).to_have_attribute("aria-current", "true")
    page.locator("video.video").evaluate("v => v.pause()")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert find_faults(page) == []
        if folder := os.environ.get("EDU_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/transcript-{width}.png", full_page=True)
    page.locator(".transcript nav a").last.click()
    expect(page.locator(".transcript li")).to_have_count(1)


def test_the_list_follows_what_is_said_and_takes_more_lines_in_at_once(
    person: Person, product: Product, original: int
) -> None:
    def add_german() -> None:
        maria = find_user("maria@example.org")
        assert maria is not None
        said = [Cue(n * 10, n * 10 + 10, f"wort {n}") for n in range(1300)]
        video = db.session.get_one(Material, original)
        video.title = "Лекция_" + "о_рядах_" * 20  # as files are named
        service.set_captions(maria, video, said, "de")
        db.session.commit()

    product.ask(add_german)
    page = person.page
    page.goto(f"/materials/{original}")
    wait_until(lambda: value(page, "video.duration") > 0, 20, "the video has a length")
    page.locator(".transcript-section a.button").click()
    page.locator(".transcript a[data-second='4']").click()
    page.locator("video.video").evaluate("v => v.pause()")
    page.mouse.move(0, 0)  # the line keeps the focus
    page.locator("video.video").evaluate("v => { v.currentTime = 12; }")
    scrolled = "document.querySelector('.transcript ol').scrollTop"
    wait_until(lambda: page.evaluate(scrolled) > 100, 20, "the list goes on following")
    page.locator(".transcript nav a").last.click()
    expect(page.locator(".transcript li")).to_have_count(1001)
    page.evaluate(COUNT_LOOKS)
    page.locator(".transcript-more a").evaluate("a => a.click()")
    expect(page.locator(".transcript li")).to_have_count(1300)
    looks = "window.looks"
    wait_until(lambda: page.evaluate(looks) > 0, 20, "the list looks for its line again")
    assert page.evaluate(looks) == 1
    page.goto(f"/materials/{original}/transcript?language=en")
    page.set_viewport_size({"width": 360, "height": 900})
    assert find_faults(page) == []


def test_subtitles_dropped_with_a_video_go_with_it(
    person: Person, product: Product, tmp_path: Path
) -> None:
    files = []
    for name in ("one", "two"):
        files.append(write_mp4(tmp_path / f"{name}.mp4", 1, "160x90" if name == "one" else "80x60"))
    (tmp_path / "Two.vtt").write_text(VTT, encoding="utf-8")
    files.append(tmp_path / "Two.vtt")
    page = person.sign_in("maria@example.org").page
    page.goto("/upload")
    page.locator("input[name=file]").set_input_files(files)
    expect(page.locator("#arriving li")).to_have_count(2)
    expect(page.locator("#arriving")).to_contain_text("two.mp4 + Two.vtt")
    page.locator("#subject").select_option(index=1)
    page.locator("[name=category] option").nth(1).wait_for(state="attached")
    page.locator("[name=category]").select_option(index=1)
    page.locator("[name=type]").select_option("lecture")
    page.locator("#upload-form button[type=submit]").click()
    expect(page.locator("#arriving [data-link]:not([hidden])")).to_have_count(2)

    def with_captions() -> list[str]:
        query = db.select(Material.title).join(Caption, Caption.file_id == Material.file_id)
        return list(db.session.scalars(query.where(Material.title.in_(["one", "two"]))))

    assert product.ask(with_captions) == ["two"]
