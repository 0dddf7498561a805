"""Who changes what is said, and what the material learns of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from edu.accounts.models import User
from edu.captions import service
from edu.captions.models import Caption
from edu.errors import Forbidden, InvalidInput, NotFound
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.media.captions import MAX_CUES, Cue
from edu.media.process import PassageText, Processed
from edu.media.service import claim_material, finish_material, start_processing
from edu.media.spoken import add_speech
from tests.captions.conftest import make_video
from tests.samples import get_material, make_material

HELLO = "Здравствуйте, дорогие слушатели, это лекция о сходимости числовых рядов и о многом другом"
SAID = [
    Cue(1000, 2000, HELLO.replace(", это", ",\nэто")),
    Cue(95_500, 97_000, "о признаке Коши и признаке Даламбера"),
]


def person(people: dict[str, int], name: str) -> User:
    return db.session.get_one(User, people[name])


def passages(material_id: int) -> list[tuple[int, str, str]]:
    return [(p.number, p.heading, p.text) for p in get_material(material_id).passages]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as refused:
        act()
    return str(refused.value.message)


def test_lines_become_passages_beside_the_chapters(
    app: Flask, people: dict[str, int], pending_id: int
) -> None:
    with app.app_context():
        video = get_material(pending_id)
        before = video.revision
        caption = service.set_captions(person(people, "alice"), video, SAID)
        assert (caption.language, caption.author.name) == ("ru", "Alice")
        assert passages(pending_id) == [
            (0, "Введение", "Введение"),
            (1, "", HELLO),
            (95, "Признак Коши", "Признак Коши\nо признаке Коши и признаке Даламбера"),
        ]
        assert get_material(pending_id).revision > before
        assert get_material(pending_id).language == "ru"
        again = [Cue(3000, 4000, "Иначе")]
        service.set_captions(person(people, "alice"), get_material(pending_id), again, "ru")
        assert [p[2] for p in passages(pending_id)] == ["Введение", "Иначе", "Признак Коши"]


def test_what_processing_finds_is_joined_with_what_is_said(
    app: Flask, people: dict[str, int]
) -> None:
    with app.app_context():
        video_id = make_video(people["alice"], MaterialStatus.PROCESSING)
        video = get_material(video_id)
        video.file.duration = None
        late = Cue(500_000, 501_000, "за концом")
        service.set_captions(person(people, "alice"), video, [*SAID, late])
        db.session.commit()
        claim = claim_material(video_id)
        assert claim
        found = Processed(
            kind="video",
            media_type="video/mp4",
            pages=None,
            duration=120.0,
            width=160,
            height=90,
            passages=[PassageText(95, "Глава", "Глава")],
            thumbnail=None,
            text_ok=True,
            outline=[],
            peak_mb=1.0,
        )
        finish_material(video_id, claim, found)
        assert passages(video_id) == [
            (1, "", HELLO),
            (95, "Глава", "Глава\nо признаке Коши и признаке Даламбера"),
        ]
        assert get_material(video_id).language == "ru"


def test_another_file_begins_without(app: Flask, people: dict[str, int], pending_id: int) -> None:
    with app.app_context():
        video = get_material(pending_id)
        service.set_captions(person(people, "alice"), video, SAID)
        other = make_material(people["alice"], kind="video", content=b"other")
        video.file = other.file
        start_processing(video)
        assert service.list_captions(video.file) == []
        assert add_speech(video.file, []) == []


def test_who_may_not_edit_may_not(app: Flask, people: dict[str, int], active_id: int) -> None:
    with app.app_context():
        for name in ("alice", "charlie"):  # it is published
            with pytest.raises(Forbidden):
                service.set_captions(person(people, name), get_material(active_id), SAID)
            db.session.rollback()
        service.set_captions(person(people, "maria"), get_material(active_id), SAID)
        with pytest.raises(Forbidden):
            service.remove_captions(person(people, "alice"), get_material(active_id), "ru")


def test_what_is_refused(app: Flask, people: dict[str, int], pending_id: int) -> None:
    with app.app_context():
        alice, video = person(people, "alice"), get_material(pending_id)
        assert "Choose" in refusal(lambda: service.set_captions(alice, video, SAID, "xx"))
        assert "cannot be told" in refusal(
            lambda: service.set_captions(alice, video, [Cue(0, 1, "123")])
        )
        late = [Cue(3_600_000, 3_601_000, "слово")]
        told = refusal(lambda: service.set_captions(alice, video, late))
        assert "1:00:00" in told
        assert "0:02:00" in told
        for language in ("ru", "en", "de", "fr"):
            service.set_captions(alice, video, SAID, language)
        assert "4 languages" in refusal(lambda: service.set_captions(alice, video, SAID, "kk"))
        with pytest.raises(NotFound):
            service.remove_captions(alice, video, "kk")
        page = make_material(people["alice"], MaterialStatus.PENDING)
        assert "Only videos" in refusal(lambda: service.set_captions(alice, page, SAID))


def test_a_language_that_a_person_has_chosen_stays(
    app: Flask, people: dict[str, int], pending_id: int
) -> None:
    with app.app_context():
        video = get_material(pending_id)
        video.title, video.language = "Лекция о рядах", "en"
        db.session.commit()
        service.set_captions(person(people, "alice"), get_material(pending_id), SAID)
        assert get_material(pending_id).language == "en"


def test_the_list_knows_what_can_be_read_below_a_picture(
    app: Flask, people: dict[str, int], pending_id: int
) -> None:
    with app.app_context(), app.test_request_context():
        alice, video = person(people, "alice"), get_material(pending_id)
        service.set_captions(alice, video, [Cue(0, 1000, "a --> b " * 100)], "en")
        service.set_captions(alice, video, SAID)
        russian, english = service.list_captions(video.file)
        assert (russian.language, russian.lines, russian.fits_picture) == ("ru", 2, True)
        assert (english.language, english.lines, english.fits_picture) == ("en", 1, False)
        assert (russian.name, russian.author) == ("Russian", "Alice")


def test_the_most_lines_are_kept(app: Flask, people: dict[str, int], pending_id: int) -> None:
    with app.app_context():
        video = get_material(pending_id)
        video.file.duration = None
        many = [Cue(n * 1000, n * 1000 + 900, f"слово {n}") for n in range(MAX_CUES)]
        service.set_captions(person(people, "alice"), video, many)
        db.session.commit()
        assert len(get_material(pending_id).passages) == MAX_CUES


def test_captions_go_with_their_file(app: Flask, people: dict[str, int], pending_id: int) -> None:
    with app.app_context():
        service.set_captions(person(people, "alice"), get_material(pending_id), SAID)
        db.session.commit()
        key = (get_material(pending_id).file_id, "ru")
        assert db.session.get_one(Caption, key).text.startswith("WEBVTT\n\n00:00:01.000 --> ")
