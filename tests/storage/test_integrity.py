"""Whether the storage has what the database names: the command, the nightly job, the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from edu.accounts.models import Role
from edu.admin.models import AuditEntry
from edu.extensions import db, storage
from edu.site.audit import last_storage_check
from edu.storage import integrity
from edu.storage.base import (
    original_key,
    page_picture_key,
    preview_key,
    stream_key,
    thumbnail_key,
)
from edu.storage.integrity import check_storage
from edu.streams.models import Stream, StreamStatus
from jobs import storage as nightly
from jobs.storage import check_storage_nightly
from tests.conftest import MakeApp, make_people, make_user, sign_in
from tests.samples import make_material, put_bytes
from tests.storage.conftest import age
from tests.storage.standin import StandIn

STRAY = original_key("ef" * 32)


@pytest.fixture
def hashes(product: Flask) -> list[str]:
    """Hashes of five published files, in their order; one file has two rows."""
    alice = make_people(product)["alice"]
    with product.app_context():
        made = [make_material(alice, title=f"T{number}", text="words") for number in range(5)]
        make_material(alice, title="T4")
        return sorted(material.file.sha256 for material in made)


def check(app: Flask, *arguments: str) -> tuple[int, str]:
    """What the command says."""
    answer = app.test_cli_runner().invoke(args=["storage", "check", *arguments])
    return answer.exit_code, answer.output


def path_of(app: Flask, key: str) -> Path:
    """Where a key's bytes lie on this disk."""
    standin = Path(app.extensions["edu.settings"].data_dir).parent / "s3" / "objects"
    with app.app_context():
        return storage().file_of(key) or standin / f"edu/{key}".replace("/", "!")


def test_a_whole_storage_is_whole(product: Flask, hashes: list[str]) -> None:
    code, said = check(product, "--all")
    assert code == 0
    assert "files: 5, " in said
    assert "hashed: 5" in said
    assert said.count(": none") == 4
    assert "hashed: 2" in check(product, "--sample", "2")[1]


def test_what_is_wrong_is_named(
    product: Flask, hashes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "BATCH", 2)
    with product.app_context():
        storage().delete(original_key(hashes[0]))
        storage().delete(thumbnail_key(hashes[4]))
        put_bytes(b"nobody's", STRAY)
        put_bytes(b"fresh", original_key("cd" * 32))
    path_of(product, original_key(hashes[2])).write_bytes(b"short")
    broken = path_of(product, original_key(hashes[3]))
    broken.write_bytes(broken.read_bytes()[::-1])
    age(path_of(product, STRAY))
    code, said = check(product, "--all", "--fix-missing-report")
    assert code == 1
    assert f"missing: 2\n  {original_key(hashes[0])}\n  {thumbnail_key(hashes[4])}\n" in said
    assert f"wrong size: 1\n  {original_key(hashes[2])}\n" in said
    assert f"  {original_key(hashes[3])}\n" in said.partition("wrong hash: 2\n")[2]
    assert f"orphans: 1\n  {STRAY}\n" in said
    assert said.count("put it back from a copy") == 5
    assert "http://localhost/materials/" in said
    assert "version 1" in said


def test_orphans_alone_are_no_damage(product: Flask, hashes: list[str]) -> None:
    for key in (STRAY, stream_key("ef" * 32, "master.m3u8"), "thumbnails/strange"):
        with product.app_context():
            put_bytes(b"stray", key)
        age(path_of(product, key))
    code, said = check(product)
    assert (code, "orphans: 3\n" in said) == (0, True)


def test_a_video_that_can_be_played_has_its_pieces(product: Flask, hashes: list[str]) -> None:
    with product.app_context():
        file_id = db.session.execute(db.text("SELECT min(id) FROM files")).scalar_one()
        db.session.add(Stream(file_id=file_id, status=StreamStatus.READY.value))
        db.session.commit()
        found = check_storage(0)
        assert found.missing.count == 1
        sha256 = found.missing.first[0].rstrip("/").rpartition("/")[2]
        put_bytes(b"#EXTM3U", stream_key(sha256, "master.m3u8"))
        assert check_storage(0).is_whole


def test_pictures_of_pages_are_no_cover(product: Flask, hashes: list[str]) -> None:
    with product.app_context():
        put_bytes(b"page", page_picture_key(hashes[0], 1))
        put_bytes(b"part", preview_key(hashes[0], "sections.json"))
        assert check_storage(0).is_whole
        storage().delete(thumbnail_key(hashes[0]))
        assert check_storage(0).missing.first == [thumbnail_key(hashes[0])]


def test_a_check_ends_when_its_time_is_up(product: Flask, hashes: list[str]) -> None:
    with product.app_context():
        found = check_storage(None, 0)
    assert not found.in_time
    assert found.hashed == 0
    assert "time was up" in found.describe()


# At night --------------------------------------------------------------------------------------


def at(hour: int, day: int = 10) -> datetime:
    return datetime(2030, 3, day, hour, 7, tzinfo=UTC)


def test_the_nightly_check_is_made_once_a_night(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[datetime] = []
    # Whether it is made, and when. The first comes at once, and so does one that is overdue.
    plan = [
        (True, at(14, 9)),
        (False, at(1)),
        (True, at(23)),
        (False, at(1, 11)),
        (True, at(1, 12)),
        (False, at(2, 12)),
        (False, at(23, 12)),
        (True, at(4, 13)),
    ]
    with app.app_context():
        for _made, moment in plan:
            monkeypatch.setattr(nightly, "utcnow", lambda moment=moment: moment)
            check_storage_nightly()
            last = last_storage_check()
            assert last
            if last.created_at.year != moment.year:  # of the real present
                last.created_at = moment
                db.session.commit()
                ran.append(moment)
    assert ran == [moment for made, moment in plan if made]


def test_the_result_stands_on_the_page_of_administrators(
    product: Flask, hashes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with product.app_context():
        make_user("root", Role.ADMIN)
    product.config["WTF_CSRF_ENABLED"] = False
    root = sign_in(product.test_client(), "root")
    assert "There has been none" in root.get("/admin/storage").text
    with product.app_context():
        check_storage_nightly()
        db.session.query(AuditEntry).update({"created_at": datetime(2020, 1, 1, tzinfo=UTC)})
        db.session.commit()
    page = root.get("/admin/storage").text
    assert "checked the storage: everything is there" in page
    assert "files: 5; bytes: " in page
    with product.app_context():
        storage().delete(original_key(hashes[1]))
        check_storage_nightly()
    page = root.get("/admin/storage").text
    assert "files are missing or damaged" in page
    assert original_key(hashes[1]) in page
    assert [r.levelname for r in caplog.records if r.name == "jobs.storage"][-1] == "ERROR"


def test_of_good_news_only_the_last_is_kept(app: Flask) -> None:
    for _n in range(3):
        check(app)
    with app.app_context():
        assert db.session.query(AuditEntry).count() == 1


def test_a_silent_storage_is_told(make_app: MakeApp, standin: StandIn) -> None:
    app = make_app(**standin.env(STORAGE="s3"))
    standin.failing = 10**6
    with app.app_context():
        check_storage_nightly()
        last = last_storage_check()
        assert last
        assert last.action == "storage_silent"
        assert datetime.now(UTC) - last.created_at < timedelta(minutes=1)
    code, said = check(app)
    assert code == 1
    assert "cannot be read" in said
