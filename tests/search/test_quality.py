"""Rankings and places on real course files, understood as search understands them, against
thresholds a little below what they reach.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from time import process_time

import pytest

from edu.search.base import IndexDocument, SearchAnswer, SearchFilters, SearchIndex, SearchRequest
from edu.search.understanding.understand import NameGroup, Understood, understand
from edu.search.whoosh.index import WhooshIndex
from tests.realdata import realdata
from tests.search.corpus import (
    ndcg,
    read_corpus,
    read_grades,
    read_names,
    read_queries,
    read_texts,
)

DATA = realdata()
FILTERS = ("type", "kind", "semester", "course", "year")

pytestmark = pytest.mark.skipif(DATA is None, reason="no real course files (EDU_REALDATA)")


@pytest.fixture(scope="module")
def relevance() -> Path:
    assert DATA is not None
    return DATA / "relevance"


@pytest.fixture(scope="module")
def names() -> list[NameGroup]:
    assert DATA is not None
    return read_names(DATA)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhooshIndex]:
    assert DATA is not None
    yield from index_of(read_corpus(DATA), tmp_path_factory.mktemp("library"))


def index_of(documents: Iterable[IndexDocument], folder: Path) -> Iterator[WhooshIndex]:
    index = WhooshIndex.open_or_create(folder)
    with index.rebuilding() as rebuild:
        rebuild.add(documents)
        rebuild.finish()
    yield index
    index.close()


def search(index: SearchIndex, text: str, names: list[NameGroup]) -> SearchAnswer:
    """Return the answer to a text, whose filter words are text where they would leave nothing."""
    found = understand(text, index, names)
    answer = index.search(request_for(found))
    if found.narrows and not answer.total:
        said = frozenset(change.said for change in found.changes if change.kind in FILTERS)
        answer = index.search(request_for(understand(text, index, names, literal=said)))
    return answer


def request_for(found: Understood) -> SearchRequest:
    filters = SearchFilters(
        type=found.type, kind=found.kind, semesters=found.semesters, year=found.year
    )
    return SearchRequest(found.wordings, filters, per_page=10)


def mean_ndcg(
    index: SearchIndex,
    queries: dict[str, str],
    grades: dict[str, dict[int, int]],
    names: list[NameGroup],
) -> float:
    answers = {query: search(index, text, names) for query, text in queries.items()}
    scores = [ndcg([h.id for h in found.hits], grades[query]) for query, found in answers.items()]
    return sum(scores) / len(scores)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("known_items/queries.exact", 0.975),
        ("known_items/queries.genitive", 0.98),
        ("known_items/queries.typo", 0.97),
        ("known_items/queries.layout", 0.97),
        ("requests/queries", 0.92),
    ],
)
def test_relevant_documents_come_first(
    library: WhooshIndex, relevance: Path, names: list[NameGroup], name: str, least: float
) -> None:
    path = relevance / f"{name}.tsv"
    grades = read_grades(path.parent / "qrels.tsv")
    assert mean_ndcg(library, read_queries(path), grades, names) >= least


@pytest.mark.parametrize(
    ("name", "every", "least"), [("xquad_en", 6, 0.94), ("cranfield", 3, 0.37)]
)
def test_english_questions_are_not_spoilt(
    relevance: Path, tmp_path: Path, names: list[NameGroup], name: str, every: int, least: float
) -> None:
    documents = read_texts(relevance / name / "corpus.jsonl")
    numbers = {key: document.id for key, document in documents.items()}
    grades = read_grades(relevance / name / "qrels.tsv", numbers)
    queries = list(read_queries(relevance / name / "queries.tsv").items())[::every]
    for index in index_of(documents.values(), tmp_path):
        assert mean_ndcg(index, dict(queries), grades, names) >= least


@pytest.mark.parametrize("variant", ["exact", "typo", "layout"])
def test_section_titles_lead_to_their_pages(
    library: WhooshIndex, relevance: Path, names: list[NameGroup], variant: str
) -> None:
    queries = read_queries(relevance / "known_items" / f"queries.{variant}.tsv")
    known = {query: search(library, text, names) for query, text in queries.items()}
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


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("vfnfy", "матан"),
        ("штеупкфд", "integral"),
        ("lineinaya algebra", "линейная алгебра"),
        ("ryady fur'e", "ряды фурье"),
        ("диференциальные уровнения", "дифференциальные уравнения"),
        ("критерий Стьюдента", "критерий Стьюдента"),
        ("Econometrics: class notes", "Econometrics: class notes"),
        ("C++", "C++"),
        ("Ньютон", "Ньютон"),
        ("постановка задачи", "постановка задачи"),
    ],
)
def test_the_real_library_bears_out_what_is_meant(
    library: WhooshIndex, names: list[NameGroup], text: str, meant: str
) -> None:
    assert understand(text, library, names).text == meant


def test_understanding_takes_milliseconds(
    library: WhooshIndex, relevance: Path, names: list[NameGroup]
) -> None:
    for variant, most in (("exact", 0.006), ("typo", 0.05)):  # twice what is aimed at
        texts = read_queries(relevance / "known_items" / f"queries.{variant}.tsv").values()
        times = []
        for text in [*texts, *texts]:  # the first round fills the caches
            began = process_time()
            understand(text, library, names)
            times.append(process_time() - began)
        assert sorted(times[len(texts) :])[len(texts) // 2] < most
