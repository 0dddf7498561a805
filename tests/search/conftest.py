from collections.abc import Iterator
from pathlib import Path

import pytest

from edu.search.whoosh_index import WhooshIndex


@pytest.fixture
def index(tmp_path: Path) -> Iterator[WhooshIndex]:
    index = WhooshIndex.open_or_create(tmp_path / "index")
    yield index
    index.close()
