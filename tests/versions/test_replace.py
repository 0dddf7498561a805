"""New files of a material: who may send them, what stays, and what must not be mixed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from edu.accounts.models import User
from edu.claims import ClaimLost
from edu.errors import Forbidden
from edu.extensions import db, search_index, settings
from edu.materials.models import MaterialStatus, MaterialVersion
from edu.materials.service import DuplicateFile, accept_file
from edu.media import service as media
from edu.media.errors import FileRefused
from edu.media.process import PassageText, Processed
from edu.notifications.models import Notification
from edu.search.service import SearchInput, find_materials
from edu.storage.incoming import copy_in
from edu.versions import service
from jobs import materials as jobs
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import get_material, make_material, material_id_of, send_file, write_small_pdf

NEW_TEXT = "Uniform convergence"
OPEN = {
    MaterialStatus.PROCESSING,
    MaterialStatus.FAILED,
    MaterialStatus.PENDING,
    MaterialStatus.REJECTED,
}


@pytest.fixture
def new_file(tmp_path: Path) -> Path:
    """Another lecture."""
    return write_small_pdf(tmp_path / "ряды-2.pdf", NEW_TEXT)


def replace(client: FlaskClient, material_id: int, path: Path) -> Any:
    with path.open("rb") as stream:
        form = {"file": (stream, path.name)}
        return client.post(f"/materials/{material_id}/replace", data=form)


def versions_of(app: Flask, material_id: int) -> list[tuple[int, str, int]]:
    """Number, name and author of each version."""
    with app.app_context():
        rows = db.session.query(MaterialVersion).filter_by(material_id=material_id)
        return [(v.number, v.file.name, v.author_id) for v in rows.order_by("number")]


# Who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", MaterialStatus)
def test_uploaders_replace_until_it_is_published(
    app: Flask, alice: FlaskClient, own: dict[str, int], new_file: Path, status: MaterialStatus
) -> None:
    link = f'href="/materials/{own[status]}/replace"'
    assert (link in alice.get(f"/materials/{own[status]}").text) == (status in OPEN)
    page = alice.get(f"/materials/{own[status]}/replace").status_code
    answer = replace(alice, own[status], new_file)
    assert (page, answer.status_code) == ((200, 303) if status in OPEN else (403, 403))
    with app.app_context():
        material = get_material(own[status])
        # A student's file is looked through and waits for review, whatever state it was in.
        assert material.status == (MaterialStatus.PENDING if status in OPEN else status)


@pytest.mark.parametrize("status", MaterialStatus)
def test_moderators_of_the_subject_replace_all_but_the_archived(
    maria: FlaskClient, own: dict[str, int], new_file: Path, status: MaterialStatus
) -> None:
    expected = 403 if status == MaterialStatus.ARCHIVED else 303
    assert replace(maria, own[status], new_file).status_code == expected


def test_nobody_else_replaces(
    client: FlaskClient, charlie: FlaskClient, own: dict[str, int], new_file: Path
) -> None:
    location = replace(client, own["active"], new_file).headers["Location"]
    assert location.startswith("/login")
    assert replace(charlie, own["active"], new_file).status_code == 403
    assert replace(charlie, own["pending"], new_file).status_code == 404


def test_only_who_may_replace_may_send_a_big_body(
    make_app: MakeApp, people: dict[str, int]
) -> None:
    app = make_app(UPLOAD_LIMIT="100 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        material_id = make_material(people["alice"], MaterialStatus.PENDING).id
        published = make_material(people["alice"], title="Published").id
    big = b"%PDF-1.7" + b"\0" * 3_000_000
    expected = {
        ("charlie", material_id): 404,
        ("alice", published): 403,
        ("alice", material_id): 303,
    }
    for (name, number), status in expected.items():
        client = sign_in(app.test_client(), name)
        boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(big), "big.pdf")})
        kind = f"multipart/form-data; boundary={boundary}"
        answer = client.post(f"/materials/{number}/replace", data=body, content_type=kind)
        assert answer.status_code in ({413, status} if status != 303 else {303}), name
    with app.app_context():
        kept = {v.file.size for v in db.session.query(MaterialVersion).filter_by(number=2)}
        assert kept == {len(big)}


# What -----------------------------------------------------------------------------------------


def test_an_upload_is_the_first_version(
    app: Flask, alice: FlaskClient, people: dict[str, int], subjects: dict[str, int], pdf_file: Path
) -> None:
    material_id = material_id_of(send_file(alice, subjects["matan"], pdf_file))
    assert versions_of(app, material_id) == [(1, "ряды.pdf", people["alice"])]


def test_a_new_file_takes_the_place_of_the_old_one(
    app: Flask,
    maria: FlaskClient,
    charlie: FlaskClient,
    people: dict[str, int],
    own: dict[str, int],
    new_file: Path,
) -> None:
    address = f"/materials/{own['active']}"
    charlie.post(f"{address}/rate", data={"stars": 5})
    with app.app_context():
        before = get_material(own["active"])
        kept = (before.published_at, before.rating_votes, before.views, before.created_at)
    answer = replace(maria, own["active"], new_file)
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    with app.app_context():
        material = get_material(own["active"])
        assert material.status == MaterialStatus.ACTIVE
        facts = (material.published_at, material.rating_votes, material.views, material.created_at)
        assert facts == kept
        assert [NEW_TEXT in p.text for p in material.passages] == [True]
        hits = find_materials(SearchInput(text="uniform convergence")).items
        assert [hit.material.id for hit in hits] == [own["active"]]
        assert find_materials(SearchInput(text="старый")).total == 0
    assert charlie.get(f"{address}/file").data == new_file.read_bytes()
    assert [v[0::2] for v in versions_of(app, own["active"])] == [
        (1, people["alice"]),
        (2, people["maria"]),
    ]


def test_what_was_published_is_hidden_until_its_new_file_is_read(
    make_app: MakeApp, new_file: Path
) -> None:
    app = make_app(queue_immediate=False)
    app.config["WTF_CSRF_ENABLED"] = False
    people = make_people(app)
    with app.app_context():
        material_id = make_material(people["alice"]).id
    assert replace(sign_in(app.test_client(), "maria"), material_id, new_file).status_code == 303
    stranger = app.test_client()
    assert stranger.get(f"/materials/{material_id}").status_code == 404
    with app.app_context():
        jobs.process_material(material_id)
    assert stranger.get(f"/materials/{material_id}").status_code == 200


def test_a_published_material_whose_new_file_fails_leaves_search(
    app: Flask, maria: FlaskClient, own: dict[str, int], people: dict[str, int], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"nonsense " * 500)
    assert replace(maria, own["active"], broken).status_code == 303
    with app.app_context():
        assert get_material(own["active"]).status == MaterialStatus.FAILED
        assert own["active"] not in search_index().ids()
        told = db.session.query(Notification).filter_by(kind="failed").one()
        assert (told.user_id, told.material_id) == (people["alice"], own["active"])


def test_a_file_that_the_library_has_is_refused(
    app: Flask, alice: FlaskClient, people: dict[str, int], own: dict[str, int], new_file: Path
) -> None:
    with app.app_context():
        content = new_file.read_bytes()
        other = make_material(people["charlie"], title="Twin", content=content).id
    answer = replace(alice, own["pending"], new_file)
    assert answer.status_code == 422
    assert "This file is already in the library." in answer.text
    assert f'href="/materials/{other}"' in answer.text
    assert len(versions_of(app, own["pending"])) == 1
    with app.app_context():
        assert get_material(own["pending"]).status == MaterialStatus.PENDING


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "The file is empty"), (b"just words", "not a PDF, DOCX or MP4 file")],
)
def test_what_is_no_material_is_refused(
    app: Flask, alice: FlaskClient, own: dict[str, int], content: bytes, sentence: str
) -> None:
    form = {"file": (io.BytesIO(content), "notes.pdf")}
    answer = alice.post(f"/materials/{own['pending']}/replace", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert alice.post(f"/materials/{own['pending']}/replace").status_code == 422
    assert len(versions_of(app, own["pending"])) == 1


def test_htmx_gets_the_form_again_or_is_sent_on(
    alice: FlaskClient, own: dict[str, int], new_file: Path
) -> None:
    address, headers = f"/materials/{own['pending']}/replace", {"HX-Request": "true"}
    answer = alice.post(address, headers=headers)
    assert answer.text.lstrip().startswith('<form id="replace-form"')
    form = {"file": (io.BytesIO(new_file.read_bytes()), "new.pdf")}
    answer = alice.post(address, data=form, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (
        204,
        f"/materials/{own['pending']}",
    )


# Old files ------------------------------------------------------------------------------------


def test_moderators_have_every_version(
    app: Flask,
    client: FlaskClient,
    alice: FlaskClient,
    maria: FlaskClient,
    charlie: FlaskClient,
    own: dict[str, int],
    new_file: Path,
) -> None:
    address = f"/materials/{own['pending']}"
    old = alice.get(f"{address}/file").data
    assert replace(alice, own["pending"], new_file).status_code == 303
    assert maria.get(f"{address}/versions/1/file").data == old
    part = maria.get(f"{address}/versions/2/file?download=1", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.data) == (206, b"%PDF-")
    assert part.headers["Content-Disposition"].startswith("attachment")
    for number in (0, 3, 2**31):
        assert maria.get(f"{address}/versions/{number}/file").status_code == 404
    assert f'href="{address}/versions/1/file?download=1"' in maria.get(address).text
    assert "/versions/" not in alice.get(address).text
    assert alice.get(f"{address}/versions/1/file").status_code == 403
    assert charlie.get(f"{address}/versions/1/file").status_code == 404
    assert client.get(f"{address}/versions/1/file").status_code == 404
    shown = f"/materials/{own['active']}/versions/1/file"
    assert client.get(shown).headers["Location"].startswith("/login")


# At the same moment ---------------------------------------------------------------------------


@pytest.fixture
def waiting(any_app: Flask, pdf_file: Path) -> int:
    """Alice's file that nobody has looked at, on each database."""
    people = make_people(any_app)
    with any_app.app_context():
        content = pdf_file.read_bytes()
        return make_material(people["alice"], MaterialStatus.PROCESSING, content=content).id


