"""A text that breaks the folding: its material is found by the title, and stops no other."""

from __future__ import annotations

import pytest
from flask import Flask

from edu.search import contents, indexing
from edu.search.base import SearchIndex
from edu.search.service import SearchInput, find_materials
from jobs.search import update_index
from tests.conftest import make_people
from tests.samples import make_material
from tests.search.rebuilds import rebuild
from tests.search.samples import document, found


@pytest.fixture
def _broken_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folding that cannot take one particular page."""
    original = contents.is_contents_page

    def fragile(text: str) -> bool:
        if "poison" in text:
            raise OverflowError("unsigned int is greater than maximum")
        return original(text)

    monkeypatch.setattr("edu.search.folding.is_contents_page", fragile)


@pytest.mark.usefixtures("_broken_texts")
def test_a_text_that_breaks_the_folding_stops_nobody_else(index: SearchIndex) -> None:
    broken = document(2, "ряд poison", title="Энтропия")
    index.update([document(1, "ряд"), broken, document(3, "ряд")], [])
    for _ in range(2):
        assert index.ids() == {1, 2, 3}
        assert found(index, "ряд") == [1, 3]
        assert found(index, "энтропия") == [2]
        rebuild(index, [document(1, "ряд"), broken, document(3, "ряд")])


@pytest.mark.usefixtures("_broken_texts")
def test_a_material_whose_text_breaks_is_found_by_its_title(
    any_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    people = make_people(any_app)
    with any_app.app_context():
        broken = make_material(people["alice"], title="Энтропия", text="poison").id
        make_material(people["alice"], title="Ряды", text="предел")
        update_index()
        assert not indexing.has_pending()
        titles = [hit.material.title for hit in find_materials(SearchInput(text="энтропия")).items]
        assert titles == ["Энтропия"]
        assert len(find_materials(SearchInput(text="предел")).items) == 1
    said = [r.message for r in caplog.records if r.name.startswith("edu.search.")]
    assert f"material {broken} is indexed without its text" in said
