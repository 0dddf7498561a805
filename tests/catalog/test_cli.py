"""The subject tree from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

TREE = """
[[subject]]
name = "Химия"
aliases = ["химичка"]
topic = [{ name = "Органика" }, { slug = "neorganika", name = "Неорганика" }]
"""


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["subjects", *arguments])
    return result.exit_code, result.output


def test_the_built_in_tree_is_loaded_once(app: Flask) -> None:
    status, first = run(app, "load")
    assert status == 0
    assert "lineynaya-algebra: Линейная алгебра" in first
    assert run(app, "load") == (0, first)
    assert run(app, "list") == (0, first)


def test_a_tree_of_ones_own(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "tree.toml"
    path.write_text(TREE, "utf-8")
    status, said = run(app, "load", str(path))
    assert (status, said.splitlines()) == (
        0,
        ["khimiya: Химия", "  khimiya/organika: Органика", "  khimiya/neorganika: Неорганика"],
    )


@pytest.mark.parametrize("text", ["[[subject]]\nslug = 'x'", "not toml"])
def test_a_broken_tree_is_refused_with_a_reason(app: Flask, tmp_path: Path, text: str) -> None:
    path = tmp_path / "tree.toml"
    path.write_text(text, "utf-8")
    status, said = run(app, "load", str(path))
    assert status == 1
    assert "Error" in said
    assert run(app, "list") == (0, "")


def test_a_subject_and_its_part_are_added(app: Flask) -> None:
    assert run(app, "add", "Химия", "--alias", "химичка") == (0, "khimiya: Химия\n")
    status, said = run(app, "add", "Органика", "--parent", "khimiya")
    assert (status, said) == (0, "khimiya/organika: Химия › Органика\n")
    assert run(app, "add", "Что-то", "--parent", "nowhere")[0] == 1