def replace_now(path: Path, material_id: int, name: str = "alice") -> None:
    """What a web process does meanwhile: another session, committed."""
    user = db.session.query(User).filter_by(email=f"{name}@example.org").one()
    file = accept_file(copy_in(path, settings().data_dir / "incoming"))
    service.replace_file(user, get_material(material_id), file)
    db.session.commit()


def processed(text: str) -> Processed:
    """What the sandbox says of a file of one page."""
    return Processed(
        media_type="application/pdf",
        kind="pdf",
        pages=1,
        duration=None,
        width=None,
        height=None,
        passages=[PassageText(1, "", text)],
        thumbnail=None,
        text_ok=True,
        outline=[],
        peak_mb=1.0,
    )


def test_who_works_on_the_old_file_can_write_nothing(
    any_app: Flask, waiting: int, new_file: Path
) -> None:
    with any_app.app_context():
        claim = media.claim_material(waiting)
        assert claim
        db.session.commit()
        replace_now(new_file, waiting)
        for act in (
            lambda: media.beat(waiting, claim, "text", 50),
            lambda: media.finish_material(waiting, claim, processed("Старый текст")),
            lambda: media.fail_material(waiting, claim, "broken"),
            lambda: media.give_up_attempt(waiting, claim, "crashed"),
        ):
            with pytest.raises(ClaimLost):
                act()
            db.session.rollback()
        material = get_material(waiting)
        assert (material.status, material.claim, material.attempts) == ("processing", "", 0)
        assert material.passages == []
        assert media.claim_material(waiting)


