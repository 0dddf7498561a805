"""The page of results: what was understood, what narrows, where a hit leads."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from edu import create_app
from edu.catalog.models import CategoryAlias
from edu.config import load_settings
from edu.extensions import db, utcnow
from edu.materials.models import Passage
from edu.search import service
from edu.search.base import Wording
from edu.search.query import parse_query
from edu.search.service import MAX_TAGS, SearchInput, find_materials, finds
from edu.search.understanding.understand import Change, Understood
from edu.tree.service import ensure_category
from jobs.search import update_index
from tests.conftest import make_people
from tests.samples import make_category, make_material

CHOICE = re.compile(
    r'<a id="(n-[^"]+)" href="([^"]+)"([^>]*)><span>([^<]+)</span><span class="number">([\d,]+)'
)
CHIP = re.compile(r'<li><a class="chip[^"]*" href="([^"]+)">([^<]+)<svg')


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Flask]:
    """Twelve materials that differ in everything by which a search is narrowed, and a video.

    One for all tests here, which only read.
    """
    folder = tmp_path_factory.mktemp("library")
    shutil.copyfile(sqlite_template, folder / "edu.db")
    env = {"EDU_DATA": str(folder), "SITE_URL": "http://localhost", "DEFAULT_LOCALE": "en"}
    app = create_app(load_settings({**env, "SEARCH_LIMIT": "10000 per minute"}))
    app.config["TESTING"] = True
    with app.app_context():
        fill(make_people(app)["alice"])
        update_index()
        yield app
        db.session.remove()
        db.engine.dispose()


def fill(alice: int) -> None:
    matan = make_category()
    db.session.add(CategoryAlias(category_id=matan.id, alias="матан"))
    ryady = ensure_category("Ряды", matan, slug="ryady")
    physics = ensure_category("Физика", slug="fizika")
    for number in range(12):
        moment = utcnow() - timedelta(days=(1, 20, 200, 900)[number % 4])
        make_material(
            alice,
            title=f"Ряды {number}" if number % 2 else f"Пределы {number}",
            text="Признак Даламбера для рядов" if number % 3 else "Криволинейный интеграл",
            kind=("pdf", "docx", "video")[number % 3],
            type=("lecture", "exam", "problems")[number % 3],
            category=(matan, ryady, physics)[number // 4],
            tags=("ряды", "1 курс")[: number % 3],
            language=("ru", "en", "")[number % 3],
            semester=number % 4 or None,
            year=2020 + number % 3,
            rating_mean=float(number % 6),
            rating_votes=number % 6,
            published_at=moment,
        )
    chapter = Passage(number=754, heading="", text="Зачем нужен матан и c#")
    make_material(alice, title="Разговор", kind="video", category=physics, passages=[chapter])


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """«vfnfy» is матан, «лекции» are lectures, «4 семестр» is a semester; nothing else is."""
    changes = {
        "vfnfy": Change("layout", "vfnfy", "матан"),
        "лекции": Change("type", "лекции", "lecture"),
        "11 семестр": Change("semester", "11 семестр", "11"),
    }

    def understand(text: str, *_: Any, literal: frozenset[str], exact: bool, **__: Any) -> Any:
        meant = [c for c in changes.values() if c.said in text and c.said not in literal]
        meant = [] if exact else meant
        for change in meant:
            text = text.replace(change.said, change.meant if change.kind == "layout" else "")
        kinds = {change.kind for change in meant}
        return Understood(
            text.strip(),
            (Wording(parse_query(text)),),
            tuple(meant),
            type="lecture" if "type" in kinds else None,
            semesters=(11,) if "semester" in kinds else None,
        )

    monkeypatch.setattr(service, "understand", understand)


def open_page(client: FlaskClient, address: str, **headers: str) -> str:
    answer = client.get(unescape(address), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def total_of(page: str) -> int:
    shown = re.search(r'<div class="results-head">\s*<span>([\d,]+) material', page)
    assert shown, page
    return int(shown[1].replace(",", ""))


def choices_of(page: str) -> dict[str, tuple[str, int, bool]]:
    """Key -> (address, count, whether it is chosen)."""
    return {
        unescape(key): (href, int(count.replace(",", "")), "aria-current" in more)
        for key, href, more, _name, count in CHOICE.findall(page)
    }


def chips_of(page: str) -> dict[str, str]:
    """Label -> the address without it."""
    return {unescape(label): href for href, label in CHIP.findall(page)}


# Narrowing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        "",
        "q=ряды",
        "q=ряды+квазар",
        "q=признак+даламбера&type=exam",
        "category=matan&rating_gte=2&tag=ряды",
        "within=month&language=ru&kind=pdf",
        "semester=1&year=2021&uploaded_before=2100-01-01",
    ],
)
def test_every_choice_finds_as_many_as_it_says(library: Flask, start: str) -> None:
    client = library.test_client()
    page = open_page(client, f"/search?{start}")
    choices = choices_of(page)
    assert len(choices) > 5
    for key, (href, count, chosen) in choices.items():
        if not chosen:
            assert total_of(open_page(client, href)) == count > 0, key


def test_a_chosen_choice_is_marked_and_takes_itself_back(library: Flask) -> None:
    client = library.test_client()
    whole = total_of(open_page(client, "/search"))
    for arguments, key in (
        ("category=matan/ryady", "n-category-2"),
        ("type=exam", "n-type-exam"),
        ("kind=docx", "n-kind-docx"),
        ("language=en", "n-language-en"),
        ("semester=3", "n-semester-3"),
        ("year=2022", "n-year-2022"),
        ("tag=1+курс", "n-tag-1_курс"),
        ("rating_gte=4", "n-rating-4"),
        ("within=week", "n-uploaded-week"),
    ):
        page = open_page(client, f"/search?{arguments}")
        href, count, chosen = choices_of(page)[key]
        assert chosen, key
        assert total_of(page) == count < whole
        assert total_of(open_page(client, href)) == whole


def test_languages_to_choose_begin_with_a_capital_letter(library: Flask) -> None:
    with force_locale("ru"):
        page = open_page(library.test_client(), "/search?language=ru")
    names = {key: name for key, _href, _more, name, _count in CHOICE.findall(page)}
    assert (names["n-language-ru"], names["n-language-en"]) == ("Русский", "Английский")
    assert "Русский" in chips_of(page)
    assert " · русский</span>" in page


def test_the_tree_shows_only_branches_with_results(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?category=fizika")
    assert {"n-category-1", "n-category-2", "n-category-3"} <= choices_of(page).keys()
    page = open_page(library.test_client(), "/search?q=ряды&type=exam&kind=docx&semester=1")
    shown = {key for key in choices_of(page) if key.startswith("n-category")}
    assert "n-category-3" not in shown


def test_a_large_tree_opens_only_where_something_is_chosen(
    library: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edu.search.narrowing.MOST_OPEN", 2)
    assert "n-category-2" not in choices_of(open_page(library.test_client(), "/search"))
    chosen = choices_of(open_page(library.test_client(), "/search?category=matan"))
    assert "n-category-2" in chosen


def test_a_choice_without_results_can_be_taken_back(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?year=1999&type=exam")
    assert total_of(page) == 0
    assert choices_of(page)["n-year-1999"][1:] == (0, True)
    assert {"Exam", "1999/00"} <= chips_of(page).keys()


def test_days_win_over_a_time_back(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?within=week&uploaded_after=2000-01-01")
    assert total_of(page) == 13
    assert "within" not in page.replace("?within=", "").replace("&amp;within=", "")


def test_htmx_gets_the_list_and_the_choices_alone(library: Flask) -> None:
    client = library.test_client()
    whole = open_page(client, "/search?q=ряды")
    for headers in (
        {"HX-Request": "true", "HX-Trigger": "q"},
        {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "found"},
    ):
        part = open_page(client, "/search?q=ряды", **headers)
        assert "<html" not in part
        assert choices_of(part) == choices_of(whole)
        assert total_of(part) == total_of(whole)
        assert f'hx-swap-oob="innerHTML">{total_of(whole)} materials' in part
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in open_page(client, "/search?q=ряды", **restored)


def test_the_field_keeps_the_filters(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?q=ряды&tag=a&tag=b&type=exam&page=1")
    kept = re.findall(r'<input type="hidden" form="search" name="(\w+)" value="(\w+)">', page)
    assert kept == [("type", "exam"), ("tag", "a"), ("tag", "b")]


# What was understood --------------------------------------------------------------------------


@pytest.mark.usefixtures("reading")
def test_what_was_understood_is_shown_and_taken_back(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=vfnfy+лекции")
    chips = chips_of(page)
    assert list(chips) == ["Keyboard layout: vfnfy → матан", "Type: Lecture"]
    assert choices_of(page)["n-type-lecture"][2]
    assert total_of(page) == 4  # lectures in the subject and below it
    without = open_page(client, chips["Type: Lecture"])
    assert list(chips_of(without)) == [
        "Keyboard layout: vfnfy → матан",
        "As typed: лекции",
    ]
    back = open_page(client, chips_of(without)["As typed: лекции"])
    assert chips_of(back) == chips
    exact = re.search(r'<a href="([^"]+)">Search for exactly', page)
    assert exact
    typed = open_page(client, exact[1])
    assert not chips_of(typed)
    assert "Search for similar words" in typed


@pytest.mark.usefixtures("reading")
def test_a_filter_that_is_given_wins(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?q=лекции+ряды&type=exam")
    assert list(chips_of(page)) == ["Exam"]
    assert choices_of(page)["n-type-exam"][2]
    assert not choices_of(page)["n-type-lecture"][2]


@pytest.mark.usefixtures("reading")
def test_filter_words_never_empty_a_result(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=ряды+11+семестр")
    assert total_of(page) > 0
    assert list(chips_of(page)) == ["As typed: 11 семестр"]
    for key, (href, count, chosen) in choices_of(page).items():
        if not chosen:
            assert total_of(open_page(client, href)) == count, key
    nothing = open_page(client, "/search?q=квазар+11+семестр")
    assert total_of(nothing) == 0
    assert list(chips_of(nothing)) == ["Semester 11"]


@pytest.mark.parametrize(
    ("text", "same_as", "as_text"),
    [
        ('"признак Даламбера" 9 семестр', '"признак Даламбера"', "9 семестр"),
        ("Даламбера 9 семестр", "Даламбера", "9 семестр"),
        ("лекции по рядам 9 семестр", "лекции по рядам", "9 семестр"),
        ("лекции по рядам docx 1 семестр", "лекции по рядам 1 семестр", "docx"),
    ],
)
def test_only_the_filter_that_empties_a_result_is_given_up(
    library: Flask, text: str, same_as: str, as_text: str
) -> None:
    found, plain = find_materials(SearchInput(text=text)), find_materials(SearchInput(text=same_as))
    assert (found.total, found.filters) == (plain.total, plain.filters)
    assert found.total > 0
    assert found.as_text == (as_text,)


def test_choices_hold_where_a_filter_was_given_up(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=лекции+по+рядам+9+семестр")
    assert set(chips_of(page)) == {"As typed: 9 семестр", "Type: Lecture"}
    for key, (href, count, chosen) in choices_of(page).items():
        if not chosen:
            assert total_of(open_page(client, href)) == count, key


def test_a_quoted_word_is_in_all_that_is_found(library: Flask) -> None:
    assert find_materials(SearchInput(text='"разговор" Даламбера')).total == 0
    assert find_materials(SearchInput(text='"разговор"')).total == 1


@pytest.mark.usefixtures("reading")
def test_words_that_were_typed_before_have_no_say(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?q=лекции&literal=vfnfy")
    assert list(chips_of(page)) == ["Type: Lecture"]


@pytest.mark.usefixtures("reading")
def test_a_followed_search_waits_for_what_its_filters_ask(library: Flask) -> None:
    wanted = SearchInput(text="ряды 11 семестр")
    found = find_materials(wanted)
    assert found.as_text == ("11 семестр",)
    assert not any(finds(wanted, hit.material.id, ()) for hit in found.items)
    text = SearchInput(text="vfnfy лекции")
    assert all(finds(text, hit.material.id, ()) for hit in find_materials(text).items)


# Hits -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("reading")
def test_places_open_with_the_meant_words_marked(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=vfnfy+c%23")
    place = re.search(r'<a class="place" href="([^"]+)"><span[^>]*>([^<]+)</span>(.+?)</a>', page)
    assert place
    assert place[2] == "12:34"
    assert "<mark>матан</mark>" in place[3]
    assert "t=754&amp;mark=c%23+мата" in place[1]
    assert "#t=754" in open_page(client, place[1])


def test_the_viewer_marks_what_the_address_says(library: Flask) -> None:
    client = library.test_client()
    pdf = open_page(client, "/materials/1?page=1&mark=ряд+признак")
    assert 'data-terms=\'["признак", "ряд"]\'' in re.sub(
        r"\\u[0-9a-f]{4}", lambda m: m[0].encode().decode("unicode_escape"), pdf
    )
    many = open_page(client, "/materials/1?mark=" + "+".join(f"слово{n}" for n in range(500)))
    assert many.count("\\u0441\\u043b\\u043e\\u0432\\u043e") < 40


# Nothing --------------------------------------------------------------------------------------


def test_nothing_found_shows_the_nearest(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=даламбера&type=exam&year=2020")
    assert total_of(page) == 0
    assert page.count('<li><a href="/materials/') == 5
    without = re.search(r'<a class="button" href="([^"]+)">Search without filters', page)
    assert without
    assert total_of(open_page(client, without[1])) > 0
    phrase = open_page(client, '/search?q="даламбера+криволинейный"')
    assert 0 < phrase.count('<li><a href="/materials/') <= 5


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ('"признок"', True),
        ('"хризнак"', False),  # people rarely miss the first letter
        ('"рят"', False),  # of so short a word one edit makes anything
        ('"признок квазар"', True),
        ('"признок квазар галактика"', False),
        ("признак квазар&year=1999", True),
        ("признак квазар галактика&year=1999", False),
    ],
)
def test_rather_nothing_is_near_than_anything(library: Flask, query: str, *, near: bool) -> None:
    page = open_page(library.test_client(), f"/search?q={query}&exact=1")
    assert total_of(page) == 0
    assert ('<h2 id="nearest">' in page) is near


@pytest.mark.usefixtures("reading")
def test_nothing_found_tells_the_filters_and_a_way_out(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=квазар+11+семестр+лекции")
    assert total_of(page) == 0
    assert "Only this was looked through: Type: Lecture, Semester 11." in page
    as_words = re.search(r'<a class="button" href="([^"]+)">Take “лекции 11 семестр” as', page)
    assert as_words
    page = open_page(client, as_words[1])
    assert list(chips_of(page)) == ["As typed: лекции", "As typed: 11 семестр"]
    assert "Only this was looked through" not in page


@pytest.mark.usefixtures("reading")
def test_a_search_without_filters_has_none_of_either_kind(library: Flask) -> None:
    client = library.test_client()
    page = open_page(client, "/search?q=ряды+лекции&type=exam&year=1999")
    assert "Only this was looked through: Exam, 1999/00." in page
    without = re.search(r'<a class="button" href="([^"]+)">Search without filters', page)
    assert without
    page = open_page(client, without[1])
    assert list(chips_of(page)) == ["As typed: лекции"]
    assert total_of(page) > 0


def test_nothing_found_shows_subjects_of_that_name(library: Flask) -> None:
    page = open_page(library.test_client(), "/search?q=матан&year=1999&type=exam")
    assert total_of(page) == 0
    assert '<a class="chip" href="/subjects/matan">' in page


# Hostile arguments ----------------------------------------------------------------------------


def test_what_was_typed_is_text(library: Flask) -> None:
    bad = '"><script>alert(1)</script>'
    page = library.test_client().get(
        "/search", query_string={"q": bad, "tag": bad, "literal": bad, "category": bad}
    )
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert 'href=""' not in page.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"tag": [f"tag{n}" for n in range(5000)]},
        {"literal": [f"x{n}" for n in range(5000)], "q": "x"},
        {"q": ["x" * 5000, "y"]},
        {"semester": "99", "year": "-1", "kind": "exe", "language": "xx", "within": "aeon"},
        {"semester": "1e300", "year": "nan", "exact": "maybe", "tag": "#"},
        {"q": "a\tb\nc", "tag": "\u202e\ufffe"},
        {"literal": "я" * 3000, "q": "я" * 300},
    ],
    ids=range(7),
)
def test_hostile_arguments_are_bounded(library: Flask, arguments: dict[str, Any]) -> None:
    headers = {"HX-Request": "true"}
    answer = library.test_client().get("/search", query_string=arguments, headers=headers)
    assert answer.status_code == 200
    assert len(chips_of(answer.text)) <= MAX_TAGS
    assert len(answer.data) < 80_000


# The API --------------------------------------------------------------------------------------


def ask(app: Flask, **query: Any) -> Any:
    answer = app.test_client().get("/api/materials", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "docx"},
        {"language": "ru"},
        {"semester": 3},
        {"year": 2021},
        {"tag": "ряды"},
        {"tag": ["ряды", "1 курс"]},
        {"within": "month"},
        {"within": "week", "uploaded_after": "2000-01-01"},
        {"search": "ряды", "exact": "true", "literal": ["ряды", ""], "tag": ""},
    ],
    ids=str,
)
def test_a_program_narrows_as_the_page_does(library: Flask, query: dict[str, Any]) -> None:
    found = ask(library, **query)
    words = {"q": query["search"]} if "search" in query else {}
    page = library.test_client().get("/search", query_string=query | words)
    assert found["total"] == total_of(page.text) > 0
    shown = {key: count for key, (_, count, _) in choices_of(page.text).items()}
    for facet in ("type", "kind", "year"):
        for value, count in found["counts"][facet].items():
            assert shown.get(f"n-{facet}-{value}", found["total"]) == count


@pytest.mark.usefixtures("reading")
def test_a_program_is_told_what_was_understood(library: Flask) -> None:
    found = ask(library, search="vfnfy лекции")
    assert found["understood"] == {
        "text": "матан",
        "changes": [
            {"kind": "layout", "said": "vfnfy", "meant": "матан"},
            {"kind": "type", "said": "лекции", "meant": "lecture"},
        ],
        "filters": {"type": "lecture", "kind": None, "semesters": None, "year": None},
    }
    for within, count in found["counts"]["uploaded"].items():
        assert ask(library, search="vfnfy лекции", within=within)["total"] == count
    for number, count in found["counts"]["category"].items():
        assert ask(library, search="vfnfy лекции", category=number)["total"] == count
    typed = ask(library, search="vfnfy лекции", literal=["vfnfy", "лекции"])
    assert typed["understood"]["changes"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "exe"}, "kind"),
        ({"language": "xx"}, "language"),
        ({"semester": 13}, "semester"),
        ({"year": "soon"}, "year"),
        ({"within": "aeon"}, "within"),
        ({"exact": "maybe"}, "exact"),
        ({"tag": [f"tag{n}" for n in range(16)]}, "tag"),
        ({"tag": "x" * 41}, "tag.0"),
        ({"literal": ["a"] * 9}, "literal"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_senseless_parameters_are_refused_by_name(
    library: Flask, query: dict[str, Any], field: str
) -> None:
    answer = library.test_client().get("/api/materials", query_string=query)
    assert answer.status_code == 422
    assert answer.json
    assert [error["field"] for error in answer.json["errors"]] == [field]
