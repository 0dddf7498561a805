"""Browsers are sent to a bucket: streams play, PDF are read by ranges, files are saved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db
from edu.streams.service import request_stream
from jobs.streams import make_stream
from tests.browser.people import Complaints, Person
from tests.browser.test_library import long_pdf
from tests.browser.test_video import (
    NO_HLS,
    SECONDS,
    play_from_the_middle,
    plays_stream,
    value,
    wait_for_length,
)
from tests.media.samples import write_lecture
from tests.product import Product, make_product, wait_until
from tests.samples import make_material
from tests.storage.conftest import documented_cors
from tests.storage.standin import StandIn, run_standin

pytestmark = pytest.mark.browser
BIG = 1_500_000


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A bucket that checks each signature."""
    with run_standin(tmp_path_factory.mktemp("bucket")) as server:
        yield server


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, standin: StandIn) -> Iterator[Product]:
    """Web pages that send browsers to the bucket, whose rules are those of the guide."""
    env = standin.env(STORAGE="s3", S3_PRESIGN_S="600")
    with make_product(tmp_path_factory.mktemp("product"), **env) as made:
        made.prepare()
        made.start_web()
        standin.cors = documented_cors(made.url)
        yield made


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Pages enough for a viewer that reads ranges; what stands before them is never needed."""
    short = long_pdf(tmp_path_factory.mktemp("pdf") / "a.pdf")
    # A comment between header and body moves the offsets: they are counted from the new header.
    filler = b"%" + b"x" * BIG + b"\n"
    return filler + short


@pytest.fixture(scope="module")
def ids(product: Product, pdf: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Ids of a video with its stream and of a PDF, both published."""
    clip = write_lecture(tmp_path_factory.mktemp("clip") / "a.mp4", SECONDS, "160x90", "-g", "20")

    def add() -> dict[str, int]:
        maria, made = find_user("maria@example.org"), {}
        assert maria is not None
        category = find_category("matematicheskiy-analiz/ryady")
        for kind, content in (("video", clip.read_bytes()), ("pdf", pdf)):
            material = make_material(maria.id, kind=kind, content=content, category=category)
            request_stream(material.file)
            made[kind] = material.id
            db.session.commit()
            make_stream(material.file_id)
        return made

    added: dict[str, int] = product.ask(add)
    return added


NO_LIBRARY: Any = {"content_type": "text/javascript", "body": "export function attach() {}"}


@pytest.fixture(params=[True, False], ids=["library", "browser itself"])
def page(
    request: pytest.FixtureRequest, browser: Browser, product: Product, standin: StandIn
) -> Iterator[Page]:
    """A stranger's, in a browser that needs the library or plays streams by itself."""
    complaints = Complaints()
    standin.refused.clear()
    person = Person(browser, product, complaints)
    if request.param:
        person.context.add_init_script(NO_HLS)
    yield person.page
    person.close()
    assert complaints.list == []
    assert not standin.refused


def watch_bytes(page: Page) -> set[tuple[int, str]]:
    """The answers that brought bytes: status, and where from (host and port)."""
    found: set[tuple[int, str]] = set()

    def note(answer: Response) -> None:
        place, path = answer.url.split("/", 3)[2:]
        if answer.status != 302 and re.match(r"lectures/(streams|files)/|materials/\d+/file", path):
            found.add((answer.status, place))

    page.on("response", note)
    return found


def test_a_stream_plays_from_the_bucket(page: Page, ids: dict[str, int], standin: StandIn) -> None:
    seen = watch_bytes(page)
    page.goto(f"/materials/{ids['video']}")
    wait_for_length(page)
    assert play_from_the_middle(page, SECONDS / 2) > SECONDS / 2 + 0.4
    assert plays_stream(page)
    assert {place for _status, place in seen} == {standin.url.removeprefix("http://")}


def test_the_file_of_a_video_plays_from_the_bucket(page: Page, ids: dict[str, int]) -> None:
    # A library that comes later would put the stream in the file's place.
    page.route("**/player-*.js", lambda route: route.fulfill(**NO_LIBRARY))
    page.goto(f"/materials/{ids['video']}")
    seen = watch_bytes(page)
    page.locator("video.video").evaluate(
        "(video, address) => { video.src = address; video.load(); }",
        f"/materials/{ids['video']}/file",
    )
    wait_until(lambda: value(page, "video.readyState") >= 1, 15, "the file is known")
    assert play_from_the_middle(page, 9) > 9.4
    # The browser names either end of the redirect as the place.
    assert {status for status, _place in seen} == {206}


def test_a_pdf_is_read_by_ranges_and_saved(
    page: Page, ids: dict[str, int], pdf: bytes, standin: StandIn
) -> None:
    seen = watch_bytes(page)
    page.goto(f"/materials/{ids['pdf']}#page=12")
    text = page.locator(".pdf-text").filter(has_text="Page 12")
    expect(text).to_have_count(1)
    assert (206, standin.url.removeprefix("http://")) in seen
    with page.expect_download() as waiting:
        page.locator("a[download]").first.click()
    saved = Path(waiting.value.path()).read_bytes()
    assert hashlib.sha256(saved).digest() == hashlib.sha256(pdf).digest()
