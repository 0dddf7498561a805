"""Subtitles and transcripts in the forms that people have them in, honest and hostile ones."""

from __future__ import annotations

import random
from pathlib import Path
from typing import get_args

import pytest

from edu.captions import schemas, service
from edu.media import captions
from edu.media.captions import MAX_MS, Cue, fit, read_cues, read_vtt, write_vtt
from edu.media.errors import FileRefused
from edu.media.sandbox import Sandbox
from edu.media.transcripts import read_transcript

VTT = """WEBVTT - of a lecture

STYLE
::cue { color: red }

NOTE
Somebody should read this again.

intro
00:01.000 --> 00:02.500 align:start position:10%
<v.loud Анна>Здравствуйте,
<i.x>сегодня</i> о рядах

2
00:00:03.000 --> 00:00:04.000
<v Анна>Их сумма — <00:00:03.500><c>число</c>
42

NOTE not said

names of lines too
01:00:05.000 --> 01:00:06.000
<v Борис>a &lt; b &amp;&amp; c&nbsp;&gt; d, если 1 < 2
"""
SRT = """1
00:00:01,000 --> 00:00:02,000
{\\an8}<font color="#fff">Множество {1, 2}</font>

2
00:00:02,500 --> 00:00:04,000
<b>с 00:00:01,000 по 00:00:02,000</b>

3
00:00:05,000 --> 00:00:06,000
"""


def read(text: str) -> list[tuple[int, int, str]]:
    cues, _timed = read_cues(text.encode())
    return [(cue.begin, cue.end, cue.text) for cue in cues]


