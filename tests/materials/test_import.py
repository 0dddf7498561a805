"""`flask materials import`: a file that cannot be taken is told, and stops no other."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from edu.extensions import db, settings
from edu.materials import cli
from edu.materials.models import Material, MaterialStatus
from edu.storage import incoming
from edu.storage.incoming import Incoming
from tests.samples import write_small_pdf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three lectures of one page each."""
    made = tmp_path / "course"
    made.mkdir()
    for name in ("a", "b", "c"):
        write_small_pdf(made / f"{name}.pdf", f"Theorem {name} converges")
    return made


def run_import(app: Flask, folder: Path, *options: str) -> list[str]:
    """What the command says of each refused file and of all; its progress bars go to stderr."""
    result = app.test_cli_runner().invoke(args=["materials", "import", str(folder), *options])
    assert result.exit_code == int("refused: " in result.output), result.output
    return [line for line in result.stdout.splitlines() if not line.startswith("new subject")]


def states(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {m.file.name: m.status for m in db.session.query(Material)}


def assert_tidy(app: Flask) -> None:
    with app.app_context():
        assert list((settings().data_dir / "incoming").glob("*")) == []


ACTIVE = MaterialStatus.ACTIVE


@pytest.mark.usefixtures("people")
def test_a_link_to_nothing_is_told_and_a_folder_is_no_file(app: Flask, folder: Path) -> None:
    (folder / "b.pdf").unlink()
    (folder / "b.pdf").symlink_to(folder / "gone.pdf")
    (folder / "d.pdf").mkdir()
    write_small_pdf(folder / "d.pdf" / "inner.pdf", "Lemma")
    said = run_import(app, folder)
    assert said[0] == "refused: b.pdf: No such file or directory"
    assert said[1].startswith("3 sent, 0 already here, 1 refused;")
    assert states(app) == {"a.pdf": ACTIVE, "c.pdf": ACTIVE, "inner.pdf": ACTIVE}
    assert_tidy(app)


@pytest.mark.usefixtures("people")
def test_a_file_that_cannot_be_read_is_told(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_or_fail(source: Path, target: Path) -> Incoming:
        if source.name == "b.pdf":
            raise PermissionError(errno.EACCES, "Permission denied", str(source))
        return incoming.copy_in(source, target)

    monkeypatch.setattr("edu.materials.cli.copy_in", copy_or_fail)
    said = run_import(app, folder)
    assert said[0] == "refused: b.pdf: Permission denied"
    assert said[1].startswith("2 sent, 0 already here, 1 refused;")
    assert states(app) == {"a.pdf": ACTIVE, "c.pdf": ACTIVE}


@pytest.mark.usefixtures("people")
def test_a_copy_that_breaks_off_leaves_nothing(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Any, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(incoming.HashingFile, "write", full)
    said = run_import(app, folder)
    assert said[:3] == [f"refused: {n}.pdf: No space left on device" for n in "abc"]
    assert said[3].startswith("0 sent, 0 already here, 3 refused;")
    assert states(app) == {}
    assert_tidy(app)


@pytest.mark.usefixtures("people")
def test_a_storage_that_is_full_is_told_and_the_next_may_fit(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = app.extensions["edu.storage"]
    original, seen = storage.save, list[str]()

    def save(path: Path, key: str) -> None:
        seen.append(key)
        if len(seen) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(path, key)

    monkeypatch.setattr(storage, "save", save)
    said = run_import(app, folder)
    assert said[0] == "refused: a.pdf: No space left on device"
    assert said[1].startswith("2 sent, 0 already here, 1 refused;")
    assert states(app) == {"b.pdf": ACTIVE, "c.pdf": ACTIVE}
    assert_tidy(app)


@pytest.mark.usefixtures("people")
def test_what_failed_is_refused_again_with_its_reason(app: Flask, folder: Path) -> None:
    (folder / "b.pdf").write_bytes(b"%PDF-1.7\nnothing more\n%%EOF\n")
    first = run_import(app, folder)
    assert first[0].startswith("refused: b.pdf: ")
    assert len(first[0]) > len("refused: b.pdf: ") + 10
    assert first[1].startswith("3 sent, 0 already here, 1 refused;")
    assert states(app)["b.pdf"] == MaterialStatus.FAILED
    second = run_import(app, folder)
    assert second[0] == first[0]
    assert second[1].startswith("0 sent, 2 already here, 1 refused;")
    assert len(states(app)) == 3
    assert_tidy(app)


@pytest.mark.usefixtures("people")
def test_an_imported_folder_is_skipped_the_second_time(app: Flask, folder: Path) -> None:
    assert run_import(app, folder)[0].startswith("3 sent, 0 already here, 0 refused;")
    assert run_import(app, folder)[0].startswith("0 sent, 3 already here, 0 refused;")


# Manifest -------------------------------------------------------------------------------------


def entries(folder: Path, *lines: str) -> dict[str, Any]:
    """What is read of each file: semester, year, language, tags."""
    manifest = folder.parent / "manifest.tsv"
    manifest.write_text("".join("\t".join(line.split("|")) + "\n" for line in lines))
    read = cli.read_entries(folder, manifest, "")
    return {e.path.stem: (e.semester, e.year, e.language, e.tags) for e in read}


def test_a_manifest_says_when_it_is_studied(folder: Path) -> None:
    head = "file|title|semester|year|language|tags"
    rows = ["a.pdf|A 07.02.2024|4|2021/22|EN|x,y", "b.pdf|B 07.02.2024|3||", "c.pdf|C||2020"]
    assert entries(folder, head, *rows) == {
        "a": (4, 2021, "en", ("x", "y")),
        "b": (3, None, "", ()),
        "c": (None, 2020, "", ()),
    }


def test_without_a_column_the_title_tells_the_year(folder: Path) -> None:
    rows = ["a.pdf|Лекция 07.02.2024|2", "b.pdf|Лекция 03.09.2024|3", "c.pdf|Экзамен 2016|"]
    assert entries(folder, "file|title|semester", *rows) == {
        "a": (2, 2023, "", ()),
        "b": (3, 2024, "", ()),
        "c": (None, None, "", ()),
    }


@pytest.mark.parametrize("cell", ["second", "1-2", "2nd", "20245", "²", "-1"])
def test_a_cell_that_is_no_number_stops_the_import_before_it_begins(
    folder: Path, cell: str
) -> None:
    with pytest.raises(ValueError, match=r"a\.pdf: .* is no semester"):
        entries(folder, "file|semester", f"a.pdf|{cell}")


@pytest.mark.usefixtures("people")
def test_an_impossible_semester_costs_its_file_only(app: Flask, folder: Path) -> None:
    manifest = folder.parent / "manifest.tsv"
    manifest.write_text("file\tsemester\tyear\na.pdf\t15\t\nb.pdf\t2\t2024\n")
    said = run_import(app, folder, f"--manifest={manifest}")
    assert said[0].startswith("refused: a.pdf: A semester is a number")
    with app.app_context():
        known = {m.file.name: (m.semester, m.year) for m in db.session.query(Material)}
    assert known == {"b.pdf": (2, 2024), "c.pdf": (None, None)}
