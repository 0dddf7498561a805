"""The Python tus client against a server that is killed meanwhile."""

from __future__ import annotations

import functools
import io
import os
import signal
import subprocess
import threading
from pathlib import Path

from sqlalchemy import func, select
from tusclient.client import TusClient

from edu.accounts.service import find_user
from edu.api.security import issue_token
from edu.extensions import db
from edu.uploads.models import Upload
from tests.product import Product, descendants, is_alive, is_listening, kill_hard, wait_until

RETRIES = 30
RETRY_S = 1


class CountedFile(io.FileIO):
    """A file that counts what is read of it: the client reads what it is about to send."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        """See FileIO.read."""
        data = super().read(-1 if size is None else size) or b""
        self.count += len(data)
        return data


def token_of(product: Product, name: str = "alice") -> str:
    """An access token of one of the three people."""

    def make() -> str:
        user = find_user(f"{name}@example.org")
        assert user
        return issue_token(user)

    return str(product.ask(make))


def kill_server(product: Product, web: subprocess.Popen[bytes]) -> None:
    """SIGKILL to gunicorn and its worker; back when the port is free."""
    below = descendants(web.pid)
    kill_hard(web)
    for pid in filter(is_alive, below):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_listening(product.port), 10, "the port is free again")


def count_received(product: Product) -> int:
    """What counts as safe of all uploads."""
    return int(product.ask(lambda: db.session.scalar(select(func.sum(Upload.received)))) or 0)


def _has_come(product: Product, goal: int) -> bool:
    return count_received(product) >= goal


def send_and_kill(product: Product, path: Path, piece: int, kills: int) -> tuple[str, int]:
    """Send a file with tuspy while the server is killed, evenly over the file, and restarted.

    The id of the upload, and how many bytes were sent more than once (or not to the end).
    """
    web, size = product.start_web(), path.stat().st_size
    client = TusClient(
        f"{product.url}/files/", headers={"Authorization": f"Bearer {token_of(product)}"}
    )
    failed: list[BaseException] = []
    with CountedFile(path) as file:
        uploader = client.uploader(
            file_stream=file,
            chunk_size=piece,
            metadata={"filename": path.name},
            retries=RETRIES,
            retry_delay=RETRY_S,
            upload_checksum=True,
        )

        def send() -> None:
            try:
                uploader.upload()
            except BaseException as error:  # shown by the thread that waits for this one
                failed.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        for number in range(1, kills + 1):
            goal = size * number // (kills + 1)
            wait_until(functools.partial(_has_come, product, goal), 120, f"{goal} bytes")
            kill_server(product, web)
            web = product.start_web()
        sender.join(300)
        assert not failed, failed
        assert not sender.is_alive()
        return str(uploader.url).rpartition("/")[2], file.count - size
