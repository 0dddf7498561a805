"""The whole way of a hundred real course files: import, processing, search, opening."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from edu.accounts.models import Role
from edu.extensions import db
from edu.materials.cli import import_folder
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.search.indexing import compare_index
from jobs.search import update_index
from tests.conftest import MakeApp, make_user
from tests.realdata import realdata

TITLES = 20


@pytest.fixture
def corpus() -> Path:
    """The folder of real files, or a skip."""
    folder = realdata()
    if folder is None:
        pytest.skip("real course files are missing (EDU_REALDATA)")
    return folder


@pytest.fixture
def library(make_app: MakeApp, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with the whole corpus imported by the command, jobs run at once."""
    app = make_app(API_LIMIT="1000 per minute")
    # One index commit at the end instead of a hundred: this test is about what comes out.
    monkeypatch.setattr("jobs.materials.update_index.enqueue", lambda: None)
    with app.app_context():
        make_user("maria", Role.MODERATOR)
    folder = corpus / "corpus"
    arguments = [str(folder), "--manifest", str(folder / "MANIFEST.tsv")]
    result = app.test_cli_runner().invoke(import_folder, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "100 sent, 0 already here, 0 refused" in result.output
    with app.app_context():
        update_index()
    return app


def read_known_items(folder: Path) -> list[tuple[str, set[str]]]:
    """The first section titles that name something: (title, ids of the right documents)."""
    items = folder / "relevance" / "known_items"
    right: dict[str, set[str]] = {}
    for line in (items / "qrels.tsv").read_text("utf-8").splitlines():
        query_id, _zero, document, _grade = line.split("\t")
        right.setdefault(query_id, set()).add(document)
    lines = (items / "queries.exact.tsv").read_text("utf-8").splitlines()
    queries = [line.split("\t") for line in lines]
    return [(title, right[query_id]) for query_id, title in queries][:TITLES]


def test_every_file_is_published_and_findable(library: Flask, corpus: Path) -> None:
    with library.app_context():
        states = select(Material.status, func.count()).group_by(Material.status)
        assert [tuple(row) for row in db.session.execute(states)] == [(MaterialStatus.ACTIVE, 100)]
        difference = compare_index()
        assert not difference.missing
        assert not difference.surplus
        query = select(StoredFile.name, Material.id).join_from(StoredFile, Material)
        files = db.session.execute(query)
        ids = {Path(name).stem: material_id for name, material_id in files}
    client = library.test_client()
    for title, right in read_known_items(corpus):
        page = client.get("/search", query_string={"q": title}).get_data(as_text=True)
        links = re.findall(r'<h3><a href="([^"]+)"', page)
        shown = [int(urlsplit(link).path.rsplit("/", 1)[-1]) for link in links]
        assert {ids[document] for document in right} & set(shown), title
        answer = client.get("/api/materials", query_string={"search": title}).get_json()
        assert [item["id"] for item in answer["items"]] == shown, title
        assert f"{answer['total']}" in page
        # The first hit opens where the words are.
        opened = parse_qs(urlsplit(links[0].replace("&amp;", "&")).query)
        first = answer["items"][0]
        if first["places"]:
            kind, number = next((k, v) for k, v in first["places"][0].items() if v is not None)
            assert opened[kind] == [str(number)], title
