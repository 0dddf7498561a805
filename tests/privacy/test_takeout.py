"""The archive of a person's own data."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import ForeignKey

from edu.accounts.models import User
from edu.extensions import db, settings, storage
from edu.materials.models import Material, MaterialStatus
from edu.privacy.service import GOES, STAYS
from edu.storage.base import original_key
from edu.takeout.service import LEFT_OUT, PARTS, list_takeout
from tests.conftest import sign_in
from tests.privacy.conftest import SECRETS, read_zip
from tests.samples import make_material


def columns_that_name_people() -> set[str]:
    """`table.column` of every foreign key to the people."""
    return {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if isinstance(key, ForeignKey) and key.target_fullname == "users.id"
    }


def test_every_table_about_people_is_exported_or_left_out_for_a_reason(app: Flask) -> None:
    exported = {f"{p.owner.class_.__tablename__}.{p.owner.key}" for p in PARTS}
    assert exported - {"users.id"} | LEFT_OUT.keys() == columns_that_name_people()
    assert not exported & LEFT_OUT.keys()


def test_every_table_about_people_is_emptied_or_stays_for_a_reason(app: Flask) -> None:
    gone = {f"{column.class_.__tablename__}.{column.key}" for column in GOES}
    assert gone | STAYS.keys() == columns_that_name_people()
    assert not gone & STAYS.keys()


def test_the_archive_tells_everything_and_no_secret(any_app: Flask, life: dict[str, int]) -> None:
    browser = sign_in(any_app.test_client(), "alice")
    answer = browser.post("/me/data/export")
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.content_length == len(answer.data)
    facts, files = read_zip(answer.data)
    assert facts.keys() == {part.name for part in PARTS}
    assert facts["profile"]["email"] == "alice@example.org"
    assert facts["uploads"][0]["title"] == "Own"
    assert facts["uploads"][0].keys() >= {"semester", "year", "language"}
    assert facts["uploads"][0]["url"] == f"http://localhost/materials/{life['own']}"
    assert facts["ratings"][0]["stars"] == 4
    assert facts["history"][0] | {"opened_at": 0} == {
        "place": 7,
        "opened_at": 0,
        "title": "Other",
        "url": f"http://localhost/materials/{life['other']}",
    }
    assert facts["collections"][0]["items"][0]["note"] == "page 3"
    assert facts["subscriptions"][0]["search"] == "q=ряды"
    assert facts["tokens"][0]["name"] == "script"
    assert (facts["telegram"][0]["chat_id"], facts["telegram"][0]["name"]) == (2**40, "@alice")
    assert facts["identities"][0]["label"] == "alice-gh"
    assert (facts["captions"][0]["file.name"], facts["captions"][0]["language"]) == (
        "Own.pdf",
        "ru",
    )
    assert facts["questions"][0]["text"] == "What is a limit?"
    assert all(facts[name] for name in facts if name not in {"versions", "reviewed_subjects"})
    assert list(files.values()) == [b"%PDF-1.7 Own"]
    # Facts only: the bytes of a file may hold anything.
    text = repr(facts)
    assert not [secret for secret in SECRETS if secret in text]


def test_nothing_of_others_is_in_it(any_app: Flask, life: dict[str, int]) -> None:
    facts, files = read_zip(sign_in(any_app.test_client(), "charlie").post("/me/data/export").data)
    assert list(files.values()) == [b"%PDF-1.7 Other"]
    assert "alice@example.org" not in repr(facts)
    assert "Own" not in repr(facts)


def test_titles_that_others_have_hidden_are_not_told(any_app: Flask, life: dict[str, int]) -> None:
    with any_app.app_context():
        db.session.get_one(Material, life["other"]).status = MaterialStatus.ARCHIVED.value
        db.session.commit()
    facts, _files = read_zip(sign_in(any_app.test_client(), "alice").post("/me/data/export").data)
    assert facts["history"][0]["title"] is None
    assert facts["collections"][0]["items"][0]["title"] is None


def test_file_names_are_safe_and_unique(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        for title in ("../../etc/passwd", "same", "same", "a/b\\c:d\0e‮f"):
            make_material(people["alice"], title=title)
    _facts, files = read_zip(sign_in(app.test_client(), "alice").post("/me/data/export").data)
    assert len(files) == 4
    for name in files:
        path = Path(name)
        assert path.parts[0] == "files"
        assert len(path.parts) == 2
        assert ".." not in path.parts
        assert name.isprintable()


def test_a_file_that_the_storage_has_lost_is_left_out(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        lost = make_material(people["alice"], title="Lost")
        make_material(people["alice"], title="Kept")
        storage().delete(original_key(lost.file.sha256))
    facts, files = read_zip(sign_in(app.test_client(), "alice").post("/me/data/export").data)
    assert len(facts["uploads"]) == 2
    assert list(files.values()) == [b"%PDF-1.7 Kept"]


def test_the_archive_is_made_without_a_file_of_its_own(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        make_material(people["alice"], title="Own")
        before = sorted(path for path in settings().data_dir.rglob("*") if path.is_file())
        members = list_takeout(db.session.get_one(User, people["alice"]))
        assert [member.content for member in members if member.name.startswith("files/")] == [None]
        sign_in(app.test_client(), "alice").post("/me/data/export")
        after = sorted(path for path in settings().data_dir.rglob("*") if path.is_file())
        assert [p for p in after if p not in before and "queue" not in p.name] == []


def test_a_stranger_gets_nothing_and_a_link_from_elsewhere_starts_nothing(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/me/data/export").status_code == 303
    assert client.get("/me/data/export").status_code == 405
    assert client.get("/me/data").headers["Location"] == "/login?next=/me/data"


def test_exports_are_limited(app: Flask, people: dict[str, int]) -> None:
    browser = sign_in(app.test_client(), "alice")
    assert [browser.post("/me/data/export").status_code for _ in range(6)] == [200] * 5 + [429]
