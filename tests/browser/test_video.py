"""Streams play in a browser: by itself, by the library, and the file where a stream fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db, storage
from edu.materials.models import Material, Passage
from edu.storage.base import stream_key
from edu.streams.models import Stream, StreamStatus
from edu.streams.service import request_stream
from jobs.streams import make_stream
from tests.browser.checks import find_faults
from tests.browser.people import Complaints, Person
from tests.media.samples import write_lecture
from tests.product import Product, make_product, wait_until
from tests.realdata import realdata
from tests.samples import make_material

pytestmark = pytest.mark.browser
SECONDS = 14
# One that is cut as it is, and one that Chromium shows upright.
REAL = ("v05_mediacms_small.mp4", "g09_lecture_slides_ru_tts.mp4")
# The browser claims not to know streams, as most do, and counts what it is given instead.
NO_HLS = """
const can = HTMLMediaElement.prototype.canPlayType;
HTMLMediaElement.prototype.canPlayType = function (type) {
  return type.includes("mpegurl") ? "" : can.call(this, type);
};
"""
AddVideo = Callable[..., int]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web pages; streams are made by the tests."""
    with make_product(tmp_path_factory.mktemp("video")) as made:
        made.prepare()
        made.start_web()
        yield made


@pytest.fixture(scope="module")
def add_video(product: Product) -> AddVideo:
    """A published video with its stream and a chapter; returns the material's id."""

    def add(path: Path, *, convert: bool = True) -> int:
        maria = find_user("maria@example.org")
        category = find_category("matematicheskiy-analiz/ryady")
        assert maria is not None
        chapters = [Passage(number=second, heading=f"Глава {second}", text="") for second in (0, 7)]
        content = path.read_bytes()
        material = make_material(
            maria.id, kind="video", content=content, category=category, passages=chapters
        )
        request_stream(material.file)
        db.session.commit()
        if convert:
            make_stream(material.file_id)
        return material.id

    def ask(path: Path, *, convert: bool = True) -> int:
        made: int = product.ask(lambda: add(path, convert=convert))
        return made

    return ask


