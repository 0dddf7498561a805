"""Large uploads: what a dying server costs, and what many at once take of its memory.

python -m tests.bench.uploads
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Request, sync_playwright
from sqlalchemy import select
from tusclient.client import TusClient

from edu.extensions import db
from edu.uploads.models import Upload
from tests.bench.machine import MB, describe_machine, memory_of
from tests.bench.tables import say
from tests.browser.people import Complaints, Person
from tests.product import Product, descendants, make_product
from tests.services import find_chromium
from tests.uploads.samples import large_pdf
from tests.uploads.sending import count_received, kill_server, send_and_kill, token_of

PIECE = 5 * MB
LARGE, KILLS = 450 * MB, 3
FILES, SIZE, PAGES_A_SECOND = 8, 50 * MB, 20
PATHS = ("/", "/subjects", "/search?q=series", "/login")


def measure_kills(folder: Path) -> None:
    """One large file, the server killed three times."""
    with make_product(folder / "killed", MIN_FREE_MB="0") as product:
        product.prepare()
        path, began = large_pdf(folder / "large.pdf", LARGE), time.perf_counter()
        upload_id, again = send_and_kill(product, path, PIECE, KILLS)
        took = time.perf_counter() - began
        kept = product.data / "uploads" / upload_id
        same = _hash(kept) == _hash(path)
        say(
            f"{LARGE // MB} MB, server killed {KILLS} times: {took:.0f} s, sent again "
            f"{again / MB:.1f} MB, hash {'right' if same else 'WRONG'}"
        )
        path.unlink()


def measure_browser(folder: Path) -> None:
    """The same from a page of Chromium, whose tab is reloaded once besides."""
    with make_product(folder / "page", MIN_FREE_MB="0") as product, sync_playwright() as tool:
        product.prepare()
        web, path = product.start_web(), large_pdf(folder / "page.pdf", LARGE)
        chromium = tool.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        person = Person(chromium, product, Complaints()).sign_in("alice@example.org")
        page, sent, began = person.page, list[int](), time.perf_counter()
        page.on("request", lambda asked: sent.append(_piece_of(asked)))
        page.goto("/upload")
        page.locator("#file").set_input_files(path)
        for number in range(1, KILLS + 2):
            while count_received(product) < LARGE * number // (KILLS + 2):
                page.wait_for_timeout(20)
            if number == 2:
                page.reload()
                page.locator("#file").set_input_files(path)
            else:
                kill_server(product, web)
                web = product.start_web()
        page.locator("#arriving li[data-state=arrived]").wait_for(timeout=120_000)
        took = time.perf_counter() - began
        (upload_id,) = product.ask(lambda: list(db.session.scalars(select(Upload.id))))
        same = _hash(product.data / "uploads" / upload_id) == _hash(path)
        say(
            f"{LARGE // MB} MB from Chromium, server killed {KILLS} times, tab reloaded once: "
            f"{took:.0f} s, sent again {(sum(sent) - LARGE) / MB:.1f} MB, "
            f"hash {'right' if same else 'WRONG'}"
        )
        person.close()
        chromium.close()
        path.unlink()


def _piece_of(asked: Request) -> int:
    """How many bytes a request of the page was to bring, whether they arrived or not."""
    offset = int(asked.headers.get("upload-offset", LARGE))
    return min(PIECE, LARGE - offset) if asked.method == "PATCH" else 0


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure_memory(folder: Path) -> None:
    """Eight files at once while pages are read."""
    with make_product(folder / "crowd", MIN_FREE_MB="0") as product:
        product.prepare()
        web = product.start_web()
        (worker,) = descendants(web.pid)
        path, failed = large_pdf(folder / "one.pdf", SIZE), list[str]()
        stop, pages = threading.Event(), list[float]()
        reader = threading.Thread(target=_read, args=(product, stop, pages, failed))
        reader.start()
        time.sleep(5)  # what the first pages load is not the uploads' doing
        before, peak, began = memory_of(worker), 0.0, time.perf_counter()
        token = token_of(product)
        senders = [
            threading.Thread(target=_send, args=(product, token, path, failed))
            for _ in range(FILES)
        ]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            peak = max(peak, memory_of(worker)[1])
            time.sleep(0.05)
        took = time.perf_counter() - began
        stop.set()
        reader.join()
        hashes = set(product.ask(lambda: list(db.session.scalars(select(Upload.sha256)))))
        pages.sort()
        say(
            f"{FILES} × {SIZE // MB} MB at once: {took:.1f} s; memory of the web process "
            f"{before[1]:.0f} MB before, {peak:.0f} MB at most: +{peak - before[1]:.0f} MB; "
            f"{len(pages)} pages, p50 {pages[len(pages) // 2]:.0f} ms, "
            f"p95 {pages[len(pages) * 95 // 100]:.0f} ms; errors {len(failed)}; "
            f"hashes {'right' if hashes == {_hash(path)} else 'WRONG'}"
        )
        for text in failed[:5]:
            say(text)


def _send(product: Product, token: str, path: Path, failed: list[str]) -> None:
    client = TusClient(f"{product.url}/files/", headers={"Authorization": f"Bearer {token}"})
    try:
        client.uploader(str(path), chunk_size=PIECE, metadata={"filename": path.name}).upload()
    except Exception as error:  # told at the end, whatever it was
        failed.append(repr(error))


def _read(product: Product, stop: threading.Event, took: list[float], failed: list[str]) -> None:
    """Ask for pages evenly, each on a thread of its own, so that a slow one delays no other."""

    def read(address: str) -> None:
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(product.url + address, timeout=30) as answer:
                answer.read()
        except OSError as error:
            failed.append(f"{address}: {error}")
        took.append((time.perf_counter() - began) * 1000)

    readers, number, due = list[threading.Thread](), 0, time.perf_counter()
    while not stop.is_set():
        reader = threading.Thread(target=read, args=(PATHS[number % len(PATHS)],))
        reader.start()
        readers.append(reader)
        number, due = number + 1, due + 1 / PAGES_A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
    for reader in readers:
        reader.join()


def main() -> None:
    """Measure all."""
    say(describe_machine())
    with tempfile.TemporaryDirectory(prefix="edu-uploads-") as folder:
        measure_kills(Path(folder))
        measure_browser(Path(folder))
        measure_memory(Path(folder))


if __name__ == "__main__":
    main()
