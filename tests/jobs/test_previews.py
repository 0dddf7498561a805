"""Documents that are older than previews."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from edu.extensions import db, storage
from edu.materials.models import MaterialStatus
from edu.media.errors import SandboxError
from edu.media.previews import SECTIONS
from edu.media.service import list_unconverted
from edu.storage.base import original_key, preview_key
from jobs import previews
from jobs.materials import process_material
from jobs.previews import make_old_previews
from tests.samples import get_material, make_material


def has_preview(material_id: int) -> bool:
    sha256 = get_material(material_id).file.sha256
    return storage().exists(preview_key(sha256, SECTIONS))


def test_an_old_document_gets_its_preview_once(
    app: Flask, people: dict[str, int], docx_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        old = make_material(people["alice"], kind="docx", content=docx_file.read_bytes()).id
        make_material(people["alice"], title="pdf")
        assert list_unconverted(9) == [get_material(old).file_id]
        make_old_previews()
        assert has_preview(old)
        assert get_material(old).file.has_preview
        assert list_unconverted(9) == []


def test_what_cannot_be_converted_is_not_tried_again(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        bad = make_material(people["alice"], kind="docx", content=b"PK no document").id
        lost = make_material(people["alice"], kind="docx", title="lost", content=b"PK lost").id
        storage().delete(original_key(get_material(lost).file.sha256))
        make_old_previews()
        assert [get_material(number).file.has_preview for number in (bad, lost)] == [False, False]
        assert list_unconverted(9) == []


def test_where_the_machine_fails_it_is_tried_again(
    app: Flask, people: dict[str, int], docx_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise SandboxError

    monkeypatch.setattr(previews, "make_preview", fails)
    with app.app_context():
        old = make_material(people["alice"], kind="docx", content=docx_file.read_bytes())
        with pytest.raises(SandboxError):
            make_old_previews()
        db.session.rollback()
        assert list_unconverted(9) == [old.file_id]


def test_a_preview_that_is_there_is_only_noted(
    app: Flask, people: dict[str, int], docx_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        status = MaterialStatus.PROCESSING
        content = docx_file.read_bytes()
        material = make_material(people["alice"], status, kind="docx", content=content)
        material_id = material.id
        assert list_unconverted(9) == []  # it is about to be processed
        process_material(material_id)
        assert get_material(material_id).file.has_preview
        get_material(material_id).file.has_preview = None
        db.session.commit()
        monkeypatch.setattr(previews, "make_preview", None)
        make_old_previews()
        assert get_material(material_id).file.has_preview
