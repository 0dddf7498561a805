"""Prints of texts: the same for the same words, alike for texts that are alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from edu.media import prints
from edu.media.docx import extract_docx
from edu.media.pdf import extract_pdf
from edu.media.prints import guess_likeness, jaccard, make_print, share_of_smaller, shingles
from tests.likeness.words import change_words, make_text, write_docx, write_pdf


def shingles_of(words: list[str]) -> set[int]:
    return shingles([" ".join(words)])


def test_case_punctuation_and_yo_do_not_count() -> None:
    one = shingles(["Всё, что ЕЩЁ – сходится; абсолютно!"])
    assert one == shingles(["все что", "еще сходится\nабсолютно"])
    assert len(one) == 1
    assert one != shingles(["что все еще сходится абсолютно"])


def test_a_text_of_fewer_words_than_a_shingle_has_none() -> None:
    assert shingles([]) == shingles(["четыре слова не хватит"]) == set()


def test_words_keep_their_place_in_a_shingle() -> None:
    assert len(shingles(["a b a b a b a b a b"])) == 2
    assert shingles(["a b c d e"]).isdisjoint(shingles(["e d c b a"]))


def test_prints_are_the_same_in_every_process() -> None:
    # Kept in databases: another number means that all prints have to be made anew.
    made = make_print(shingles(f"слово{n}" for n in range(200)))
    assert (made.size, made.signature[:4].hex()) == (196, "a9dcbad4")
    assert made.bands[:2] == [7742434655847798432, 7004709414487007286]


def test_a_short_text_has_no_print() -> None:
    text = make_text(200)
    assert make_print(shingles_of(text[:53])).size == 0
    assert make_print(shingles_of(text[:53])).bands == []
    assert make_print(shingles_of(text[:60])).size == 56


def test_no_more_words_are_read_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "MOST_WORDS", 100)
    assert len(shingles_of(make_text(1000))) == 96


def test_bands_fit_a_signed_number_of_64_bits() -> None:
    made = make_print(shingles_of(make_text(80)))
    assert len(made.bands) == prints.BANDS
    assert all(0 <= band < 2**63 for band in made.bands)
    assert max(made.bands) > 2**60  # and use it


@pytest.mark.parametrize("words", [60, 300, 5000])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.6])
def test_the_signature_estimates_the_jaccard_index(words: int, share: float) -> None:
    text = make_text(words)
    one, other = shingles_of(text), shingles_of(change_words(text, share))
    made, changed = make_print(one), make_print(other)
    if not changed.size:
        return
    guess = guess_likeness(made.signature, changed.signature)
    assert guess == pytest.approx(jaccard(one, other), abs=0.2)
    if share == 0:
        assert guess == 1


def test_texts_that_are_alike_share_a_band_and_others_do_not() -> None:
    text = make_text(800)
    bands = make_print(shingles_of(text)).bands
    for seed in range(20):
        near = make_print(shingles_of(change_words(text, 0.05, seed))).bands
        far = make_print(shingles_of(change_words(text, 0.6, seed))).bands
        assert any(map(int.__eq__, bands, near))
        assert not any(map(int.__eq__, bands, far))


def test_a_part_lies_wholly_in_the_whole() -> None:
    text = make_text(1000)
    whole, part = shingles_of(text), shingles_of(text[:300])
    assert share_of_smaller(whole, part) == share_of_smaller(part, whole) == 1
    assert jaccard(whole, part) < 0.4
    assert share_of_smaller(set(), whole) == jaccard(set(), set()) == 0


def test_the_same_text_in_another_format_is_almost_the_same(tmp_path: Path) -> None:
    text = make_text(1200)
    sections = extract_docx(write_docx(tmp_path / "a.docx", text, "Notes"), lambda *_: None)
    pages = extract_pdf(write_pdf(tmp_path / "b.pdf", text, "Exported"), lambda *_: None).pages
    again = extract_pdf(write_pdf(tmp_path / "c.pdf", text, "New", 10), lambda *_: None).pages
    one = shingles(f"{section.heading} {section.text}" for section in sections)
    for other in (pages, again):
        assert share_of_smaller(one, shingles(page.text for page in other)) > 0.97
