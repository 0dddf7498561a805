"""The demo subject tree, read from content/subjects.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edu.catalog.service import SubjectSpec, read_tree

CONTENT = Path(__file__).parent / "content"
SUBJECTS = CONTENT / "subjects.toml"


def subject_tree() -> list[SubjectSpec]:
    """Return the root subjects in the order in which they are to be shown."""
    return read_tree(SUBJECTS)


def category_paths(subjects: list[SubjectSpec], prefix: str = "") -> Iterator[str]:
    """Yield the slug path ("fizika/optika") of every node, parents before children."""
    for subject in subjects:
        path = prefix + subject.slug
        yield path
        yield from category_paths(subject.children, path + "/")
