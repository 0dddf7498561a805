"""Search, single materials and ratings."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from edu.search.base import IndexUnavailable
from edu.search.forms import read_input
from edu.search.service import find_materials
from edu.search.whoosh.index import WhooshIndex
from tests.api.conftest import ProgramOf

NOT_VALID = "application/problem+json"


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"search": "Даламбер"},
        {"search": "даламбера рядов", "per_page": 1, "page": 2},
        {"category": "matan"},
        {"category": "matan/ryady", "type": "problems"},
        {"subject": "fizika"},
        {"rating_gte": 4},
        {"rating_gte": "4.5", "sort": "rating"},
        {"uploaded_after": "2020-01-01", "uploaded_before": "2020-02-01"},
        {"uploaded_after": "2020-01-01", "sort": "date"},
        {"search": "", "category": "", "type": "", "page": ""},
        {"per_page": 2, "page": 7},
    ],
    ids=str,
)
def test_search_finds_what_the_page_finds(
    app: Flask, program: ProgramOf, library: dict[str, int], query: dict[str, Any]
) -> None:
    answer = program().get("/materials", **query)
    page_query = {"q" if key == "search" else key: str(value) for key, value in query.items()}
    with app.app_context():
        found = find_materials(read_input(page_query, strict=False))
        assert ids(answer) == [hit.material.id for hit in found.items]
        facts = {name: getattr(found, name) for name in ("total", "page", "pages", "per_page")}
    assert answer.json
    assert facts.items() <= answer.json.items()


def test_filters_narrow(program: ProgramOf, library: dict[str, int]) -> None:
    ask = program().get
    assert set(ids(ask("/materials"))) == set(library.values()) - {library["pending"]}
    assert ids(ask("/materials", type="problems")) == [library["problems"]]
    assert set(ids(ask("/materials", category="matan"))) == {library["series"], library["problems"]}
    assert ids(ask("/materials", subject="fizika")) == [library["physics"]]
    assert ids(ask("/materials", rating_gte=4)) == [library["series"]]
    assert ids(ask("/materials", uploaded_before="2020-01-01")) == []


def test_pages_cover_the_whole_once(program: ProgramOf, library: dict[str, int]) -> None:
    pages = [program().get("/materials", per_page=2, page=number, sort="date") for number in (1, 2)]
    assert sorted(ids(pages[0]) + ids(pages[1])) == sorted(
        set(library.values()) - {library["pending"]}
    )
    assert [(p.json["total"], p.json["pages"], p.json["per_page"]) for p in pages if p.json] == [
        (3, 2, 2)
    ] * 2


def test_hit_says_where_the_words_stand(program: ProgramOf, library: dict[str, int]) -> None:
    answer = program().get("/materials", search="признак Даламбера", category="matan").json
    assert answer
    place = answer["items"][0]["places"][0]
    assert (place["page"], place["section"], place["second"]) == (2, None, None)
    words = [place["snippet"][mark["start"] : mark["end"]] for mark in place["highlights"]]
    assert words[:2] == ["Признак", "Даламбера"]


def test_material_has_the_agreed_fields(program: ProgramOf, library: dict[str, int]) -> None:
    answer = program().get(f"/materials/{library['series']}")
    assert answer.status_code == 200
    material = answer.json
    assert material
    assert material.pop("created_at").endswith("Z")
    assert isinstance(material["category"].pop("id"), int)
    assert isinstance(material["uploader"].pop("id"), int)
    assert material.pop("edition")
    assert material == {
        "id": library["series"],
        "title": "Числовые ряды",
        "description": "",
        "type": "lecture",
        "status": "active",
        "category": {"path": "matan/ryady", "name": "Ряды"},
        "tags": ["ряды"],
        "semester": None,
        "year": None,
        "language": "",
        "rating": {"mean": 4.6, "votes": 3, "mine": None},
        "uploader": {"name": "Alice"},
        "file": {
            "name": "series.pdf",
            "media_type": "application/pdf",
            "bytes": 1234,
            "pages": 2,
            "duration": None,
        },
        "url": f"http://localhost/materials/{library['series']}",
        "views": 0,
        "reject_reason": "",
        "failure": "",
        "stream": None,
        "similar": [],
    }


def test_no_answer_shows_another_persons_address(
    program: ProgramOf, library: dict[str, int]
) -> None:
    charlie = program("charlie")
    for path in ("/materials", f"/materials/{library['series']}"):
        assert "@example.org" not in charlie.get(path).text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"type": "song"}, "type"),
        ({"sort": "price"}, "sort"),
        ({"category": "astrologiya"}, "category"),
        ({"subject": "99"}, "subject"),
        ({"rating_gte": 6}, "rating_gte"),
        ({"rating_gte": "nan"}, "rating_gte"),
        ({"uploaded_after": "yesterday"}, "uploaded_after"),
        ({"uploaded_before": "1700000000"}, "uploaded_before"),
        ({"page": 0}, "page"),
        ({"page": "1.5"}, "page"),
        ({"per_page": 101}, "per_page"),
        ({"search": "a\0b"}, "search"),
    ],
    ids=str,
)
def test_senseless_filters_are_refused_by_name(
    program: ProgramOf, library: dict[str, int], query: dict[str, Any], field: str
) -> None:
    answer = program().get("/materials", **query)
    assert answer.status_code == 422
    assert answer.content_type == NOT_VALID
    assert answer.json
    assert [error["field"] for error in answer.json["errors"]] == [field]
    for value in query.values():
        assert f'"{value}"' not in answer.text
        assert f"'{value}'" not in answer.text


def test_all_refused_inputs_are_named_at_once(program: ProgramOf) -> None:
    answer = program().get("/materials", page=0, type="song").json
    assert answer
    assert {error["field"] for error in answer["errors"]} == {"page", "type"}


def test_search_that_does_not_answer_is_said_so(
    program: ProgramOf, library: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexUnavailable

    monkeypatch.setattr(WhooshIndex, "search", fail)
    answer = program().get("/materials", search="ряды")
    assert answer.status_code == 503
    assert answer.json
    assert answer.json["code"] == "unavailable"


@pytest.mark.parametrize(
    ("name", "status"), [("", 404), ("charlie", 404), ("alice", 200), ("maria", 200)]
)
def test_pending_material_is_for_its_uploader_and_moderators(
    program: ProgramOf, library: dict[str, int], name: str, status: int
) -> None:
    answer = program(name).get(f"/materials/{library['pending']}")
    assert answer.status_code == status
    assert library["pending"] not in ids(program(name).get("/materials", per_page=100))


@pytest.mark.parametrize("number", [999, 2**31, 10**30])
def test_unknown_material_is_not_found(program: ProgramOf, number: int) -> None:
    answer = program().get(f"/materials/{number}")
    assert answer.status_code == 404
    assert answer.content_type == NOT_VALID
    assert answer.json
    assert answer.json["code"] == "not_found"


def test_bad_token_is_refused_even_where_none_is_needed(
    program: ProgramOf, library: dict[str, int]
) -> None:
    bad = program()
    headers = {"Authorization": "Bearer x.y.z"}
    for path in ("/api/materials", f"/api/materials/{library['series']}"):
        assert bad.client.get(path, headers=headers).status_code == 401


def test_stars_change_the_rating_and_can_be_changed(
    program: ProgramOf, library: dict[str, int]
) -> None:
    charlie, path = program("charlie"), f"/materials/{library['problems']}"
    first = charlie.post(f"{path}/rate", json={"rating": 5})
    assert first.status_code == 200
    assert first.json == {"mean": 5.0, "votes": 1, "mine": 5}
    second = charlie.post(f"{path}/rate", json={"rating": 2})
    assert second.json == {"mean": 2.0, "votes": 1, "mine": 2}
    shown = charlie.get(path).json
    assert shown
    assert shown["rating"] == {"mean": 2.0, "votes": 1, "mine": 2}
    others = program("maria").get(path).json
    assert others
    assert others["rating"]["mine"] is None


@pytest.mark.parametrize(
    ("name", "material", "status"),
    [
        ("", "series", 401),
        ("alice", "series", 403),
        ("charlie", "pending", 404),
        ("maria", "pending", 403),
    ],
)
def test_rating_is_not_for_everybody(
    program: ProgramOf, library: dict[str, int], name: str, material: str, status: int
) -> None:
    answer = program(name).post(f"/materials/{library[material]}/rate", json={"rating": 5})
    assert answer.status_code == status
    assert answer.content_type == NOT_VALID


@pytest.mark.parametrize("rating", [0, 6, "5", 4.5, True, None, [5]])
def test_stars_are_whole_numbers_from_one_to_five(
    program: ProgramOf, library: dict[str, int], rating: object
) -> None:
    answer = program("charlie").post(
        f"/materials/{library['series']}/rate", json={"rating": rating}
    )
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["errors"][0]["field"] == "rating"
