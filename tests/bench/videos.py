"""Every real video, and makes of video that phones and recorders give, from upload to its middle.

python -m tests.bench.videos
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from edu.accounts.service import find_user
from edu.catalog.service import find_category
from edu.extensions import db, storage
from edu.materials.models import Material, MaterialStatus
from edu.storage.base import stream_key
from edu.streams.models import Stream
from jobs.materials import process_material
from jobs.streams import make_stream
from tests.bench.machine import describe_machine
from tests.bench.tables import say, show_table
from tests.browser.people import Complaints, Person
from tests.browser.test_video import NO_HLS, play_from_the_middle, plays_stream, wait_for_length
from tests.media.samples import write_lecture, write_mp4, write_picture
from tests.product import Product, make_product
from tests.realdata import realdata
from tests.samples import make_material
from tests.services import find_chromium

HEAD = ("video", "s", "made", "took s", "sizes", "pieces", "hls.js: at s", "by itself: at s")
MPEG4, QUIET = ("-c:v", "mpeg4"), ("-x265-params", "log-level=none")
# Their names, and how they are made.
CLIPS: dict[str, Callable[[Path], Path]] = {
    "no sound": lambda path: write_mp4(path, 12, "640x360"),
    "no sound, MPEG-4": lambda path: write_mp4(path, 12, "640x360", *MPEG4),
    "161×91, 4:4:4": lambda path: write_lecture(path, 12, "161x91", "-pix_fmt", "yuv444p"),
    "upright 406×720": lambda path: write_lecture(path, 12, "406x720", *MPEG4),
    "wide 2200×200": lambda path: write_lecture(path, 12, "2200x200"),
    "HEVC": lambda path: write_lecture(path, 12, "640x360", "-c:v", "libx265", *QUIET),
    "AV1": lambda path: write_lecture(path, 12, "640x360", "-c:v", "libsvtav1", "-preset", "12"),
    "key frames 30 s apart": lambda path: write_lecture(path, 60, "320x180", "-g", "300"),
    "MP3 sound": lambda path: write_lecture(path, 12, "320x180", "-c:a", "libmp3lame"),
    "pictures at uneven moments": lambda path: write_lecture(
        path, 20, "320x180", "-vf", "select='lt(mod(n,30),4)+gt(n,198)'", "-fps_mode", "vfr"
    ),
    "one second": lambda path: write_picture(path, "color=red", "-pix_fmt", "yuv420p"),
}


@dataclass(frozen=True)
class Converted:
    """A video in the library; `how` is what the log says of its stream."""

    material_id: int
    seconds: float
    status: str
    how: str
    took_s: float
    sizes: str
    pieces: int


def convert(product: Product, path: Path) -> Converted:
    """Take a file the whole way that a worker takes it, in this process."""
    said = _Said()
    logging.getLogger("jobs.streams").addHandler(said)

    def work() -> Converted:
        maria, category = find_user("maria@example.org"), find_category("fizika")
        assert maria is not None
        material = make_material(
            maria.id,
            MaterialStatus.PROCESSING,
            content=path.read_bytes(),
            kind="video",
            category=category,
        )
        began = time.perf_counter()
        process_material(material.id)
        make_stream(material.file_id)
        took = time.perf_counter() - began
        db.session.expire_all()
        file = db.session.get_one(Material, material.id).file
        stream = db.session.get(Stream, file.id)
        status = f"{stream.status} {stream.error}".strip() if stream else material.status
        names = [found.key for found in storage().list_keys(stream_key(file.sha256, ""))]
        sizes = sorted({int(name.split("/")[-2]) for name in names if name.endswith(".m4s")})
        pieces = sum(name.endswith(".m4s") for name in names) // max(1, len(sizes))
        shown = ", ".join(map(str, sizes))
        return Converted(material.id, file.duration or 0, status, said.how(), took, shown, pieces)

    try:
        done: Converted = product.ask(work)
        return done
    finally:
        logging.getLogger("jobs.streams").removeHandler(said)


class _Said(logging.Handler):
    """Remembers how a stream was made."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def how(self) -> str:
        """Cut as it is, or written anew."""
        return next((line.split(": ")[1].split(",")[0] for line in self.lines), "")


@dataclass(frozen=True)
class Played:
    """Where the player came to, or what went wrong."""

    text: str
    well: bool


def play(browser: Browser, product: Product, video: Converted, *, library: bool) -> Played:
    """Send the player to the middle and let it play on, with the library or without."""
    complaints = Complaints()
    person = Person(browser, product, complaints)
    if library:
        person.context.add_init_script(NO_HLS)
    try:
        person.page.goto(f"/materials/{video.material_id}")
        middle = wait_for_length(person.page) / 2
        # Half a second is played, or what is left of a shorter one.
        start = min(middle, max(0.0, middle * 2 - 0.8))
        reached = play_from_the_middle(person.page, start)
        streams = plays_stream(person.page)
        wrong = "; ".join(complaints.list)[:60]
        source = "" if streams else " of the file"
        text = f"{start:.1f} → {reached:.1f}{source} {wrong}".rstrip()
        return Played(text, streams and not wrong)
    except (Error, AssertionError) as error:
        return Played(f"failed: {str(error)[:60]}", well=False)
    finally:
        person.close()


def find_videos(folder: Path) -> Iterator[tuple[str, Path]]:
    """The real ones, then those made here."""
    data = realdata()
    if data is None:
        say("no folder of real files: set EDU_REALDATA")
    else:
        yield from ((path.name, path) for path in sorted((data / "video").glob("*.mp4")))
    for number, (name, make) in enumerate(CLIPS.items()):
        try:
            yield name, make(folder / f"clip{number}.mp4")
        except subprocess.CalledProcessError:
            say(f"{name}: this ffmpeg cannot write it")


def main() -> int:
    """Print the table; 1 when a video does not play."""
    logging.getLogger("jobs.streams").setLevel(logging.INFO)
    say(describe_machine())
    os.environ.setdefault("SVT_LOG", "1")  # the encoder of AV1 talks
    rows: list[tuple[object, ...]] = []
    good = 0
    with (
        tempfile.TemporaryDirectory(prefix="edu-videos-") as name,
        make_product(Path(name) / "product", MIN_FREE_MB="0") as product,
        sync_playwright() as tool,
    ):
        product.prepare()
        product.start_web()
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = tool.chromium.launch(executable_path=find_chromium(), args=flags)
        for title, path in find_videos(Path(name)):
            made = convert(product, path)
            played = [play(browser, product, made, library=library) for library in (True, False)]
            how = made.how if made.status == "ready" else made.status
            facts = (round(made.seconds, 1), how, made.took_s, made.sizes, made.pieces)
            rows.append((title, *facts, *(each.text for each in played)))
            good += made.status == "ready" and all(each.well for each in played)
        browser.close()
    show_table(HEAD, rows)
    say(f"{good} of {len(rows)} play from their middle")
    return 0 if good == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
