"""Chapters of a video are its passages, numbered by the second at which they begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from edu.media.process import Processed
from edu.media.video import Moment, merge_moments, read_chapters, read_info
from tests.media.conftest import Process
from tests.media.samples import write_chapters, write_mp4


def passages(done: Processed) -> list[tuple[int, str, str]]:
    return [(p.number, p.heading, p.text) for p in done.passages]


def test_chapters_become_passages_in_the_sandbox(process: Process, tmp_path: Path) -> None:
    chapters = [(0, "Введение"), (2.5, "Признак Коши: n = 1; #2"), (6, "Ряд \\ Тейлора")]
    done = process(write_chapters(tmp_path / "a.mp4", chapters))
    assert passages(done) == [
        (0, "Введение", "Введение"),
        (2, "Признак Коши: n = 1; #2", "Признак Коши: n = 1; #2"),
        (6, "Ряд \\ Тейлора", "Ряд \\ Тейлора"),
    ]
    assert done.text_ok


def test_a_video_without_chapters_has_no_passages(process: Process, tmp_path: Path) -> None:
    assert passages(process(write_mp4(tmp_path / "a.mp4", 1, "160x90"))) == []


def test_chapters_without_titles_are_none(process: Process, tmp_path: Path) -> None:
    path = write_chapters(tmp_path / "a.mp4", [(0, ""), (1, " "), (2, "Пример")])
    assert passages(process(path)) == [(2, "Пример", "Пример")]


def test_titles_are_cleaned_and_short(tmp_path: Path) -> None:
    titles = ["первая\nвторая строка", "а\u202eб\x07в", "длинное " * 100]
    path = write_chapters(tmp_path / "a.mp4", list(enumerate(titles)))
    found = [chapter.heading for chapter in read_chapters(path, read_info(path))]
    assert found[:2] == ["первая вторая строка", "абв"]
    assert len(found[2]) <= 200


def test_chapters_of_one_second_share_a_passage(tmp_path: Path) -> None:
    path = write_chapters(tmp_path / "a.mp4", [(0, "Лемма"), (0.6, "Теорема"), (3, "Конец")])
    assert merge_moments(read_chapters(path, read_info(path))) == [
        Moment(0, "Лемма", "Лемма\nТеорема"),
        Moment(3, "Конец", "Конец"),
    ]


def test_what_is_said_joins_the_chapter_of_its_second() -> None:
    said = [Moment(4, "", "Теперь"), Moment(7, "", "докажем лемму")]
    assert merge_moments([Moment(4, "Лемма", "Лемма"), *said]) == [
        Moment(4, "Лемма", "Лемма\nТеперь"),
        Moment(7, "", "докажем лемму"),
    ]


@pytest.mark.parametrize("second", [11, 2_000_000])
def test_chapters_after_the_end_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: int
) -> None:
    path = write_mp4(tmp_path / "a.mp4", 10, "160x90")
    told = "".join(
        f"[CHAPTER]\nTIMEBASE={base}\nSTART={start}\ntitle={start}\n"
        for base, start in [("1/1", 3), ("1/1", second), ("1/1", -5), ("1/0", 1), ("x", 1)]
    )
    monkeypatch.setattr("edu.media.video._read_metadata", lambda _path: f"{told}[CHAPTER]\n\\")
    assert [chapter.second for chapter in read_chapters(path, read_info(path))] == [3]


def test_a_flood_of_chapters_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mp4(tmp_path / "a.mp4", 10, "160x90")
    flood = "[CHAPTER]\nTIMEBASE=1/1\nSTART=1\ntitle=x\n" * 50_000
    monkeypatch.setattr("edu.media.video._read_metadata", lambda _path: flood)
    assert len(read_chapters(path, read_info(path))) == 1000
