"""Work, letters, storage and the index, as administrators see and mend them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from edu.admin import service
from edu.admin.models import AuditEntry
from edu.assistant.models import Conversation, Question
from edu.errors import Conflict
from edu.extensions import db, search_index, utcnow
from edu.mail.models import Letter, LetterState
from edu.materials.models import KINDS, Material, MaterialStatus
from edu.site import condition
from edu.streams.models import Stream
from edu.streams.service import FAILURES
from jobs.admin import check_index
from jobs.queue import JOBS
from jobs.search import update_index
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import get_material, make_material


def add_letter(state: LetterState, **changes: object) -> int:
    values = {
        "kind": "test",
        "address": "alice@example.org",
        "message_id": f"<{state}@here>",
        "subject": f"About {state}",
        "text": "Hello",
        "html": "",
    }
    letter = Letter(**(values | {"state": state.value} | changes))
    db.session.add(letter)
    db.session.commit()
    return letter.id


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What jobs were asked for, none of which runs."""
    calls: list[tuple[object, ...]] = []

    def note(self: object, *args: object) -> None:
        calls.append((getattr(self, "name", ""), *args))

    monkeypatch.setattr("jobs.queue.Job.enqueue", note)
    return calls


def test_without_smtp_the_overview_says_so(admin: FlaskClient) -> None:
    assert "This site sends no e-mail." in admin.get("/admin").text


def test_with_smtp_it_does_not(make_app: MakeApp) -> None:
    app = make_app(SMTP_HOST="localhost")
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        from edu.accounts.models import Role
        from tests.conftest import make_user

        make_user("ada", Role.ADMIN)
        add_letter(LetterState.FAILED)
    page = sign_in(app.test_client(), "ada").get("/admin").text
    assert "This site sends no e-mail." not in page
    assert "1 failed, 0 wait." in page