@pytest.mark.parametrize("end", ["result", "refusal"])
def test_a_file_replaced_in_work_is_read_instead_of_the_old_one(
    any_app: Flask, waiting: int, new_file: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def slow(*args: Any) -> Processed:
        monkeypatch.undo()  # the next file is read for real
        replace_now(new_file, waiting)
        if end == "refusal":
            raise FileRefused("broken")
        return processed("Старый текст")

    monkeypatch.setattr(jobs, "process_file", slow)
    with any_app.app_context():
        jobs.process_material(waiting)  # ends without a word: its claim is gone
        assert get_material(waiting).status == MaterialStatus.PROCESSING
        jobs.process_material(waiting)
        material = get_material(waiting)
        assert (material.status, material.error) == (MaterialStatus.PENDING, "")
        assert [NEW_TEXT in p.text for p in material.passages] == [True]
        assert material.file.name == new_file.name
        told = db.session.query(Notification)
        assert [each.kind for each in told] == ["pending"]  # to the moderator: nothing failed


def test_a_file_cannot_slip_in_behind_an_approval(
    any_app: Flask, waiting: int, new_file: Path
) -> None:
    with any_app.app_context():
        material = get_material(waiting)
        material.status = "active"
        material.published_at = material.created_at
        db.session.commit()
        with pytest.raises(Forbidden):
            replace_now(new_file, waiting)
        db.session.rollback()
        assert get_material(waiting).status == MaterialStatus.ACTIVE


def test_the_own_present_file_is_no_new_one(any_app: Flask, waiting: int, pdf_file: Path) -> None:
    with any_app.app_context(), pytest.raises(DuplicateFile):
        replace_now(pdf_file, waiting)
