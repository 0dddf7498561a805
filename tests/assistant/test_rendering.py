"""The text of an answer as HTML: links and lists, and nothing that somebody else has made."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu.assistant.rendering import Link, Reference, render_answer

ALLOWED = {"p", "br", "ul", "ol", "li", "strong", "a"}
ATTRIBUTES = {"a": {"class", "href", "title", "aria-label"}, "li": {"value"}}


def resolve(reference: Reference) -> Link | None:
    """Materials below 100 are there; their titles are as bad as titles can be."""
    if reference.material_id >= 100:
        return None
    url = f"/materials/{reference.material_id}?{reference.kind}={reference.number}"
    return Link(url, reference.words or str(reference.material_id), 'T"><script>alert(1)</script>')


class Reader(HTMLParser):
    """Elements with their attributes in order, and what is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.unbalanced = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.unbalanced |= not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", {}))


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(str(render_answer(text, resolve)))
    reader.close()
    return reader


def links(text: str) -> list[tuple[str | None, str]]:
    """Address and label of each link."""
    found: list[tuple[str | None, str]] = []

    class Links(Reader):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            super().handle_starttag(tag, attrs)
            if tag == "a":
                found.append((dict(attrs)["href"], ""))

        def handle_data(self, data: str) -> None:
            if "a" in self.open:
                found[-1] = found[-1][0], found[-1][1] + data

    reader = Links()
    reader.feed(str(render_answer(text, resolve)))
    return found


PIECES = st.sampled_from(
    [
        *("<", ">", "&", '"', "'", "`", "\\", "\n", "\n\n", " ", "\t", "\r", "\u2028", "\x0b"),
        *("**", "*", "- ", "— ", "1. ", "12) ", "## ", "[1]", "[12, p. 5]", "[12, с. 5–7]"),
        *("[999]", "[5, § 3]", "[7, 1:02:30]", "[", "]", "[12, p.", "<script>alert(1)</script>"),
        *("<img src=x", " onerror=alert(1)>", "javascript:alert(1)", "<!--", "-->", "{{ 7 }}"),
        *("%s", "{}", "{0}", "&lt;script&gt;", "</li>", "</a>", 'слово" onclick="x', "предел"),
    ]
)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=24).map("".join))
def test_whatever_is_written_only_our_own_elements_come_out(text: str) -> None:
    reader = read(text)
    assert {tag for tag, _ in reader.elements} <= ALLOWED
    for tag, attributes in reader.elements:
        assert attributes.keys() <= ATTRIBUTES.get(tag, set())
        if tag == "a":
            assert str(attributes["href"]).startswith("/materials/")
    assert not reader.unbalanced
    assert reader.open == []


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_words_are_read_as_they_were_written(words: str) -> None:
    assert read(f"<b>{words}</b>").text == f"<b>{words}</b>"


@pytest.mark.parametrize(
    ("written", "url", "label"),
    [
        ("[12]", "/materials/12?=0", "12"),
        ("[12, p. 5]", "/materials/12?page=5", "p. 5"),
        ("[12, с. 5]", "/materials/12?page=5", "с. 5"),
        ("[12, pp. 5–7]", "/materials/12?page=5", "pp. 5–7"),
        ("[12, с. 5-7]", "/materials/12?page=5", "с. 5-7"),
        ("[12, § 3]", "/materials/12?section=3", "§ 3"),
        ("[12, 12:30]", "/materials/12?second=750", "12:30"),
        ("[12, 1:02:30]", "/materials/12?second=3750", "1:02:30"),
    ],
)
def test_a_reference_leads_to_its_place(written: str, url: str, label: str) -> None:
    assert links(f"Смотрите {written}.") == [(url, label)]
    assert read(f"Смотрите {written}.").text == f"Смотрите {label}."


@pytest.mark.parametrize(
    "written", ["[999]", "[12, ]", "[a]", "[12; 5]", "a[1234567890]", "[ 12 ]"]
)
def test_what_is_no_reference_stays_as_it_is_written(written: str) -> None:
    assert links(written) == []
    assert read(written).text == written


def test_lists_paragraphs_and_bold_words() -> None:
    text = (
        "Вот **что** есть:\n— первое [1]\n  и ещё\n- второе\n\n3. три\n4) четыре\n\nКонец\nстроки"
    )
    shown = str(render_answer(text, lambda reference: None))
    assert shown == (
        "<p>Вот <strong>что</strong> есть:</p>"
        "<ul><li>первое [1]<br>и ещё</li><li>второе</li></ul>"
        '<ol><li value="3">три</li><li value="4">четыре</li></ol>'
        "<p>Конец<br>строки</p>"
    )


def test_a_heading_of_a_model_is_a_bold_line() -> None:
    assert str(render_answer("## Итог", resolve)) == "<p><strong>Итог</strong></p>"


def test_a_reference_stands_in_bold_words_too() -> None:
    assert links("**Лекция [12, p. 5]**") == [("/materials/12?page=5", "p. 5")]


def test_dashes_and_stars_inside_a_line_are_left_alone() -> None:
    text = "2 * 3 — это 6, а ** пусто **"
    assert str(render_answer(text, resolve)) == f"<p>{text}</p>"


def test_stars_without_an_end_are_no_work() -> None:
    assert read("**a " * 20_000).elements == [("p", {})]
