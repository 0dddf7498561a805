"""Processing: one worker at a time, whatever dies, and always an end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from edu import claims
from edu.claims import ClaimLost, this_host
from edu.errors import Conflict
from edu.extensions import db, search_index, settings, utcnow
from edu.materials.models import Material, MaterialStatus, Passage
from edu.media import service
from edu.media.errors import FileRefused, SandboxError
from edu.media.messages import refusal_message
from edu.media.process import PassageText, Processed
from jobs import materials as jobs
from jobs.materials import process_material, reconcile
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import PDF_TEXT, get_material, make_material

PROCESSING = MaterialStatus.PROCESSING
OnProgress = Callable[[str, int], None]


def processed(text: str = "Предел") -> Processed:
    """What the sandbox would find in a PDF of one page."""
    return Processed(
        kind="pdf",
        media_type="application/pdf",
        pages=1,
        duration=None,
        width=None,
        height=None,
        passages=[PassageText(1, "Заголовок", text)],
        thumbnail=None,
        text_ok=True,
        outline=[],
        peak_mb=1.0,
    )


@pytest.fixture
def waiting(any_app: Flask, pdf_file: Path) -> int:
    """Alice's file that nobody has looked at, on each database."""
    people = make_people(any_app)
    with any_app.app_context():
        return make_material(people["alice"], PROCESSING, content=pdf_file.read_bytes()).id


def replace_process(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[OnProgress], Processed]
) -> None:
    """Let `act(on_progress)` stand for the sandbox."""

    def fake(_sandbox: Any, _source: Path, _name: str, _work: Path, beat: OnProgress) -> Processed:
        return act(beat)

    monkeypatch.setattr(jobs, "process_file", fake)


def raising(error: Exception) -> Callable[[OnProgress], Processed]:
    def act(_beat: OnProgress) -> Processed:
        raise error

    return act


def change(material_id: int, **values: object) -> None:
    """What another process does to the row."""
    with Session(db.engine) as other:
        material = other.get_one(Material, material_id)
        for name, value in values.items():
            setattr(material, name, value)
        other.commit()


def long_ago() -> Any:
    return utcnow() - timedelta(seconds=settings().heartbeat_timeout_s + 1)


# The way through ------------------------------------------------------------------------------


def test_a_file_is_read_for_real(any_app: Flask, waiting: int) -> None:
    with any_app.app_context():
        process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.attempts) == (MaterialStatus.PENDING, 1)
        assert PDF_TEXT in material.passages[0].text
        assert not list((settings().data_dir / "work").iterdir())


