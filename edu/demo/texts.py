"""The demo materials, read from content/materials/*.md."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from edu.demo.tree import CONTENT

Kind = Literal["pdf", "docx", "video"]
Uploader = Literal["alice", "maria", "teacher"]
FENCE = "+++\n"


@dataclass(frozen=True)
class MaterialSpec:
    """One material to be drawn and put into the library.

    `slug` is the file name of the source without its suffix. `type` is a value of MaterialType.
    `category_path` is a slug path of the subject tree. `ratings` maps the name of a demo account
    to its stars (1-5); an uploader does not rate their own work. `body` is in the form of `markup`.
    """

    slug: str
    title: str
    description: str
    tags: list[str]
    type: str
    category_path: str
    kind: Kind
    uploader: Uploader
    ratings: dict[str, int]
    body: str
    semester: int | None = None
    year: int | None = None  # in which the academic year begins


def demo_materials(folder: Path = CONTENT / "materials") -> list[MaterialSpec]:
    """Return every material of `folder`, ordered by file name; ValueError names a bad file."""
    return [read_material(path) for path in sorted(folder.glob("*.md"))]


def read_material(path: Path) -> MaterialSpec:
    """Read one source file: TOML between two `+++` lines, then the body."""
    try:
        _, front, body = path.read_text(encoding="utf-8").split(FENCE, 2)
        meta = tomllib.loads(front)
        return MaterialSpec(
            slug=path.stem,
            title=meta["title"],
            description=meta["description"],
            tags=list(meta["tags"]),
            type=meta["type"],
            category_path=meta["category"],
            kind=cast(Kind, meta["kind"]),
            uploader=cast(Uploader, meta["uploader"]),
            ratings=dict(meta.get("ratings", {})),
            body=body.strip(),
            semester=meta.get("semester"),
            year=meta.get("year"),
        )
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name}: not a demo material ({error!r})") from error