def test_the_overview_counts(admin: FlaskClient, app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        make_material(people["alice"], MaterialStatus.FAILED, error="crashed")
        signs = {sign.endpoint: sign.tone for sign in condition.read_signs()}
        assert signs["admin.index_state"] == "good"
        assert condition.count_people() == condition.PeopleCount(4, 1, 1, 0)
        assert condition.count_statuses()[MaterialStatus.FAILED] == 1
    assert "1 files could not be read." in admin.get("/admin").text


def test_a_silent_queue_and_a_full_disk_are_told(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> int:
        raise OSError("gone")

    with app.test_request_context():
        monkeypatch.setattr(app.extensions["edu.queue"], "check", silent)
        monkeypatch.setattr(
            "edu.site.condition.shutil.disk_usage",
            lambda _path: type("", (), {"free": 1, "total": 10}),
        )
        words = {sign.endpoint: sign.tone for sign in condition.read_signs()}
        assert condition.queue_length() is None
        assert words["admin.storage"] == "bad"


def test_files_that_nobody_works_on_are_told(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        old = utcnow() - condition.UNATTENDED * 2
        make_material(people["alice"], MaterialStatus.PROCESSING, title="new")
        assert condition.count_unattended() == 0
        make_material(people["alice"], MaterialStatus.PROCESSING, title="a", created_at=old)
        alive: dict[str, Any] = {"created_at": old, "heartbeat_at": utcnow()}
        make_material(people["alice"], MaterialStatus.PROCESSING, title="b", **alive)
        assert condition.count_unattended() == 1


def test_failed_files_are_tried_again(
    admin: FlaskClient, app: Flask, people: dict[str, int], enqueued: list[tuple[object, ...]]
) -> None:
    with app.app_context():
        ids = {
            code: make_material(people["alice"], MaterialStatus.FAILED, title=code, error=code).id
            for code in ("crashed", "broken", "limits", "interrupted")
        }
    page = admin.get("/admin/jobs").text
    assert page.count("Try again<") == 3
    admin.post(f"/admin/jobs/materials/{ids['crashed']}/retry")
    refused = admin.post(f"/admin/jobs/materials/{ids['broken']}/retry", follow_redirects=True)
    assert "Another try cannot cure this." in refused.text
    admin.post("/admin/jobs/materials/retry")
    asked = [call[1] for call in enqueued if call[0] == "process_material"]
    assert [ids[code] for code in ("crashed", "limits", "interrupted")] == [
        key for key in asked if key != ids["broken"]
    ]
    with app.app_context():
        states = {code: get_material(key).status for code, key in ids.items()}
        assert states.pop("broken") == "failed"
        assert set(states.values()) == {"processing"}
        acts = db.session.scalars(select(AuditEntry.action)).all()
        assert acts == ["material_retried", "materials_retried"]


def test_conversions_are_shown_and_tried_again(
    admin: FlaskClient, app: Flask, people: dict[str, int], enqueued: list[tuple[object, ...]]
) -> None:
    states = {"making": "", "waiting": "", "crashed": "crashed", "frames": "frames", "ready": ""}
    with app.app_context():
        ids = {}
        for name, error in states.items():
            material = make_material(people["alice"], title=f"T-{name}", kind="video")
            status = "failed" if error else name
            stream = Stream(file_id=material.file_id, status=status, error=error, percent=37)
            db.session.add(stream)
            ids[name] = material.id
        db.session.commit()
    page = admin.get("/admin/jobs").text
    assert [name for name in states if f"T-{name}<" in page] == [*states][:-1]
    assert page.count("37 %") == 1
    assert str(FAILURES["frames"]) in page
    assert page.count("Try again<") == 1
    admin.post(f"/admin/jobs/streams/{ids['crashed']}/retry")
    refused = admin.post(f"/admin/jobs/streams/{ids['frames']}/retry", follow_redirects=True)
    assert "Another try cannot cure this." in refused.text
    assert ("reconcile_streams",) in enqueued
    with app.app_context():
        stream = db.session.get_one(Stream, get_material(ids["crashed"]).file_id)
        assert (stream.status, stream.error, stream.percent) == ("waiting", "", 0)
        assert db.session.scalars(select(AuditEntry.action)).all() == ["stream_retried"]


def test_many_are_tried_again_in_bounded_lots(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edu.accounts.models import User

    monkeypatch.setattr(service, "MAX_RETRIES", 2)
    with app.app_context():
        for title in "abc":
            make_material(people["alice"], MaterialStatus.FAILED, title=title, error="limits")
        ada = db.session.get_one(User, people["ada"])
        assert [len(service.retry_all(ada)) for _ in range(3)] == [2, 1, 0]


def test_work_is_shown_with_its_progress(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        work: dict[str, Any] = {
            "step": "text",
            "percent": 42,
            "attempts": 2,
            "heartbeat_at": utcnow(),
        }
        make_material(people["alice"], MaterialStatus.PROCESSING, title="Long one", **work)
    page = admin.get("/admin/jobs").text
    assert "Long one" in page
    assert 'value="42"' in page


def test_letters_are_sent_again(
    admin: FlaskClient, app: Flask, people: dict[str, int], enqueued: list[tuple[object, ...]]
) -> None:
    with app.app_context():
        failed = add_letter(LetterState.FAILED, error="550 <no such user>", attempts=5)
        sent = add_letter(LetterState.SENT, text="")
        add_letter(LetterState.QUEUED)
    page = admin.get("/admin/jobs").text
    assert "550 &lt;no such user&gt;" in page
    assert "About queued" in page
    assert "About sent" not in page
    admin.post(f"/admin/jobs/letters/{failed}/retry")
    assert ("send_letters",) in enqueued
    refused = admin.post(f"/admin/jobs/letters/{sent}/retry", follow_redirects=True)
    assert "Only a failed letter" in refused.text
    with app.app_context():
        assert db.session.get_one(Letter, failed).state == "queued"


def test_of_a_failed_question_nobody_reads_the_words(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        question = Question(
            user_id=people["alice"],
            conversation=Conversation(user_id=people["alice"], title="Series"),
            text="My secret",
            locale="en",
            status="failed",
            attempts=3,
            error="interrupted",
        )
        db.session.add(question)
        db.session.commit()
    page = admin.get("/admin/jobs").text
    assert "Questions without an answer" in page
    assert "interrupted several times" in page
    assert "My secret" not in page


def test_the_assistants_work_is_told(any_app: Flask) -> None:
    alice = make_people(any_app)["alice"]
    old = utcnow() - condition.UNATTENDED * 2

    def add(status: str, **values: object) -> None:
        talk = Conversation(user_id=alice, title="Series")
        values |= {"user_id": alice, "conversation": talk, "text": "?", "locale": "en"}
        db.session.add(Question(status=status, **values))
        db.session.commit()

    def word() -> str:
        with any_app.test_request_context():
            (found,) = [sign for sign in condition.read_signs() if sign.name == "Assistant"]
            return f"{found.tone}: {found.text}"

    with any_app.app_context():
        assert condition.read_assistant() == condition.AssistantWork(0, 0, 0, 0, is_stuck=False)
        add("waiting")
        assert word() == "good: 1 questions wait."
        add("failed", started_at=old, error="crashed")
        add("failed", started_at=old - condition.DAY, error="crashed")
        add("answered", started_at=old, error="engine_busy")
        add("answered", started_at=old)
        assert word().startswith("warn: Questions of a day: 1 failed, 1 were")
        add("waiting", created_at=old)
        add("answering", created_at=old, heartbeat_at=old)
        assert word() == "bad: 2 questions wait. Is the assistant's worker running?"
        add("answering", created_at=old, heartbeat_at=utcnow())
        assert condition.read_assistant() == condition.AssistantWork(2, 1, 1, 1, is_stuck=False)


def test_the_reconciler_can_be_called(
    admin: FlaskClient, enqueued: list[tuple[object, ...]]
) -> None:
    assert admin.post("/admin/jobs/reconcile").status_code == 303
    assert ("reconcile",) in enqueued


# Storage --------------------------------------------------------------------------------------


def test_storage_counts_bytes_once(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        make_material(people["alice"], title="a", content=b"x" * 100)
        make_material(people["maria"], title="b", content=b"x" * 100)
        make_material(people["maria"], title="c", content=b"y" * 1000, kind="video")
        use = condition.read_storage()
        assert [(kind.name, kind.files, kind.size) for kind in use.kinds] == [
            *(("pdf", 1, 100), ("docx", 0, 0), ("video", 1, 1000))
        ]
        assert (use.files, use.size, use.thumbnails) == (2, 1100, 2)
        assert [material.title for material in use.largest] == ["c", "a", "b"]
        assert [(who.name, who.files, who.size) for _id, who in use.uploaders] == [
            *(("Maria", 2, 1100), ("Alice", 1, 100))
        ]
        assert len(KINDS) == 3


def test_the_storage_page_shows_it(admin: FlaskClient, app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        make_material(people["alice"], title="Large", content=b"x" * 5000)
    page = admin.get("/admin/storage").text
    assert "Large" in page
    assert "4.9\N{NO-BREAK SPACE}kB" in page


# Index ----------------------------------------------------------------------------------------


def last_check() -> str:
    entry = condition.read_index().last_check
    assert entry is not None
    return entry.action


def test_a_check_says_what_differs(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        material = make_material(people["alice"])
        update_index()
        check_index(people["alice"])
        assert last_check() == "index_agrees"
        search_index().update([], [material.id])
        check_index(people["alice"])
        entry = condition.read_index().last_check
        assert entry is not None
        assert (entry.action, entry.details) == (
            "index_differs",
            f"missing: {material.id}; surplus: none",
        )


def test_a_broken_index_is_told(admin: FlaskClient, app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        for path in (app.extensions["edu.settings"].data_dir / "index").rglob("*"):
            if path.is_file():
                path.write_bytes(b"broken")
        search_index().close()
        assert condition.read_index().documents is None
    assert "Broken" in admin.get("/admin/index").text
    admin.post("/admin/index/check")
    with app.app_context():
        assert last_check() == "index_broken"


def test_the_index_is_rebuilt_and_checked_from_the_page(
    admin: FlaskClient, app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        material_id = make_material(people["alice"]).id
    assert admin.post("/admin/index/rebuild").status_code == 303
    admin.post("/admin/index/check")
    with app.app_context():
        assert search_index().ids() == {material_id}
        acts = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert acts == ["index_rebuilt", "index_agrees"]
    assert "checked the index: it agrees" in admin.get("/admin/index").text


def test_an_index_that_is_being_written_is_left_alone(
    app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edu.search.base import IndexBusy

    def busy() -> None:
        raise IndexBusy

    with app.app_context():
        monkeypatch.setattr(search_index(), "rebuilding", busy)
        JOBS["rebuild_index"](people["ada"])
        assert db.session.scalars(select(AuditEntry.action)).all() == ["index_busy"]


def test_a_retry_of_what_is_in_work_is_refused(app: Flask, people: dict[str, int]) -> None:
    from edu.accounts.models import User

    with app.app_context():
        material: Material = make_material(people["alice"], MaterialStatus.PROCESSING)
        with pytest.raises(Conflict):
            service.retry_one(db.session.get_one(User, people["ada"]), material.id)