@pytest.fixture(scope="module")
def video_id(add_video: AddVideo, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A video that has to be written anew, in two sizes."""
    folder = tmp_path_factory.mktemp("files")
    return add_video(write_lecture(folder / "a.mp4", SECONDS, "854x480", "-c:v", "mpeg4"))


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Page]:
    """A stranger's, in a browser that needs the library."""
    person = Person(browser, product, complaints)
    person.context.add_init_script(NO_HLS)
    yield person.page
    person.close()
    assert complaints.list == []


@pytest.fixture
def knowing_page(browser: Browser, product: Product, complaints: Complaints) -> Iterator[Page]:
    """A stranger's, in a browser that plays streams by itself."""
    person = Person(browser, product, complaints)
    known = "document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"
    knows = person.page.evaluate(known)
    if knows:
        yield person.page
    person.close()
    if not knows:
        pytest.skip("this Chromium plays no streams by itself")
    assert complaints.list == []


def value(page: Page, expression: str) -> float:
    """Something that the player has, as a number."""
    found: float = page.locator("video.video").evaluate(f"video => Number({expression})")
    return found


def play_from_the_middle(page: Page, seconds: float) -> float:
    """Play muted from there on; the time that was reached after half a second of playing."""
    page.locator("video.video").evaluate(
        """async (video, middle) => {
            video.muted = true;
            await video.play();
            video.currentTime = middle;
            await new Promise((done) => {
                video.ontimeupdate = () => video.currentTime > middle + 0.5 && done();
            });
            video.ontimeupdate = null;
            video.pause();
        }""",
        seconds,
    )
    return value(page, "video.currentTime")


def wait_for_length(page: Page) -> float:
    wait_until(lambda: value(page, "video.duration") > 0, 15, "the video has a length")
    return value(page, "video.duration")


def plays_stream(page: Page) -> bool:
    source: str = page.locator("video.video").evaluate("video => video.currentSrc")
    return source.startswith("blob:") or source.endswith("/master.m3u8")


def test_a_stream_plays_from_its_middle(page: Page, video_id: int) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/materials/{video_id}")
    assert wait_for_length(page) == pytest.approx(SECONDS, abs=0.5)
    assert play_from_the_middle(page, SECONDS / 2) == pytest.approx(SECONDS / 2 + 0.5, abs=0.6)
    assert plays_stream(page)
    assert any(url.endswith(".m4s") for url in asked)
    assert not any(url.endswith(f"/{video_id}/file") for url in asked)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert find_faults(page) == []


def test_a_browser_that_knows_streams_plays_them_by_itself(
    knowing_page: Page, video_id: int
) -> None:
    asked: list[str] = []
    knowing_page.on("request", lambda request: asked.append(request.url))
    knowing_page.goto(f"/materials/{video_id}")
    wait_for_length(knowing_page)
    assert play_from_the_middle(knowing_page, SECONDS / 2) > SECONDS / 2 + 0.4
    source = knowing_page.locator("video.video").evaluate("video => video.currentSrc")
    assert source.endswith("/master.m3u8")
    assert not any(url.endswith(f"/{video_id}/file") or "player-" in url for url in asked)


def test_second_chapters_and_speed_work_with_streams(page: Page, video_id: int) -> None:
    page.goto(f"/materials/{video_id}?t=5")
    wait_until(lambda: value(page, "video.currentTime") >= 5, 15, "it begins at the second")
    page.locator("[data-video-speed]").select_option("1.5")
    page.locator("a[data-second='7']").click()
    wait_until(lambda: value(page, "video.currentTime") > 7.2, 15, "it goes on at the chapter")
    expect(page.locator("a[data-second='7']")).to_have_attribute("aria-current", "true")
    page.goto(f"/materials/{video_id}")
    wait_for_length(page)
    assert value(page, "video.playbackRate") == 1.5
    expect(page.locator("[data-video-speed]")).to_have_value("1.5")


@pytest.fixture(scope="module")
def broken_id(
    product: Product, add_video: AddVideo, tmp_path_factory: pytest.TempPathFactory
) -> int:
    """A video whose stream has lost all but its beginning."""
    folder = tmp_path_factory.mktemp("broken")
    video = add_video(write_lecture(folder / "b.mp4", SECONDS, "160x90", "-g", "20"))

    def lose_pieces() -> None:
        sha256 = db.session.get_one(Material, video).file.sha256
        for number in (1, 2):
            storage().delete(stream_key(sha256, f"90/{number:05}.m4s"))

    product.ask(lose_pieces)
    return video


@pytest.mark.parametrize("kind", ["page", "knowing_page"])
def test_where_a_stream_breaks_the_file_goes_on(
    request: pytest.FixtureRequest, complaints: Complaints, broken_id: int, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    complaints.expect("404")
    page.goto(f"/materials/{broken_id}")
    wait_for_length(page)
    page.locator("video.video").evaluate("v => { v.muted = true; v.currentTime = 7; }")
    wait_until(lambda: not plays_stream(page), 20, "the file is taken instead")
    wait_until(lambda: value(page, "video.currentTime") >= 7, 10, "it goes on from there")
    assert play_from_the_middle(page, 8) == pytest.approx(8.5, abs=0.6)


@pytest.fixture(scope="module")
def waiting_id(add_video: AddVideo, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A video that plays as it is; its stream is there and counts as not made."""
    folder = tmp_path_factory.mktemp("waiting")
    return add_video(write_lecture(folder / "c.mp4", SECONDS, "160x120", "-g", "20"))


def move_stream(product: Product, material_id: int, status: StreamStatus, percent: int) -> None:
    """Let the stream stand so."""

    def move() -> None:
        stream = db.session.get_one(Stream, db.session.get_one(Material, material_id).file_id)
        stream.status, stream.percent = status.value, percent
        db.session.commit()

    product.ask(move)


def open_while_made(page: Page, product: Product, material_id: int) -> None:
    """Open the page of a video whose stream is being made, and let it look often."""
    move_stream(product, material_id, StreamStatus.MAKING, 40)
    page.goto(f"/materials/{material_id}")
    expect(page.locator("#stream")).to_contain_text("40")
    wait_for_length(page)
    page.locator("#stream").evaluate("e => { e.setAttribute('hx-trigger', 'every 200ms'); }")
    page.evaluate("htmx.process(document.querySelector('#stream'))")


def test_a_video_that_waits_plays_and_goes_over_to_its_stream(
    page: Page, product: Product, waiting_id: int
) -> None:
    open_while_made(page, product, waiting_id)
    assert not plays_stream(page)
    move_stream(product, waiting_id, StreamStatus.READY, 100)
    wait_until(lambda: plays_stream(page), 15, "the stream is taken")
    expect(page.locator("#stream")).to_be_hidden()
    expect(page.locator("#stream[hx-get]")).to_have_count(0)
    assert play_from_the_middle(page, SECONDS / 2) > SECONDS / 2 + 0.4


# Plays at a speed that no menu of the page has, with subtitles of the page's.
WATCH = """async (video) => {
  const text = new Blob(["WEBVTT\\n\\n00:00.000 --> 00:14.000\\nслово\\n"], {type: "text/vtt"});
  const track = document.createElement("track");
  Object.assign(track, { kind: "subtitles", srclang: "ru", src: URL.createObjectURL(text) });
  video.append(track);
  track.track.mode = "showing";
  video.muted = true;
  video.currentTime = 4;
  video.playbackRate = 0.6;
  await video.play();
}"""


@pytest.mark.parametrize("kind", ["page", "knowing_page"])
def test_who_watches_is_offered_the_stream_and_goes_on_from_there(
    request: pytest.FixtureRequest, product: Product, waiting_id: int, kind: str
) -> None:
    page: Page = request.getfixturevalue(kind)
    open_while_made(page, product, waiting_id)
    page.locator("video.video").evaluate(WATCH)
    move_stream(product, waiting_id, StreamStatus.READY, 100)
    button = page.locator("#stream button")
    expect(button).to_be_visible()
    assert find_faults(page) == []
    assert not plays_stream(page)
    second = value(page, "video.currentTime")
    button.click()
    wait_until(lambda: plays_stream(page), 15, "the stream is taken")
    wait_until(lambda: value(page, "video.currentTime") > second + 0.2, 15, "it goes on")
    assert value(page, "video.currentTime") < second + 5
    assert value(page, "video.playbackRate") == 0.6
    assert value(page, "!video.paused")
    expect(button).to_be_hidden()
    wait_until(
        lambda: value(page, "video.textTracks[0].activeCues?.length ?? 0") == 1, 5, "subtitles"
    )
    assert value(page, "video.textTracks[0].mode === 'showing'")


@pytest.mark.parametrize("kind", ["page", "knowing_page"])
def test_who_watches_loses_no_place_where_the_stream_does_not_begin(
    request: pytest.FixtureRequest,
    product: Product,
    complaints: Complaints,
    waiting_id: int,
    kind: str,
) -> None:
    page: Page = request.getfixturevalue(kind)
    complaints.expect("404")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404)

    page.route("**/master.m3u8", refuse)
    open_while_made(page, product, waiting_id)
    page.locator("video.video").evaluate(
        "v => { v.muted = true; v.currentTime = 6; v.playbackRate = 0.5; v.play(); }"
    )
    wait_until(lambda: value(page, "video.played.length") > 0, 15, "it plays")
    move_stream(product, waiting_id, StreamStatus.READY, 100)
    page.locator("#stream button").click()
    wait_until(lambda: not plays_stream(page) and asked, 20, "the file is taken instead")
    wait_until(lambda: value(page, "video.readyState") >= 2, 15, "the file is known")
    assert value(page, "video.currentTime") >= 6
    assert value(page, "!video.paused")


@pytest.mark.parametrize("name", REAL)
def test_real_videos_play_from_their_middle(page: Page, add_video: AddVideo, name: str) -> None:
    folder = realdata()
    if folder is None or not (folder / "video" / name).is_file():
        pytest.skip("no folder of real files: set EDU_REALDATA")
    page.goto(f"/materials/{add_video(folder / 'video' / name)}")
    middle = wait_for_length(page) / 2
    assert play_from_the_middle(page, middle) > middle + 0.4
    assert plays_stream(page)
