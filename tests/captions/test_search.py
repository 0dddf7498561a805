"""What is said is found at the second at which it is said, on both engines."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.captions import service
from edu.extensions import db
from edu.materials.models import MaterialStatus, Passage
from edu.media.captions import Cue
from edu.search import speech
from edu.search.hits import FoundPlace
from edu.search.service import SearchInput, find_materials
from jobs.search import update_index
from tests.captions.conftest import make_video
from tests.conftest import make_people
from tests.samples import get_material, make_material

SAID = [
    (1.2, "Сегодня мы начнём с определения."),
    (4.0, "Пусть дан ряд с положительными членами,"),
    (8.7, "и к нему приложим интегральный"),
    (11.4, "признак, который придумал Маклорен."),
    (15.0, "Он удобен."),
    (40.0, "Признак Даламбера проще."),
    (95.3, "Корень из общего члена стремится к пределу."),
]
ENGLISH = [(9.1, "we shall now apply the integral criterion"), (50.0, "d'Alembert is easier")]


def cues(said: list[tuple[float, str]]) -> list[Cue]:
    return [Cue(round(at * 1000), round(at * 1000) + 2000, text) for at, text in said]


def make_lecture(people: dict[str, int]) -> int:
    video_id = make_video(people["alice"], MaterialStatus.ACTIVE)
    maria = db.session.get_one(User, people["maria"])
    service.set_captions(maria, get_material(video_id), cues(SAID))
    db.session.commit()
    update_index()
    return video_id


def places(query: str) -> list[FoundPlace]:
    return [place for hit in find_materials(SearchInput(query)).items for place in hit.places]


def seconds(query: str) -> list[int]:
    return [place.number for place in places(query)]


def snippet(place: FoundPlace) -> str:
    return "".join(text for text, _ in place.pieces)


def test_a_lecture_without_times_costs_a_snippet_no_more_than_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0

    class Counting:
        def __init__(self, pattern: re.Pattern[str]) -> None:
            self.pattern = pattern

        def findall(self, text: str) -> list[str]:
            nonlocal looked
            looked += len(text)
            return self.pattern.findall(text)

    for name in ("_CYRILLIC", "_LATIN"):
        monkeypatch.setattr(speech, name, Counting(getattr(speech, name)))
    own = Passage(material_id=1, number=0, heading="", text="Ряд сходится. " * 10_000)
    shown = speech.sentence_around(own, [], frozenset({"ряд"}), 240)
    assert shown == own.text.strip()
    assert 0 < looked < 20_000


def test_what_is_said_is_found_at_its_second(any_app: Flask) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        video_id = make_lecture(people)
        check_seconds()
        check_headings(people)
        add_english(people, video_id)
        check_snippets()
        check_what_stays(people, video_id)


def check_seconds() -> None:
    assert seconds("даламбер") == [40]
    assert seconds("положительные члены")[0] == 4
    # A phrase runs over two lines: the first one is where it begins.
    assert seconds("интегральный признак") == [8, 95, 40]
    assert seconds('"интегральный признак"')[0] == 8
    # A sentence over three lines, whose words stand apart.
    assert seconds("ряд интегральный маклорен")[0] == 4
    assert seconds("корень общего члена")[0] == 95


def check_headings(people: dict[str, int]) -> None:
    """A chapter is one, with what is said in it; a short line is none, and a page outweighs it."""
    (place, *_) = places("признак коши")
    assert (place.number, place.heading) == (95, "Признак Коши")
    assert snippet(place).startswith("Корень из общего члена")
    text = "Даламбер\n\nо признаке Даламбера далее."
    page = make_material(people["alice"], title="Страницы", text=text)
    update_index()
    assert find_materials(SearchInput("даламбер")).items[0].material.id == page.id


def add_english(people: dict[str, int], video_id: int) -> None:
    maria = db.session.get_one(User, people["maria"])
    service.set_captions(maria, get_material(video_id), cues(ENGLISH))
    db.session.commit()
    update_index()


def check_snippets() -> None:
    """They are sentences, in the language of the words."""
    (place,) = places("маклорен")
    assert place.number == 11
    text = snippet(place)
    assert text.startswith("и к нему приложим интегральный признак, который придумал Маклорен.")
    assert "Он удобен." in text
    assert "criterion" not in text, "another language"
    assert [piece for piece, marked in place.pieces if marked] == ["Маклорен"]
    assert seconds("criterion") == [9]
    assert snippet(places("criterion")[0]).startswith("we shall now apply")


def check_what_stays(people: dict[str, int], video_id: int) -> None:
    """What is removed is forgotten; the chapters are there."""
    maria = db.session.get_one(User, people["maria"])
    for language in ("ru", "en"):
        service.remove_captions(maria, get_material(video_id), language)
    db.session.commit()
    update_index()
    assert seconds("маклорен") == []
    assert seconds("признак коши") == [95]
    passages = get_material(video_id).passages
    assert [(p.number, p.heading, p.text) for p in passages] == [
        (0, "Введение", "Введение"),
        (95, "Признак Коши", "Признак Коши"),
    ]
