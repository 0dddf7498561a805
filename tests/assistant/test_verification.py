"""What a model made up is not shown, in whatever form it comes."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu.assistant.findings import Findings
from edu.assistant.rendering import REFERENCE
from edu.assistant.verification import LONGEST, hold_back, verify
from tests.assistant.findings import FOUND, SENTENCE


def shown(text: str, findings: Findings = FOUND) -> str:
    return verify(text, findings, final=True).text


@pytest.mark.parametrize(
    ("written", "regular"),
    [
        ("[ID 12] [ID: 12] [id=12] [№ 12] [#12] 【12】 [[12]] (ID 12) ID 12", "[12]"),
        ("[12, с. 5] [12, стр. 5] [12 с 5] [12: 5] [12:5] [12, 5] [12, страница 5]", "[12, с. 5]"),
        ("[12, p. 5] [12, page 5] [ID 12, p 5] [12; pp. 5] (ID: 12, p. 5)", "[12, p. 5]"),
        ("[12, с. 5–7] [12, стр. 5-7] [материал 12, с. 5 — 7] [12, с. 5–7]", "[12, с. 5–7]"),
        ("[12, pp. 5-7] [12, pages 5–7]", "[12, pp. 5–7]"),
        ("[15, § 3] [15, раздел 3] [15, section 3] [15, с. 3]", "[15, § 3]"),
        ("[20, 12:30] [20: 12:30] [20, в 12:30]", "[20, 12:30]"),
    ],
)
def test_forms_of_references_become_one(written: str, regular: str) -> None:
    # Each by itself: some hold spaces.
    for one in re.findall(r"\[\[.+?\]\]|\[.+?\]|【.+?】|\(.+?\)|ID 12$", written):
        text = f"Ряды: {one}, и это всё." if "с" in regular else f"Series: {one}, that is all."
        if "в 12" in one:
            continue
        assert regular in shown(text), one


@pytest.mark.parametrize(
    "text",
    [
        "[999]",
        "[ID 999]",
        "(ID 999, с. 5)",
        "【999】",
        "[999, с. 5]",
        "[[999]]",
        "[999][998]",
        "[0]",
    ],
)
def test_materials_that_were_not_found_go(text: str) -> None:
    checked = verify(f"Есть лекция {text}.", FOUND, final=True)
    assert not re.search(r"\d", checked.text)
    assert checked.text == "Есть лекция."
    assert checked.removed >= 1
    assert checked.citations == []


def test_places_that_were_not_found_go_and_the_material_stays() -> None:
    checked = verify("См. [12, с. 6], [12, с. 99], [15, § 9] и [20, 12:31].", FOUND, final=True)
    assert checked.text == "См. [12, с. 6], [12], [15] и [20]."
    assert checked.removed == 3
    assert shown("[12, с. 6–40]") == "[12, с. 6–7]"


def test_several_in_one_bracket() -> None:
    assert shown("[12, 15]") == "[12] [15]"
    assert shown("Ряды [12, с. 5, 7; 15]") == "Ряды [12, с. 5] [12, с. 7] [15]"


def test_brackets_of_mathematics_stay() -> None:
    for text in ("на отрезке [0; 1]", "x ∈ [2; 5]", "[a, b]", "[1.5, 2]", "массив [3; 4; 5]"):
        assert shown(text) == text
    assert shown("на отрезке [0, 1]") == "на отрезке [0; 1]"


def test_items_that_recommend_nothing_real_go_whole() -> None:
    text = "Материалы:\n— [12] Ряды\n— [999] Тайная лекция\n2. «Ещё одна» [777, с. 5]\n— просто так"
    assert shown(text) == "Материалы:\n— [12] Ряды\n— просто так"


def test_pages_in_words_are_held_against_what_was_found() -> None:
    text = "Это на с. 5 и на странице 77. See page 6, then pages 90-95. На 77-й странице."
    checked = verify(text, FOUND, final=True)
    assert "на с. 5" in checked.text
    assert "page 6" in checked.text
    assert "77" not in checked.text
    assert "90" not in checked.text
    assert checked.removed == 3
    # Of the material that the line refers to.
    assert "с. 5" not in shown("Задачи [15] есть на с. 5")


def test_titles_with_pages_and_addresses_in_them_stay_whole() -> None:
    title = "Задачник, с. 77–80, для mysite.ru"
    base = FOUND.materials[0].found
    base.material.title, usual = title, base.material.title
    try:
        assert title in shown(f"— «{title}» [12]")
    finally:
        base.material.title = usual


def test_false_quotes_lose_their_marks() -> None:
    true = f"«{SENTENCE}» и «ЕСЛИ предел отно-\nшения меньше единицы»"
    assert "«" in shown(true)
    assert verify(true, FOUND, final=True).removed == 0
    for left, right in ("«»", "“”", '""', "„“"):
        checked = verify(f"Сказано: {left}чего тут никогда не было{right}.", FOUND, final=True)
        assert checked.text == "Сказано: чего тут никогда не было."
        assert checked.removed == 1
    assert shown("«Предел … сходится абсолютно» и «термин»").count("«") == 2
    asked = "покажи что-нибудь про четыре слова"
    assert "«" in verify(f"«{asked}»", FOUND, final=True, quotable=[asked]).text


def test_addresses_and_markup_go_and_the_text_of_links_stays() -> None:
    text = (
        "[Лекция](https://evil.example/a?b=1) ![x](http://a.b/c.png) <img src=x onerror=alert(1)> "
        "www.evil.example me@evil.ru t.me/evil <b>жирно</b> javascript:alert(1) evil.ru [12](http://x.y)"
    )
    checked = verify(text, FOUND, final=True)
    assert checked.text == "Лекция жирно [12]"
    assert checked.removed >= 7
    for text in ("Node.js и ASP.NET, т.е. код", "a < b и c > d", "main() и f(x)"):
        assert shown(text) == text


@pytest.mark.parametrize(
    "address",
    [
        "evil.xyz/login",
        "EVIL.COM/pay",
        "Evil.com",
        "evil.рф",
        "сайт.рф/оплата",
        "еvil.com",  # its first letter is Cyrillic
        "evil.co.uk/a",
        "discord.gg/abc",
        "evil.online/x",
        "ASP.NET/pay",
    ],
)
def test_addresses_go_however_they_are_written(address: str) -> None:
    checked = verify(f"Решения тут: {address} и всё.", FOUND, final=True)
    assert checked.text == "Решения тут: и всё."
    assert checked.removed == 1


def test_what_only_looks_like_an_address_stays() -> None:
    for text in ("и/или, т.е./т.д.", "stack.top и list.link", "sin.x/cos.x", "lim.sup/lim.inf"):
        assert shown(text) == text


def test_hidden_characters_and_marks_of_templates_go() -> None:
    assert shown("Ряд\u202e схо\u200bдится<|im_end|>\x00") == "Ряд сходится"
    assert shown("[1\u200b2]") == "[12]"


def test_loops_are_cut() -> None:
    assert shown("ряд " * 50) == "ряд"
    sentence = "Производная — это предел отношения приращений функции и её аргумента."
    assert shown("\n".join(f"{n}. {sentence}" for n in range(1, 9))) == f"1. {sentence}"
    assert len(shown("а" * 500)) < 10
    plan = "\n".join(f"Неделя {n}:\n— Повторение, 60 мин" for n in range(1, 9))
    assert shown(plan) == plan
    steps = "\n".join(f"Теперь решите задачи из раздела под номером {n}." for n in range(1, 9))
    assert shown(steps) == steps


def test_citations_tell_places_and_sentences_in_the_order_of_the_text() -> None:
    checked = verify("Сначала [15], потом [12, с. 6] и [12, с. 5].", FOUND, final=True)
    assert [one["material_id"] for one in checked.citations] == [15, 12]
    assert checked.citations[0]["places"] == [
        {"kind": "section", "number": 3, "snippet": "Признак Даламбера."}
    ]
    numbers = [place["number"] for place in checked.citations[1]["places"]]
    assert numbers == [6, 5, 7]
    assert checked.citations[1]["places"][0]["snippet"] == SENTENCE
    assert checked.citations[1]["fit"] == "exact"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ряды [12, с.", "Ряды "),
        ("Ряды [12]", "Ряды "),
        ("Ряды [12] и", "Ряды [12] "),
        ("см. [лекцию](htt", "см. "),
        ("Это на с. 1", "Это "),
        ("почти сло", "почти "),
        ("a <img src", "a "),
        ("Материал (ID 1", "Материал "),
        ("Строка\n", "Строка\n"),
    ],
)
def test_an_unfinished_end_is_held_back(text: str, kept: str) -> None:
    assert hold_back(text) == kept


def test_no_state_of_a_growing_text_shows_what_the_end_will_not() -> None:
    whole = "Ряды [12, с. 5–6] и [999, с. 1]. [Тут](https://evil.example/x). Ещё на с. 77 и ID 998."
    for end in range(len(whole)):
        text = verify(whole[:end], FOUND, final=False).text
        assert not re.search(r"99|77|evil|http", text), text


PIECES = ["[12", "[999", ", с. 5", "]", "[", "(", ")", "«", "»", '"', "“", "”", "ID ", "12", "999"]
PIECES += [
    "](http://a.b",
    "![",
    "<b>",
    "<a href=",
    ">",
    "с. 7",
    " на с. 99",
    "https://x.ru/",
    "@x.ru",
]
PIECES += [
    "ряд ",
    "ряд сходится абсолютно ",
    "\n",
    "— ",
    "1. ",
    ", ",
    ".",
    " и ",
    "12:30",
    "–",
    "...",
]
PIECES += ["\u202e", "<|im_end|>", "**", "] (", "-", "0", "; ", "<", "a.ru", "e", "I", "D"]
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(hostile)
def test_verifying_twice_is_verifying_once(text: str) -> None:
    once = verify(text, FOUND, final=True)
    twice = verify(once.text, FOUND, final=True)
    assert twice.text == once.text
    assert twice.removed == 0
    assert twice.citations == once.citations
    known = {12, 15, 20}
    assert {int(found["material"]) for found in REFERENCE.finditer(once.text)} <= known


HOSTILE = [
    "[",
    "<",
    "«",
    '"',
    "[12, с. 5",
    "<a ",
    "![a](",
    "aaaa@",
    "http://",
    "a.",
    "[1](",
    "а б ",
]
HOSTILE += [
    "с. 1, ",
    "(ID ",
    "1:",
    "<!--",
    "[ID ",
    "- ",
    " ",
    "\n",
    "a",
    "ab",
    "[a][b]",
    "x-",
    "«а",
]
HOSTILE += [
    "страница 5 и ",
    "12, ",
    "<a =",
    "\u200b",
    "[1,1]",
    "[[12]]",
    "«а б в г » ",
    "„",
    "www.",
]


def test_hostile_texts_cost_no_more_than_long_ones() -> None:
    for piece in HOSTILE:
        text = (piece * 20_000)[:20_000]
        start = time.process_time()
        for final in (True, False):
            assert len(verify(text, FOUND, final=final).text) <= LONGEST
        assert time.process_time() - start < 5, piece  # mostly 0.05
