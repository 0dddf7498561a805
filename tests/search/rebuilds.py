"""Whole indexes made, and counted."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from edu.extensions import search_index
from edu.search.base import IndexDocument, Rebuild, SearchIndex
from jobs.search import update_index
from tests.samples import make_material


def rebuild(index: SearchIndex, documents: Iterable[IndexDocument]) -> None:
    """Make these documents the whole index."""
    with index.rebuilding() as making:
        making.add(documents, making.revisions())
        making.finish()


def count_rebuilds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the app's index is built anew."""
    index: SearchIndex = app.extensions["edu.index"]
    made: list[int] = []
    original = index.rebuilding

    def counted() -> AbstractContextManager[Rebuild]:
        made.append(1)
        return original()

    monkeypatch.setattr(index, "rebuilding", counted)
    return made


def make_indexed(people: dict[str, int]) -> set[int]:
    """Two published materials that the index has."""
    ids = {make_material(people["alice"], title=f"Ряды {n}").id for n in range(2)}
    update_index()
    assert search_index().ids() == ids
    return ids
