"""Whatever a killed process leaves, and two requests at once: no byte is wrong."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable

import pytest
from flask import Flask

from edu.extensions import db
from edu.uploads import service
from edu.uploads.models import Upload
from tests.conftest import sign_in
from tests.uploads.conftest import Sender, change_row, files_of, path_of


def test_bytes_that_were_not_counted_are_cut_off(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    alice.send(upload_id, 0, b"123")
    with path_of(app, upload_id).open("ab") as file:
        file.write(b"written, but killed before the commit")
    assert alice.look(upload_id).headers["Upload-Offset"] == "3"
    assert alice.send(upload_id, 3, b"456").headers["Upload-Offset"] == "6"
    assert path_of(app, upload_id).read_bytes() == b"123456"


def test_bytes_that_the_disk_has_lost_are_asked_for_again(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    alice.send(upload_id, 0, b"123456")
    with path_of(app, upload_id).open("rb+") as file:
        file.truncate(2)
    assert alice.look(upload_id).headers["Upload-Offset"] == "2"
    assert alice.send(upload_id, 6, b"789").status_code == 409
    assert alice.send(upload_id, 2, b"3456789").status_code == 204
    assert path_of(app, upload_id).read_bytes() == b"123456789"


def test_a_lost_file_begins_anew(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(3)
    alice.send(upload_id, 0, b"12")
    path_of(app, upload_id).unlink()
    assert alice.look(upload_id).headers["Upload-Offset"] == "0"
    assert alice.send(upload_id, 0, b"123").status_code == 204


def test_a_crash_before_the_commit_counts_nothing(
    app: Flask, alice: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = alice.made(9)
    alice.send(upload_id, 0, b"123")

    def crash() -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(db.session, "commit", crash)
        with pytest.raises(SystemExit):
            alice.send(upload_id, 3, b"456")
    assert path_of(app, upload_id).read_bytes() == b"123456"
    assert alice.look(upload_id).headers["Upload-Offset"] == "3"
    assert alice.send(upload_id, 3, b"xyz").status_code == 204
    assert path_of(app, upload_id).read_bytes() == b"123xyz"


def test_the_bytes_are_safe_before_they_count(
    app: Flask, alice: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    upload_id = alice.made(3)

    def note(name: str, function: Callable[..., None]) -> Callable[..., None]:
        def noted(*arguments: int) -> None:
            order.append(name)
            function(*arguments)

        return noted

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", note("sync", os.fsync))
        patch.setattr(db.session, "commit", note("commit", db.session.commit))
        alice.send(upload_id, 0, b"12")
    assert order == ["sync", "commit"]


def test_a_file_in_other_hands_is_locked(
    app: Flask, alice: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOCK_WAIT_S", 0.1)
    upload_id = alice.made(9)
    with path_of(app, upload_id).open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert alice.send(upload_id, 0, b"123").status_code == 423
        assert alice.remove(upload_id).status_code == 423
        assert alice.look(upload_id).headers["Upload-Offset"] == "0"
    assert alice.send(upload_id, 0, b"123").status_code == 204


def test_two_pieces_at_once_do_not_mix(app: Flask, alice: Sender) -> None:
    twin = Sender(sign_in(app.test_client(), "alice"))
    size = 400_000
    upload_id = alice.made(2 * size)
    start, statuses = threading.Barrier(2), []

    def send(sender: Sender, letter: bytes) -> None:
        start.wait()
        statuses.append(sender.send(upload_id, 0, letter * size).status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in ((alice, b"a"), (twin, b"b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(204) == 1
    assert set(statuses) - {204} <= {409, 423}
    content = path_of(app, upload_id).read_bytes()
    assert (len(content), len(set(content))) == (size, 1)


def test_a_piece_that_breaks_off_counts_as_far_as_it_came(app: Flask, alice: Sender) -> None:
    upload_id = alice.made(9)
    answer = alice.send(upload_id, 0, b"123", Content_Length="7")
    assert answer.headers["Upload-Offset"] == "3"
    assert path_of(app, upload_id).read_bytes() == b"123"


def test_no_piece_stays_behind(app: Flask, alice: Sender) -> None:
    upload_id = alice.sent(b"123")
    assert files_of(app) == [upload_id]


def test_a_hash_that_was_not_reached_is_made_up_for(app: Flask, alice: Sender) -> None:
    upload_id = alice.sent(b"123")
    change_row(app, upload_id, sha256="")
    assert alice.send(upload_id, 3, b"").status_code == 204
    with app.app_context():
        assert db.session.get_one(Upload, upload_id).sha256.startswith("a665a459")
