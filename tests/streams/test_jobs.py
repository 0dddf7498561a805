"""Conversions: one worker at a time, whatever dies, always an end, and a lane of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from edu.claims import ClaimLost, this_host
from edu.errors import Conflict
from edu.extensions import db, settings, storage, utcnow
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.media.errors import FileRefused, SandboxError
from edu.media.limits import Limits
from edu.media.streaming import StreamFiles
from edu.storage.base import StorageUnavailable, stream_key
from edu.streams import service
from edu.streams.models import Stream
from jobs import streams as jobs
from jobs.lanes import Lane
from jobs.materials import process_material
from jobs.queue import Queue
from jobs.streams import heartbeat, make_stream, reconcile_streams, renew_streams
from tests.conftest import MakeApp, sign_in
from tests.media.samples import claim_length, write_mp4
from tests.samples import make_material
from tests.streams.conftest import AddVideo, get_stream, state_of

OnProgress = Callable[[str, int], None]
# For what is no matter of the database's.
one_database = pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)


def replace_cutting(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[Path, OnProgress], StreamFiles]
) -> None:
    """Let `act(workdir, on_progress)` stand for the sandbox."""

    def fake(_box: Any, _source: Path, work: Path, _limits: Any, beat: OnProgress) -> StreamFiles:
        return act(work, beat)

    monkeypatch.setattr(jobs, "cut_video", fake)


def small_stream(work: Path, _beat: OnProgress) -> StreamFiles:
    """A stream of two files."""
    (work / "90").mkdir()
    for name in ("90/00000.m4s", "master.m3u8"):
        (work / name).write_text(name)
    return StreamFiles(work, ["90/00000.m4s", "master.m3u8"], 23, copied=True)


def raising(error: Exception) -> Callable[[Path, OnProgress], StreamFiles]:
    def act(_work: Path, _beat: OnProgress) -> StreamFiles:
        raise error

    return act


def stored(file_id: int) -> list[str]:
    """What the storage has of the stream."""
    prefix = stream_key(get_stream(file_id).file.sha256, "")
    return [found.key.removeprefix(prefix) for found in storage().list_keys(prefix)]


def long_ago() -> Any:
    return utcnow() - timedelta(seconds=settings().heartbeat_timeout_s + 1)


# The way through ------------------------------------------------------------------------------


def test_a_video_is_cut_for_real(app: Flask, people: dict[str, int], clip: bytes) -> None:
    with app.app_context():
        file_id = make_material(people["alice"], content=clip, kind="video").file_id
        service.request_missing()
        db.session.commit()
        make_stream(file_id)
        assert state_of(file_id) == ("ready", 1, "")
        assert get_stream(file_id).size > 1000
        names = stored(file_id)
        assert names == ["90/00000.m4s", "90/00001.m4s", "90/index.m3u8", "90/init.mp4", *names[4:]]
        assert names[4:] == ["master.m3u8"]
        assert not list((settings().data_dir / "work").iterdir())
        make_stream(file_id)
        assert state_of(file_id) == ("ready", 1, "")


@one_database
def test_a_processed_video_gets_its_stream(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video(status=MaterialStatus.PROCESSING, asked=False)
        process_material(db.session.query(Material).one().id)
        assert state_of(file_id) == ("ready", 1, "")


@one_database
def test_documents_get_none(any_app: Flask, add_video: AddVideo, pdf_file: Path) -> None:
    with any_app.app_context():
        add_video(pdf_file.read_bytes(), MaterialStatus.PROCESSING, kind="pdf")
        process_material(db.session.query(Material).one().id)
        reconcile_streams()
        assert db.session.query(Stream).count() == 0


def test_videos_that_were_there_before_get_theirs_the_newest_first(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def note(work: Path, beat: OnProgress) -> StreamFiles:
        order.append(work.name.split("-")[0])
        return small_stream(work, beat)

    replace_cutting(monkeypatch, note)
    with any_app.app_context():
        made = [add_video(b"mp4 %d" % number, asked=False) for number in range(3)]
        for status in (MaterialStatus.FAILED, MaterialStatus.ARCHIVED, MaterialStatus.PROCESSING):
            add_video(status.encode(), status, asked=False)
        reconcile_streams()
        assert order == [f"s{file_id}" for file_id in reversed(made)]
        assert db.session.query(Stream).count() == 3


@one_database
def test_what_the_storage_has_lost_is_made_again(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_cutting(monkeypatch, small_stream)
    with any_app.app_context():
        file_id = add_video()
        make_stream(file_id)
        renew_streams()
        assert state_of(file_id) == ("ready", 1, "")
        storage().delete(stream_key(get_stream(file_id).file.sha256, "master.m3u8"))
        finished = get_stream(file_id).finished_at
        renew_streams()
        assert state_of(file_id) == ("ready", 1, "")
        assert get_stream(file_id).finished_at != finished
        assert "master.m3u8" in stored(file_id)


# Ends that are not good -----------------------------------------------------------------------


@one_database
@pytest.mark.parametrize(("detail", "kept"), [("time", "limits"), ("duration", "duration")])
def test_a_refusal_is_the_end(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch, detail: str, kept: str
) -> None:
    replace_cutting(monkeypatch, raising(FileRefused("limits", detail=detail)))
    with any_app.app_context():
        file_id = add_video()
        make_stream(file_id)
        assert state_of(file_id) == ("failed", 1, kept)
        reconcile_streams()
        assert state_of(file_id) == ("failed", 1, kept)


@one_database
def test_too_much_output_fails_for_real_and_the_original_is_there(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "output_mb", lambda _size: 0)
    with any_app.app_context():
        file_id = add_video()
        material_id = db.session.query(Material).one().id
        make_stream(file_id)
        assert state_of(file_id) == ("failed", 1, "limits")
        assert stored(file_id) == []
    browser = any_app.test_client()
    page = browser.get(f"/materials/{material_id}").text
    assert f'src="/materials/{material_id}/file"' in page
    assert "data-stream" not in page
    assert "hx-get" not in browser.get(f"/materials/{material_id}/stream").text


def test_a_video_that_says_it_is_short_gets_the_time_of_a_short_one(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[float] = []

    def note(_box: Any, _source: Path, _work: Path, limits: Limits, _beat: OnProgress) -> None:
        given.append(limits.wall_s)
        raise FileRefused("limits", detail="time")

    monkeypatch.setattr(jobs, "cut_video", note)
    video = claim_length(write_mp4(tmp_path / "a.mp4", 30, "64x64"), 1).read_bytes()
    state = MaterialStatus.PROCESSING
    with app.app_context():
        material = make_material(people["alice"], state, content=video, kind="video")
        process_material(material.id)
        assert state_of(material.file_id) == ("failed", 1, "limits")
        page = sign_in(app.test_client(), "alice").get(f"/materials/{material.id}").text
    assert given == [320]
    assert "took more time, memory or room than is allowed" in page


@one_database
@pytest.mark.parametrize("fault", [SandboxError("no process"), OSError("no disk")])
def test_a_fault_of_the_machine_is_tried_again_and_then_given_up(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    replace_cutting(monkeypatch, raising(fault))
    with any_app.app_context():
        file_id = add_video()
        make_stream(file_id)  # immediate jobs follow each other at once
        assert state_of(file_id) == ("failed", 3, "crashed")


@one_database
def test_what_an_attempt_has_left_is_taken_away(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    replace_cutting(monkeypatch, small_stream)
    with any_app.app_context():
        file_id = add_video()
        left = tmp_path / "left"
        left.write_bytes(b"of another attempt")
        storage().save(left, stream_key(get_stream(file_id).file.sha256, "720/00007.m4s"))
        make_stream(file_id)
        assert stored(file_id) == ["90/00000.m4s", "master.m3u8"]


@one_database
def test_who_is_late_takes_nothing_away_from_what_another_has_stored(
    any_app: Flask, add_video: AddVideo, tmp_path: Path
) -> None:
    def lose_claim() -> None:
        raise ClaimLost

    with any_app.app_context():
        file_id = add_video()
        file, made = get_stream(file_id).file, small_stream(tmp_path, lambda *_: None)
        service.save_stream(file, made, lambda: None)
        with pytest.raises(ClaimLost):
            service.save_stream(file, made, lose_claim)
        assert stored(file_id) == ["90/00000.m4s", "master.m3u8"]


@pytest.mark.parametrize("fault", [None, OSError("no disk")], ids=["made", "broken down"])
def test_a_video_that_is_deleted_for_good_meanwhile_ends_the_work(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch, fault: OSError | None
) -> None:
    def purge(work: Path, beat: OnProgress) -> StreamFiles:
        for model in (Material, StoredFile):
            db.session.execute(delete(model))
        db.session.commit()
        if fault:
            raise fault
        return small_stream(work, beat)

    replace_cutting(monkeypatch, purge)
    with any_app.app_context():
        make_stream(add_video())
        assert db.session.query(Stream).count() == 0


@one_database
def test_while_the_storage_is_silent_it_waits(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_cutting(monkeypatch, raising(StorageUnavailable()))
    with any_app.app_context():
        file_id = add_video()
        for _minute in range(5):
            reconcile_streams()
        assert state_of(file_id) == ("waiting", 0, "")


@one_database
def test_without_room_on_the_disk_it_waits(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_cutting(monkeypatch, small_stream)
    usage = shutil.disk_usage("/")
    with any_app.app_context():
        file_id = add_video()
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
            make_stream(file_id)
        assert state_of(file_id) == ("waiting", 0, "")
        reconcile_streams()
        assert state_of(file_id) == ("ready", 1, "")


@one_database
def test_what_is_made_of_a_small_file_leaves_the_disk_its_room(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, megabyte = shutil.disk_usage("/"), 1024 * 1024
    with any_app.app_context():
        free = settings().min_free_bytes + 300 * megabyte
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=free))
        assert jobs._limits(100 * megabyte, 60.0).output_mb == 150
        assert jobs._limits(10 * megabyte, 60.0).output_mb == 104


# Claims --------------------------------------------------------------------------------------


def test_of_two_workers_one_gets_it(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video()
        claim = service.claim_stream(file_id)
        assert claim
        assert service.claim_stream(file_id) is None
        service.beat(file_id, claim, 40)
        assert (get_stream(file_id).percent, get_stream(file_id).status) == (40, "making")
        get_stream(file_id).heartbeat_at = long_ago()
        db.session.flush()
        assert service.list_unattended() == [file_id]
        newer = service.claim_stream(file_id)
        assert newer
        for act in (
            lambda: service.beat(file_id, claim, 50),
            lambda: service.finish_stream(file_id, claim, 9),
            lambda: service.fail_stream(file_id, claim, "limits"),
            lambda: service.give_up_attempt(file_id, claim, "crashed"),
        ):
            with pytest.raises(ClaimLost):
                act()
        service.finish_stream(file_id, newer, 9)
        assert state_of(file_id) == ("ready", 2, "")


def test_who_loses_the_claim_leaves_the_row_alone(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(work: Path, beat: OnProgress) -> StreamFiles:
        row = db.session.query(Stream).one()
        row.claim = "another:1:x"
        db.session.commit()
        beat("stream", 10)
        return small_stream(work, beat)

    replace_cutting(monkeypatch, lose)
    with any_app.app_context():
        file_id = add_video()
        make_stream(file_id)
        assert (get_stream(file_id).claim, get_stream(file_id).status) == ("another:1:x", "making")


def test_who_tries_again_too_late_leaves_the_work_of_another_alone(
    any_app: Flask, add_video: AddVideo
) -> None:
    with any_app.app_context():
        file_id = add_video()
        service.fail_stream(file_id, service.claim_stream(file_id) or "", "limits")
        db.session.commit()
        material = db.session.query(Material).one()
        seen = get_stream(file_id)  # by this request, which keeps it as it was
        assert seen.is_curable
        with any_app.app_context():
            same = db.session.query(Material).one()
            service.retry_stream(same.uploader, same)
            assert service.claim_stream(file_id)
            db.session.commit()
        with pytest.raises(Conflict):
            service.retry_stream(material.uploader, material)
        assert state_of(file_id) == ("making", 1, "")


def test_the_claims_of_a_dead_process_are_free_at_once(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_cutting(monkeypatch, small_stream)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with any_app.app_context():
        file_id = add_video()
        assert service.claim_stream(file_id)
        assert service.release_dead_claims() == 0
        get_stream(file_id).claim = f"{this_host()}:{gone.pid}:x"
        db.session.commit()
        reconcile_streams()
        assert state_of(file_id) == ("ready", 2, "")


def test_a_stop_gives_back_without_a_lost_attempt(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video()
        assert service.claim_stream(file_id)
        assert service.give_back_claims() == 1
        assert state_of(file_id) == ("waiting", 0, "")
        assert service.claim_stream(file_id)
        get_stream(file_id).claim = f"{this_host()}:{os.getpid()}0:x"
        db.session.flush()
        assert service.give_back_claims() == 0


def test_the_attempt_after_the_last_is_none(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video()
        get_stream(file_id).attempts = settings().max_attempts
        db.session.flush()
        assert service.claim_stream(file_id) is None
        assert state_of(file_id)[::2] == ("failed", "interrupted")


def test_the_same_bytes_are_cut_once(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        first, second = add_video(), add_video()
        claim = service.claim_stream(first)
        assert claim
        assert service.claim_stream(second) is None
        assert state_of(second) == ("waiting", 0, "")
        service.finish_stream(first, claim, 77)
        assert service.claim_stream(second) is None
        assert (get_stream(second).status, get_stream(second).size) == ("ready", 77)


def test_asking_twice_asks_once(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video()
        claim = service.claim_stream(file_id)
        assert claim
        service.finish_stream(file_id, claim, 5)
        service.request_stream(get_stream(file_id).file)
        assert state_of(file_id) == ("ready", 1, "")


# Limits --------------------------------------------------------------------------------------


@one_database
@pytest.mark.parametrize(
    ("duration", "wall_s", "cpu_s"),
    [(None, 21600, 43200), (2.0, 340, 680), (600.0, 12300, 24600), (9e5, 21600, 43200)],
)
def test_a_short_video_may_take_less(
    any_app: Flask, duration: float | None, wall_s: int, cpu_s: int
) -> None:
    with any_app.app_context():
        limits = jobs._limits(1000, duration)
    assert (limits.wall_s, limits.cpu_s) == (wall_s, cpu_s)


# The lane ------------------------------------------------------------------------------------


def test_a_lane_has_so_many_places() -> None:
    lane = Lane()
    with lane.enter(2) as first, lane.enter(2) as second, lane.enter(2) as third:
        assert (first, second, third) == (True, True, False)
    with lane.enter(1) as again:
        assert again


@pytest.mark.parametrize(("workers", "places"), [(1, 1), (2, 1), (5, 4)])
def test_one_worker_has_no_video_in_hand(make_app: MakeApp, workers: int, places: int) -> None:
    with make_app(WORKERS=workers).app_context():
        assert jobs.lane_places() == places


@one_database
def test_while_the_lane_is_full_a_video_waits_in_the_database(
    any_app: Flask, add_video: AddVideo
) -> None:
    with any_app.app_context(), jobs.LANE.enter(1):
        file_id = add_video()
        make_stream(file_id)
        assert state_of(file_id) == ("waiting", 0, "")


@one_database
def test_the_next_video_follows_by_itself(
    any_app: Flask, add_video: AddVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_cutting(monkeypatch, small_stream)
    with any_app.app_context():
        made = [add_video(b"mp4 %d" % number) for number in range(3)]
        make_stream(made[0])
        assert [state_of(file_id)[0] for file_id in made] == ["ready"] * 3


def test_the_queue_holds_no_more_than_there_are_places(
    make_app: MakeApp, people: dict[str, int], clip: bytes
) -> None:
    app = make_app(queue_immediate=False)
    with app.app_context():
        for number in range(3):
            make_material(people["alice"], content=b"mp4 %d" % number, kind="video")
        for _minute in range(3):
            reconcile_streams()
        queue: Queue = app.extensions["edu.queue"]
        named = [task.args for task in queue.huey.pending()]
        assert [args for args in named if args[0] == "make_stream"] == [["make_stream", [3]]]
        assert db.session.query(Stream).count() == 3


def test_progress_is_written_and_never_falls(any_app: Flask, add_video: AddVideo) -> None:
    with any_app.app_context():
        file_id = add_video()
        beat = heartbeat(file_id, service.claim_stream(file_id) or "")
        for step, percent, expected in (("stream", 40, 40), ("save", 0, 40), ("stream", 30, 40)):
            beat.last = 0.0
            beat(step, percent)
            assert get_stream(file_id).percent == expected