def code_of(data: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_cues(data)
    return refused.value.code


def test_webvtt() -> None:
    assert read(VTT) == [
        (1000, 2500, "Анна: Здравствуйте,\nсегодня о рядах"),
        (3000, 4000, "Их сумма — число\n42"),
        (3605000, 3606000, "Борис: a < b && c > d, если 1 < 2"),
    ]


def test_srt() -> None:
    assert read(SRT) == [
        (1000, 2000, "Множество {1, 2}"),
        (2500, 4000, "с 00:00:01,000 по 00:00:02,000"),
    ]


def test_the_name_tells_nothing_and_a_comma_is_a_point() -> None:
    assert read("WEBVTT\n\n00:00:01,500 --> 00:00:02,000\nОдин") == [(1500, 2000, "Один")]
    assert read("00:01.500 --> 00:02.000\nОдин") == [(1500, 2000, "Один")]


@pytest.mark.parametrize(
    ("line", "second"),
    [
        ("00:12:30 Ряды", 750),
        ("[12:30] Ряды", 750),
        ("(12:30) Ряды", 750),
        ("[12:30]Ряды", 750),
        ("12:30 — Ряды", 750),
        ("12:30 - Ряды", 750),
        ("12:30: Ряды", 750),
        ("  1:02:03 | Ряды", 3723),
        ("90:30 Ряды", 5430),
        ("00:12:30.500 --> Ряды", 750),
        ("00:12:30 --> 00:12:35 Ряды", 750),
        ("12:30\nРяды", 750),
        ("[00:12:30.5]\n\nРяды", 750),
        ("12:30 –\nРяды", 750),
    ],
)
def test_marks_of_time_in_a_transcript(line: str, second: int) -> None:
    cues, timed = read_cues(f"{line}\n".encode())
    assert [(cue.begin // 1000, cue.text, timed) for cue in cues] == [(second, "Ряды", True)]


@pytest.mark.parametrize("line", ["В 12:30 обед", "12:75 Ряды", "1:2 Ряды", "2024-05-01 Ряды"])
def test_what_is_no_mark_of_time(line: str) -> None:
    cues, timed = read_cues(line.encode())
    assert [(cue.begin, cue.text, timed) for cue in cues] == [(0, line, False)]


def test_a_transcript_goes_on_to_the_next_mark() -> None:
    text = "Пролог\n0:05 Раз\nдва\n\nтри\n0:07 Да\n"
    assert read(text) == [
        (0, 5000, "Пролог"),
        (5000, 7000, "Раз\nдва\nтри"),
        (7000, 17000, "Да"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "0:05 Ряды".encode(),
        "\ufeff0:05 Ряды".encode(),
        "0:05 Ряды".encode("utf-16"),
        b"\xfe\xff" + "0:05 Ряды".encode("utf-16-be"),
        "0:05 Ряды".encode("cp1251"),
        "0:05 Ряды\r\n".encode("cp1251"),
    ],
)
def test_encodings(data: bytes) -> None:
    assert [(cue.begin, cue.text) for cue in read_cues(data)[0]] == [(5000, "Ряды")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_text"),
        (b"0:05 a\0b", "not_text"),
        (b"\xff\xfe\x00", "not_text"),
        (b"\x01\x02\x03 text", "not_text"),
        (b"... \n!!!", "no_text"),
        (b"WEBVTT\n\nNOTE nothing\n", "no_text"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", "no_text"),
        (b"x" * (captions.MAX_BYTES + 1), "too_large"),
        (b"-->\n" * (captions.MAX_BYTES // 4), "no_text"),
    ],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_too_many_lines() -> None:
    line = "0:00:01.000 --> 0:00:02.000\n{}\n\n"
    many = "WEBVTT\n\n" + "".join(line.format(n) for n in range(captions.MAX_CUES + 1))
    assert code_of(many.encode()) == "too_many"


def test_nothing_appears_when_tags_are_taken_out() -> None:
    hidden = "<scr<i>ipt>alert(1)</scr</i>ipt> и {\\an{\\i1}8}слово"
    said = read(f"1\n00:00:01,000 --> 00:00:02,000\n{hidden}\n")[0][2]
    assert "<" not in said
    assert said.startswith("alert(1)")
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    (cue,) = read_cues(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{escaped}\n".encode())[0]
    assert cue.text == "<script>alert(1)</script>"
    assert escaped in write_vtt([cue])


def test_tags_in_tags_end() -> None:
    deep = "<i" * 20_000 + ">" * 20_000
    said = read(f"1\n00:00:01,000 --> 00:00:02,000\nслово {deep}\n")[0][2]
    assert said.startswith("слово")


def test_bidi_and_control_marks_fall_out() -> None:
    said = read("0:05 ряд\u202e\u2066ы\u200b \x0b&#8238;!")
    assert said[0][2].startswith("ряды")
    said = read("1\n00:00:01,000 --> 00:00:02,000\nряд&#8238;&#0;ы &rlm;\n")
    assert said[0][2] in ("ряды", "ряд\ufffdы")


def test_times_go_backwards_overlap_and_are_huge() -> None:
    text = (
        "WEBVTT\n\n00:09.000 --> 00:08.000\nтретий\n\n00:05.000 --> 00:30.000\nпервый\n\n"
        "00:06.000 --> 00:07.000\nвторой\n\n9999:59:59.999 --> 9999:59:59.999\nникогда\n\n"
        "00:10.000 --> 9999:00:00.000\nчетвёртый\n"
    )
    assert read(text) == [
        (5000, 30000, "первый"),
        (6000, 7000, "второй"),
        (9000, 10000, "третий"),
        (10000, MAX_MS, "четвёртый"),
    ]


def test_text_that_rolls_up_is_said_once() -> None:
    rolled, said = ["WEBVTT\n"], [f"строка {n}" for n in range(8)]
    for n in range(7):
        at = f"00:0{n}.000 --> 00:0{n + 1}.000"
        rolled.append(f"{at}\n{said[n]}\n{said[n + 1]}\n")
    assert [text for _, _, text in read("\n".join(rolled))] == [f"{said[0]}\n{said[1]}", *said[2:]]


def test_who_says_the_same_twice_is_left_alone() -> None:
    times = ["00:01.000 --> 00:02.000", "00:02.000 --> 00:03.000"]
    assert len(read("WEBVTT\n\n" + "\n\n".join(f"{at}\nДа." for at in times))) == 2


def test_what_we_write_is_read_as_it_was() -> None:
    dice = random.Random(7)
    pieces = [
        "-->",
        "&",
        "&amp;",
        "<b>",
        ">",
        "слово",
        "\n",
        " ",
        "WEBVTT",
        "NOTE",
        "00:01.000",
        "1",
    ]
    for _ in range(200):
        text = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 12))) + "слово"
        cues = captions.tidy([Cue(dice.randrange(MAX_MS), dice.randrange(MAX_MS), text)] * 2)
        assert read_vtt(write_vtt(cues)) == cues
        assert read_cues(write_vtt(cues).encode())[0] == cues


def test_lines_behind_the_end_of_the_video() -> None:
    cues = [Cue(1000, 2000, "раз"), Cue(9000, 12_000, "два"), Cue(15_000, 16_000, "поздно")]
    assert fit(cues, None) == cues
    assert fit(cues, 10.0) == [Cue(1000, 2000, "раз"), Cue(9000, 10_000, "два")]
    with pytest.raises(FileRefused) as refused:
        fit([*cues, Cue(60_000, 61_000, "чужое")], 10.0)
    assert (refused.value.code, refused.value.details["last"]) == ("too_late", 60)


def test_utf8_with_a_broken_letter_is_utf8_still() -> None:
    said = SRT.encode().replace(b"\n\n2\n", b" \xd0\n\n2\n")
    assert [cue.text for cue in read_cues(said)[0]] == [text for _, _, text in read(SRT)]
    cut = "12:30 Привет всем, начинаем".encode()[:-1]
    assert read_cues(cut)[0][0].text == "Привет всем, начинае"
    for old in ("12:30 Привет всем, начинаем", "12:30 «Ёж № 5»", "12:30 OK, ё"):
        assert read_cues(old.encode("cp1251"))[0][0].text == old[6:]


def test_a_file_is_read_in_the_sandbox(tmp_path: Path) -> None:
    source = tmp_path / "lecture.vtt"
    source.write_text(VTT, encoding="utf-8")
    with Sandbox() as sandbox:
        told = read_transcript(sandbox, source, tmp_path / "work")
        assert [cue.begin for cue in told.cues] == [1000, 3000, 3605000]
        assert told.timed
        assert list((tmp_path / "work").iterdir()) == []
        source.write_bytes(b"\0")
        with pytest.raises(FileRefused) as refused:
            read_transcript(sandbox, source, tmp_path / "work")
    assert refused.value.code == "not_text"


def test_the_api_knows_the_same_languages() -> None:
    named = schemas.CaptionPath.model_fields["language"].annotation
    assert get_args(named) == service.LANGUAGES
