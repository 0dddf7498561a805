"""The running API keeps what its description promises, whatever is sent and whoever asks.

EDU_API_EXAMPLES sets how many requests Schemathesis makes up for each operation (3 if not
given); when it is set, the limits of every input are gone through, too, which takes minutes. The
short run makes up the same requests every time, the long one new ones (EDU_API_SEED repeats them).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from edu.config import ROOT
from edu.extensions import db
from edu.search.indexing import rebuild_index
from edu.site.cli import upgrade_database
from tests.authorisation.world import build_world
from tests.product import BIN, Product, make_product, show_logs

THOROUGH = "EDU_API_EXAMPLES" in os.environ
EXAMPLES = os.environ.get("EDU_API_EXAMPLES", "3")
SEED = os.environ.get("EDU_API_SEED", "" if THOROUGH else "1")
CONFIG = Path(__file__).with_name("conformance.toml")
LIMITS = ("API", "LOGIN", "REGISTER", "RECOVER", "ASSIST", "SEARCH", "UPLOAD")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    show_logs(item, report)
    return report


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running product with something of every kind, which limits nobody."""
    limits = {f"{name}_LIMIT": "100000 per second" for name in LIMITS}
    limits["LOGIN_LIMIT_ADDRESS"] = "100000 per second"
    with make_product(tmp_path_factory.mktemp("api"), **limits) as made:
        with made.app.app_context():
            upgrade_database()
            build_world(made.app)
            rebuild_index()
            db.session.commit()
        made.start_web()
        yield made


@pytest.mark.parametrize("person", ["", "alice", "maria"], ids=["stranger", "user", "moderator"])
def test_the_api_keeps_its_promises(product: Product, person: str, tmp_path: Path) -> None:
    env = product.env | {
        "EDU_TEST_PERSON": person,
        "SCHEMATHESIS_HOOKS": "tests.api.conformance_hooks",
        "PYTHONPATH": str(ROOT),
    }
    phases = "examples,coverage,fuzzing" if THOROUGH else "examples,fuzzing"
    done = subprocess.run(
        [
            str(BIN / "schemathesis"),
            f"--config-file={CONFIG}",
            "run",
            f"{product.url}/api/openapi.json",
            f"--max-examples={EXAMPLES}",
            f"--phases={phases}",
            "--checks=all",
            "--continue-on-failure",
            "--generation-database=none",
            "--warnings=off",
            "--no-color",
            *([f"--seed={SEED}"] if SEED else []),
        ],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