def test_a_job_that_runs_twice_has_the_same_end(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_process(monkeypatch, lambda beat: processed())
    with any_app.app_context():
        process_material(waiting)
        first = get_material(waiting)
        before = (first.revision, first.attempts, first.status)
        process_material(waiting)
        again = get_material(waiting)
        assert (again.revision, again.attempts, again.status) == before
        assert db.session.query(Passage).count() == 1


def test_a_job_that_stopped_half_way_starts_over(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_process(monkeypatch, lambda beat: processed("Новый текст"))
    with any_app.app_context():
        db.session.add(Passage(material_id=waiting, number=1, text="Старый текст"))
        db.session.commit()
        change(waiting, claim="gone:1:x", heartbeat_at=long_ago(), attempts=1, step="text")
        process_material(waiting)
        assert [p.text for p in get_material(waiting).passages] == ["Новый текст"]


def test_a_material_that_is_gone_is_no_error(any_app: Flask) -> None:
    with any_app.app_context():
        process_material(12345)


def test_what_was_published_once_stays_published(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_process(monkeypatch, lambda beat: processed())
    with any_app.app_context():
        change(waiting, published_at=utcnow())
        process_material(waiting)
        assert get_material(waiting).status == MaterialStatus.ACTIVE
        assert search_index().ids() == {waiting}


def test_progress_is_written_as_it_grows(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []

    def act(beat: OnProgress) -> Processed:
        for step, percent in (("inspect", 0), ("text", 40), ("text", 41), ("thumbnail", 90)):
            beat(step, percent)
            with Session(db.engine) as other:
                material = other.get_one(Material, waiting)
                assert material.heartbeat_at is not None
                seen.append((material.step, material.percent))
        return processed()

    replace_process(monkeypatch, act)
    with any_app.app_context():
        process_material(waiting)
    # Within a second of the last only a new step is worth a write.
    assert seen == [("inspect", 0), ("text", 40), ("text", 40), ("thumbnail", 90)]


# One at a time --------------------------------------------------------------------------------


def test_of_two_workers_one_gets_the_material(any_app: Flask, waiting: int) -> None:
    claims: list[str | None] = []
    start = threading.Barrier(4)

    def claim() -> None:
        with any_app.app_context():
            start.wait(20)
            claims.append(service.claim_material(waiting))
            db.session.commit()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    won = [claim for claim in claims if claim]
    assert (len(claims), len(won)) == (4, 1)
    with any_app.app_context():
        material = get_material(waiting)
        assert (material.claim, material.attempts) == (won[0], 1)


def test_only_silence_frees_a_material(any_app: Flask, waiting: int) -> None:
    with any_app.app_context():
        first = service.claim_material(waiting)
        db.session.commit()
        assert first
        assert service.claim_material(waiting) is None
        db.session.commit()
        change(waiting, heartbeat_at=long_ago())
        second = service.claim_material(waiting)
        assert second not in {None, first}


@pytest.mark.parametrize("status", [s for s in MaterialStatus if s != PROCESSING])
def test_only_what_is_to_be_processed_is_taken(
    any_app: Flask, waiting: int, status: MaterialStatus
) -> None:
    with any_app.app_context():
        change(waiting, status=status.value)
        assert service.claim_material(waiting) is None


def test_who_lost_the_claim_can_write_nothing(any_app: Flask, waiting: int) -> None:
    with any_app.app_context():
        lost = service.claim_material(waiting)
        assert lost
        db.session.commit()
        change(waiting, claim="another", attempts=2)
        for act in (
            lambda: service.beat(waiting, lost, "text", 50),
            lambda: service.finish_material(waiting, lost, processed()),
            lambda: service.fail_material(waiting, lost, "broken"),
            lambda: service.give_up_attempt(waiting, lost, "crashed"),
        ):
            with pytest.raises(ClaimLost):
                act()
            db.session.rollback()
        material = get_material(waiting)
        assert (material.status, material.claim, material.step) == (
            PROCESSING,
            "another",
            "inspect",
        )
        assert material.passages == []


@pytest.mark.parametrize("end", ["result", "refusal", "crash"])
def test_a_job_whose_claim_was_taken_leaves_the_material_alone(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def act(_beat: OnProgress) -> Processed:
        change(waiting, claim="another", heartbeat_at=utcnow(), attempts=2)
        if end == "refusal":
            raise FileRefused("broken")
        if end == "crash":
            raise SandboxError("no disk")
        return processed()

    replace_process(monkeypatch, act)
    with any_app.app_context():
        process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.claim, material.error) == (PROCESSING, "another", "")
        assert material.passages == []


def test_a_beat_without_a_claim_ends_the_work(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(beat: OnProgress) -> Processed:
        change(waiting, status=MaterialStatus.ARCHIVED.value)
        beat("text", 10)
        raise AssertionError("the beat must not return")

    replace_process(monkeypatch, act)
    with any_app.app_context():
        process_material(waiting)
        assert get_material(waiting).status == MaterialStatus.ARCHIVED


# Bad ends -------------------------------------------------------------------------------------


def test_a_fault_of_the_file_ends_at_once(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_process(monkeypatch, raising(FileRefused("encrypted")))
    with any_app.app_context():
        process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.error) == (MaterialStatus.FAILED, "encrypted")
        assert (material.attempts, material.claim, material.heartbeat_at) == (1, "", None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SandboxError("no disk"), "crashed"),
        (RuntimeError("a mistake of ours"), "crashed"),
        (FileRefused("limits", detail="time"), "limits"),
    ],
)
def test_what_may_pass_is_tried_three_times(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    replace_process(monkeypatch, raising(error))
    with any_app.app_context():
        process_material(waiting)  # enqueues itself again, and here that means at once
        material = get_material(waiting)
        assert (material.status, material.error) == (MaterialStatus.FAILED, code)
        assert material.attempts == 3
    client = sign_in(any_app.test_client(), "alice")
    page = client.get(f"/materials/{waiting}").text
    with any_app.app_context():
        assert refusal_message(code).split(".")[0] in page
    # The button starts over, and this time nothing is in the way.
    monkeypatch.undo()
    assert client.post(f"/materials/{waiting}/retry").status_code == 303
    with any_app.app_context():
        material = get_material(waiting)
        assert (material.status, material.attempts) == (MaterialStatus.PENDING, 1)


def test_a_second_try_may_succeed(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def act(_beat: OnProgress) -> Processed:
        tries.append(1)
        if len(tries) == 1:
            raise SandboxError("no process")
        return processed()

    replace_process(monkeypatch, act)
    with any_app.app_context():
        process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.attempts) == (MaterialStatus.PENDING, 2)
        assert material.error == ""


def test_a_file_that_kills_its_worker_three_times_fails(any_app: Flask, waiting: int) -> None:
    with any_app.app_context():
        for _ in range(3):
            assert service.claim_material(waiting)
            db.session.commit()
            change(waiting, heartbeat_at=long_ago())
        process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.error) == (MaterialStatus.FAILED, "interrupted")
        sentence = refusal_message("interrupted")
        assert "interrupted" in sentence
        assert sentence != refusal_message("broken")


def test_only_what_has_failed_starts_over(any_app: Flask, waiting: int) -> None:
    with any_app.app_context(), pytest.raises(Conflict):
        service.retry_material(get_material(waiting))


# What was left lying --------------------------------------------------------------------------


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_materials_of_dead_processes_are_freed(any_app: Flask, waiting: int) -> None:
    host = this_host()
    with any_app.app_context():
        change(waiting, claim=f"{host}:{dead_pid()}:x", heartbeat_at=utcnow())
        assert service.release_dead_claims() == 1
        db.session.commit()
        assert service.list_unattended() == [waiting]
        assert service.release_dead_claims() == 0


@pytest.mark.parametrize(
    "claim", ["{host}:{own}:x", "elsewhere:{dead}:x", "{host}:1:x", "nonsense", ""]
)
def test_materials_of_others_are_left_until_they_fall_silent(
    any_app: Flask, waiting: int, claim: str
) -> None:
    name = claim.format(host=this_host(), own=os.getpid(), dead=dead_pid())
    with any_app.app_context():
        change(waiting, claim=name, heartbeat_at=utcnow())
        assert service.release_dead_claims() == 0
        db.session.commit()
        assert service.list_unattended() == []
        change(waiting, heartbeat_at=long_ago())
        assert service.list_unattended() == [waiting]


def test_freeing_takes_nothing_from_a_new_owner(
    any_app: Flask, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = f"{this_host()}:{dead_pid()}:x"

    def taken_meanwhile(_claim: str) -> bool:
        change(waiting, claim="another", heartbeat_at=utcnow())
        return True

    with any_app.app_context():
        change(waiting, claim=claim, heartbeat_at=utcnow())
        monkeypatch.setattr(claims, "owner_is_dead", taken_meanwhile)
        assert service.release_dead_claims() == 0
        db.session.commit()
        assert get_material(waiting).heartbeat_at is not None


def test_the_reconciler_brings_everything_to_an_end(
    any_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_process(monkeypatch, lambda beat: processed())
    people = make_people(any_app)
    host, dead = this_host(), dead_pid()
    with any_app.app_context():

        def make(uploader: str, title: str, **changes: Any) -> int:
            return make_material(people[uploader], PROCESSING, title=title, **changes).id

        never = make("alice", "Never enqueued")
        killed = make(
            "maria", "Killed", claim=f"{host}:{dead}:x", heartbeat_at=utcnow(), attempts=1
        )
        silent = make("alice", "Silent", claim="far:1:x", heartbeat_at=long_ago(), attempts=2)
        busy = make("alice", "Busy", claim="far:1:y", heartbeat_at=utcnow(), attempts=1)
        hopeless = make("alice", "Hopeless", heartbeat_at=long_ago(), attempts=3)
        unindexed = make_material(people["alice"], title="Unindexed").id
        for _ in range(2):
            reconcile()
        states = {m.id: m.status for m in db.session.query(Material).populate_existing()}
        assert states == {
            never: MaterialStatus.PENDING,
            killed: MaterialStatus.ACTIVE,
            silent: MaterialStatus.PENDING,
            busy: MaterialStatus.PROCESSING,
            hopeless: MaterialStatus.FAILED,
            unindexed: MaterialStatus.ACTIVE,
        }
        assert search_index().ids() == {killed, unindexed}


def test_the_reconciler_waits_for_the_first_migration(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'bare.db'}")
    with app.app_context():
        reconcile()
