"""Rankings and places on real course files, against thresholds well below what they reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edu.search.base import SearchAnswer, SearchRequest
from edu.search.whoosh_index import WhooshIndex
from tests.realdata import realdata
from tests.search.corpus import ndcg, read_corpus, read_grades, read_queries

DATA = realdata()

pytestmark = pytest.mark.skipif(DATA is None, reason="no real course files (EDU_REALDATA)")


@pytest.fixture(scope="module")
def relevance() -> Path:
    assert DATA is not None
    return DATA / "relevance"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhooshIndex]:
    assert DATA is not None
    index = WhooshIndex.open_or_create(tmp_path_factory.mktemp("library"))
    index.rebuild(read_corpus(DATA))
    yield index
    index.close()


def answers(index: WhooshIndex, queries: Path) -> dict[str, SearchAnswer]:
    texts = read_queries(queries).items()
    return {query: index.search(SearchRequest.of(text, per_page=10)) for query, text in texts}


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("known_items/queries.exact", 0.93),
        ("known_items/queries.genitive", 0.92),
        ("requests/queries", 0.80),
    ],
)
def test_relevant_documents_come_first(
    library: WhooshIndex, relevance: Path, name: str, least: float
) -> None:
    path = relevance / f"{name}.tsv"
    grades = read_grades(path.parent / "qrels.tsv")
    scores = [
        ndcg([hit.id for hit in answer.hits], grades[query])
        for query, answer in answers(library, path).items()
    ]
    assert sum(scores) / len(scores) >= least


def test_section_titles_lead_to_their_pages(library: WhooshIndex, relevance: Path) -> None:
    known = answers(library, relevance / "known_items" / "queries.exact.tsv")
    first = within = total = 0
    for line in (relevance / "known_items" / "pages.tsv").read_text("utf-8").splitlines():
        query, document, page = line.split("\t")
        hits = [hit for hit in known[query].hits if hit.id == int(document[1:])]
        pages = [place.number for hit in hits for place in hit.places]
        first += pages[:1] == [int(page)]
        within += int(page) in pages
        total += 1
    assert first / total >= 0.9
    assert within / total >= 0.95
