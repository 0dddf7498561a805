"""Where real course files lie for the tests that want them."""

import os
from pathlib import Path


def realdata() -> Path | None:
    """Return the folder of real files (EDU_REALDATA, else ../shared/data), None when missing."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EDU_REALDATA") or default)
    return folder if (folder / "corpus" / "MANIFEST.tsv").is_file() else None
