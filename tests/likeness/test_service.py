"""Which texts are found alike, and that prints follow the texts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select

from edu.accounts.models import User
from edu.extensions import db
from edu.likeness import service
from edu.likeness.models import SimilarText, TextBand, TextPrint
from edu.materials.models import Material, MaterialStatus, Passage, StoredFile
from edu.media.process import PassageText, Processed
from edu.media.service import claim_material, finish_material, start_processing
from edu.media.spoken import save_passages
from edu.tree.service import ensure_category
from jobs.likeness import compare_text, compare_texts
from jobs.materials import process_material
from tests.conftest import make_people
from tests.likeness.conftest import add_text, compare_all, found_for
from tests.likeness.words import change_words, make_text, write_docx, write_pdf
from tests.samples import confine, get_material, make_material

TEXT = make_text()


@pytest.fixture
def persons(any_app: Flask) -> Any:
    """Alice, Maria and Charlie, in the present context of either database."""
    ids = make_people(any_app)
    with any_app.app_context():
        yield {name: db.session.get_one(User, number) for name, number in ids.items()}


@pytest.fixture
def sqlite_persons(app: Flask, people: dict[str, int]) -> Any:
    with app.app_context():
        yield {name: db.session.get_one(User, number) for name, number in people.items()}


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_almost_the_same_text_is_found_both_ways(persons: dict[str, User]) -> None:
    alice, maria = persons["alice"], persons["maria"]
    old = add_text(maria.id, TEXT, "Old")
    compare_all()
    new = add_text(alice.id, ["new", "title", *change_words(TEXT, 0.02)], "New", "pending")
    compare_all()
    ((title, percent),) = found_for(alice, new)
    assert (title, 85 <= percent <= 95) == ("Old", True)
    assert found_for(maria, old) == [("New", percent)]


@pytest.mark.parametrize(("share", "alike"), [(0.05, True), (0.2, False), (0.6, False)])
def test_a_few_words_may_differ(sqlite_persons: dict[str, User], share: float, alike: bool) -> None:
    alice = sqlite_persons["alice"]
    add_text(alice.id, TEXT, "Old")
    new = add_text(alice.id, change_words(TEXT, share), "New")
    compare_all()
    assert bool(found_for(alice, new)) == alike


def test_a_fifth_may_differ_where_it_stands_together(sqlite_persons: dict[str, User]) -> None:
    alice = sqlite_persons["alice"]
    add_text(alice.id, TEXT, "Old")
    new = add_text(alice.id, TEXT[:1200] + make_text(300, seed=9), "New")
    compare_all()
    ((_title, percent),) = found_for(alice, new)
    assert 75 <= percent <= 82


def test_lectures_of_one_template_are_not_alike(sqlite_persons: dict[str, User]) -> None:
    alice = sqlite_persons["alice"]
    template = make_text(400, seed=5)
    for number in range(4):
        add_text(alice.id, template + make_text(1000, seed=10 + number), f"Lecture {number}")
    compare_all()
    assert (count(TextPrint), count(SimilarText)) == (4, 0)


def test_a_lecture_is_not_its_course(sqlite_persons: dict[str, User]) -> None:
    alice = sqlite_persons["alice"]
    add_text(alice.id, TEXT[:400], "Lecture")
    add_text(alice.id, TEXT, "Course")
    compare_all()
    assert count(SimilarText) == 0


def test_short_texts_and_none_have_an_empty_print(sqlite_persons: dict[str, User]) -> None:
    alice = sqlite_persons["alice"]
    for words in ([], ["exam"], TEXT[:40], TEXT[:40]):
        add_text(alice.id, words, f"{len(words)}", content=f"{random.random()}".encode())
    compare_all()
    assert (count(TextPrint), count(TextBand), count(SimilarText)) == (4, 0, 0)


def test_the_same_bytes_are_told_elsewhere(sqlite_persons: dict[str, User]) -> None:
    alice = sqlite_persons["alice"]
    for title in ("One", "Two"):
        add_text(alice.id, TEXT, title, content=b"%PDF-1.7 the same")
    again = add_text(alice.id, TEXT, "Saved anew")
    compare_all()
    assert found_for(alice, again) == [("One", 100), ("Two", 100)]
    assert count(SimilarText) == 4


def test_headings_of_documents_are_text_those_of_a_pdf_are_on_its_pages(
    sqlite_persons: dict[str, User],
) -> None:
    alice = sqlite_persons["alice"]
    heading = " ".join(TEXT[:700])
    for kind in ("docx", "pdf"):
        material = make_material(alice.id, title=kind, kind=kind, text=" ".join(TEXT[700:]))
        db.session.get_one(Passage, material.passages[0].id).heading = heading
        db.session.commit()
    compare_all()
    sizes = db.session.scalars(select(TextPrint.size).order_by(TextPrint.material_id))
    assert [size > 1000 for size in sizes] == [True, False]


# Who is told -----------------------------------------------------------------------------------


def test_only_what_the_person_may_see_is_named(sqlite_persons: dict[str, User]) -> None:
    alice, maria, charlie = (sqlite_persons[name] for name in ("alice", "maria", "charlie"))
    own = add_text(alice.id, TEXT, "Own", "pending")
    for status in MaterialStatus:
        add_text(charlie.id, change_words(TEXT, 0.01, len(status)), f"their {status}", status.value)
    compare_all()
    assert [title for title, _percent in found_for(alice, own)] == ["their active"]
    shown = {title for title, _percent in found_for(maria, own)}
    assert shown == {"their active", "their pending"}
    assert found_for(charlie, own) == found_for(None, own) == []


def test_a_moderator_of_another_subject_is_told_of_nothing(
    sqlite_persons: dict[str, User],
) -> None:
    alice, maria = sqlite_persons["alice"], sqlite_persons["maria"]
    elsewhere = ensure_category("Elsewhere")
    own = add_text(alice.id, TEXT, "Own", "pending")
    add_text(alice.id, change_words(TEXT, 0.01), "Secret", "pending", category=elsewhere)
    compare_all()
    confine(maria, get_material(own).category)
    assert found_for(maria, own) == []
    assert [title for title, _percent in found_for(alice, own)] == ["Secret"]
    confine(maria, elsewhere)
    assert found_for(maria, own) == []


def test_a_page_of_the_queue_costs_one_query(sqlite_persons: dict[str, User]) -> None:
    alice, maria = sqlite_persons["alice"], sqlite_persons["maria"]
    ids = [
        add_text(alice.id, change_words(TEXT, 0.02, seed), f"Copy {seed}", "pending")
        for seed in range(6)
    ]
    compare_all()
    materials = list(db.session.scalars(select(Material).where(Material.id.in_(ids))))
    maria.is_admin  # noqa: B018  # loaded, with all that permissions ask for
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = service.find_similar(maria, materials)
    assert len(asked) == 1
    assert {len(each) for each in found.values()} == {service.MOST_SHOWN}


# Prints follow the texts -----------------------------------------------------------------------


def test_another_file_makes_the_print_stale_and_ends_its_pairs(persons: dict[str, User]) -> None:
    alice = persons["alice"]
    old = add_text(alice.id, TEXT, "Old")
    new = add_text(alice.id, change_words(TEXT, 0.02), "New")
    compare_all()
    assert found_for(alice, old)
    material = get_material(new)
    material.file = StoredFile(sha256="0" * 64, size=1, name="b.pdf", media_type="application/pdf")
    start_processing(material)
    db.session.commit()
    assert found_for(alice, old) == []
    assert service.list_uncompared() == []  # it has no text just now
    claim = claim_material(new) or ""
    passages = [PassageText(1, "", " ".join(make_text(seed=7)))]
    result = Processed("pdf", "application/pdf", 1, None, None, None, passages, None, True, [], 0.0)
    finish_material(new, claim, result)
    db.session.commit()
    assert not service.is_compared(get_material(new))
    compare_all()
    assert service.is_compared(get_material(new))
    assert count(SimilarText) == 0


def test_a_text_that_changes_while_it_is_read_is_printed_later(
    persons: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = persons["alice"]
    material_id = add_text(alice.id, TEXT, "Subtitles")
    read = service._shingles_of

    def changes_meanwhile(number: int) -> set[int]:
        found = read(number)
        get_material(number).touch()
        db.session.commit()
        return found

    monkeypatch.setattr(service, "_shingles_of", changes_meanwhile)
    assert not service.print_text(material_id)
    db.session.commit()
    assert count(TextPrint) == 0
    monkeypatch.undo()
    compare_all()
    assert count(TextPrint) == 1


def test_a_text_that_is_written_anew_is_compared_anew(persons: dict[str, User]) -> None:
    alice = persons["alice"]
    old = add_text(alice.id, TEXT, "Old")
    new = add_text(alice.id, make_text(seed=3), "Subtitles changed")
    compare_all()
    save_passages(get_material(new), [PassageText(7, "", " ".join(TEXT))])
    db.session.commit()
    assert not service.is_compared(get_material(new))
    compare_all()
    assert found_for(alice, old) == [("Subtitles changed", 100)]


def test_a_deleted_material_takes_its_print_along(persons: dict[str, User]) -> None:
    alice = persons["alice"]
    add_text(alice.id, TEXT, "Old")
    new = add_text(alice.id, change_words(TEXT, 0.02), "New")
    compare_all()
    assert count(SimilarText) == 2
    db.session.execute(delete(Material).where(Material.id == new))
    db.session.commit()
    assert (count(TextPrint), count(TextBand), count(SimilarText)) == (1, 32, 0)


def test_a_worker_that_died_between_print_and_comparison_loses_nothing(
    persons: dict[str, User],
) -> None:
    alice = persons["alice"]
    ids = [add_text(alice.id, change_words(TEXT, 0.02, n), f"Copy {n}") for n in range(2)]
    for number in ids:  # of two workers at once each has printed before the other compares
        assert service.print_text(number)
        db.session.commit()
    assert service.list_uncompared() == ids[::-1]
    for number in ids * 2:  # and both compare both
        compare_text(number)
    assert count(SimilarText) == 2
    assert service.list_uncompared() == []


def test_nothing_is_paired_with_a_text_that_has_changed_meanwhile(
    persons: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = persons["alice"]
    old = add_text(alice.id, TEXT, "Old")
    compare_all()
    new = add_text(alice.id, change_words(TEXT, 0.02), "New")
    measure = service._measure

    def changes_meanwhile(number: int, others: list[int]) -> dict[int, int]:
        found = measure(number, others)
        get_material(old).passages[0].text = " ".join(make_text(seed=8))
        service.forget_print(old)
        db.session.commit()
        assert service.print_text(old)
        db.session.commit()
        return found

    monkeypatch.setattr(service, "_measure", changes_meanwhile)
    compare_text(new)
    assert count(SimilarText) == 0


def test_a_text_that_cannot_be_compared_does_not_stop_the_others(
    sqlite_persons: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = sqlite_persons["alice"]
    good = add_text(alice.id, TEXT, "Good")
    bad = add_text(alice.id, make_text(seed=4), "Bad")
    read = service._shingles_of

    def breaks(number: int) -> set[int]:
        if number == bad:
            raise ValueError("broken")
        return read(number)

    monkeypatch.setattr(service, "_shingles_of", breaks)
    compare_texts()
    assert list(db.session.scalars(select(TextPrint.material_id))) == [good]
    assert service.list_uncompared() == [bad]


# Files -----------------------------------------------------------------------------------------


def test_a_document_and_its_export_are_found_alike_after_processing(
    sqlite_persons: dict[str, User], tmp_path: Path
) -> None:
    alice = sqlite_persons["alice"]
    text = make_text(700)
    written = {
        "docx": write_docx(tmp_path / "notes.docx", text, "Notes"),
        "pdf": write_pdf(tmp_path / "notes.pdf", text, "Notes, exported"),
    }
    ids = []
    for kind, path in written.items():
        content = path.read_bytes()
        material = make_material(alice.id, title=kind, kind=kind, content=content)
        start_processing(material)
        db.session.commit()
        process_material(material.id)
        ids.append(material.id)
    ((title, percent),) = found_for(alice, ids[1])
    assert (title, percent >= 95) == ("docx", True)
    assert service.list_uncompared() == []  # at once, not with the next minute
