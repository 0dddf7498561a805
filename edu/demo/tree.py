"""The demo subject tree, read from content/subjects.toml."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"


@dataclass(frozen=True)
class SubjectSpec:
    """A subject or a subcategory; slugs are unique among siblings, aliases are what people type."""

    slug: str
    name: str
    aliases: list[str] = field(default_factory=list)
    children: list["SubjectSpec"] = field(default_factory=list)


def subject_tree() -> list[SubjectSpec]:
    """Return the root subjects in the order in which they are to be shown."""
    with (CONTENT / "subjects.toml").open("rb") as file:
        return [_subject(item) for item in tomllib.load(file)["subject"]]


def category_paths(subjects: list[SubjectSpec], prefix: str = "") -> Iterator[str]:
    """Yield the slug path ("fizika/optika") of every node, parents before children."""
    for subject in subjects:
        path = prefix + subject.slug
        yield path
        yield from category_paths(subject.children, path + "/")


def _subject(item: dict[str, Any]) -> SubjectSpec:
    return SubjectSpec(
        slug=item["slug"],
        name=item["name"],
        aliases=list(item.get("aliases", [])),
        children=[_subject(child) for child in item.get("topic", [])],
    )
