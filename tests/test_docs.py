"""The documents say what is: settings, commands, links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from dotenv import dotenv_values
from flask import Flask

from edu.accounts.models import Role
from edu.config import ROOT, load_settings
from edu.permissions import GRANTS, Scope

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
SECRET = "k2Vb81xq-7rT_9ymZpLw0sDf3hGjN5aQe4cXu6iO"
# Where an empty value in the example stands for something that depends on the machine.
COMPUTED = {
    "DATABASE_URL",
    "EDU_DATA",
    "SECRET_KEY",
    "SITE_URL",
    "JWT_KEYS",
    "SEARCH_BACKEND",
    "MAIL_FROM",
    "SMTP_PORT",
    "ASSISTANT_WORKERS",
}


class Recorder(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def settings_read() -> set[str]:
    """The names that edu/config.py and gunicorn.conf.py read; X_FILE belongs to X."""
    recorder = Recorder()
    load_settings(recorder, secret_key=SECRET)
    files = {name for name in recorder.asked if name.removesuffix("_FILE") in recorder.asked}
    plain = {name for name in files if not name.endswith("_FILE")}
    assert recorder.asked == plain | {f"{name}_FILE" for name in plain}
    return plain | gunicorn_settings().keys()


def gunicorn_settings() -> dict[str, str]:
    """Names and defaults that gunicorn.conf.py reads by itself."""
    tree = ast.parse((ROOT / "gunicorn.conf.py").read_text("utf-8"))
    return dict(
        ast.literal_eval(ast.Tuple(node.args, ast.Load()))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get"
    )


def example_values(folder: Path) -> dict[str, str]:
    """The settings of .env.example, as if each had been taken out of its comment."""
    path = folder / "env"
    path.write_text(re.sub(r"(?m)^#(?=[A-Z0-9_]+=)", "", EXAMPLE), "utf-8")
    return {name: value or "" for name, value in dotenv_values(path).items()}


def section(title: str) -> str:
    """The README's section under this heading."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def table_rows(text: str) -> dict[str, str]:
    """First and second cell of each row whose first cell is one piece of code."""
    return dict(re.findall(r"(?m)^\| `([^`]+)` \| ([^|]+?) \|", text))


def test_the_example_names_exactly_the_settings_that_are_read(tmp_path: Path) -> None:
    assert set(example_values(tmp_path)) == settings_read()


def test_the_example_has_every_setting_commented_out_and_once() -> None:
    assert not re.findall(r"(?m)^[^#\n]", EXAMPLE)
    names = re.findall(r"(?m)^#([A-Z0-9_]+)=", EXAMPLE)
    assert len(names) == len(set(names))


def test_the_values_of_the_example_are_the_defaults(tmp_path: Path) -> None:
    example = example_values(tmp_path)
    assert load_settings(example, secret_key=SECRET) == load_settings({}, secret_key=SECRET)
    assert gunicorn_settings().items() <= example.items()


def test_the_readme_table_names_the_same_settings_and_defaults(tmp_path: Path) -> None:
    rows, example = table_rows(section("Настройки")), example_values(tmp_path)
    assert set(rows) == set(example)
    for name, value in example.items():
        if value:
            assert rows[name] == f"`{value}`", name
        else:
            assert name in COMPUTED or rows[name] == "нет", name


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert commands
    assert re.findall(r"(?m)^make \w+", commands[1]) == ["make run", "make test"]


def test_commands_that_documents_name_exist(app: Flask) -> None:
    pattern = r"(?:(?<=`)|(?<=/)|(?m:^))flask (?:--env-file \S+ )?([a-z]+)(?: ([a-z-]+))?"
    texts = [(ROOT / name).read_text("utf-8") for name in DOCUMENTS]
    named = {found for text in texts for found in re.findall(pattern, text)}
    assert len(named) > 8
    for group, command in sorted(named):
        found = app.cli.commands.get(group)
        if group == "db":  # Flask-Migrate's own, known to every Flask of this installation
            continue
        assert found is not None, f"flask {group}"
        if command and isinstance(found, click.Group):
            assert command in found.commands, f"flask {group} {command}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_that_documents_name_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", makefile))
    text = (ROOT / name).read_text("utf-8")
    assert set(re.findall(r"(?:`|(?m:^))make ([a-z][a-z-]*)", text)) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8"))
    targets = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [target for target in targets if target and not (path.parent / target).exists()]
    assert not missing


def test_the_layout_in_the_readme_names_folders_that_exist() -> None:
    block = re.findall(r"```\n(.*?)```", section("Устройство"), re.DOTALL)[0]
    parent = ROOT
    for indent, folder in re.findall(r"(?m)^( *)([a-z]+)/", block):
        parent = parent if indent else ROOT / folder
        assert (parent / folder if indent else parent).is_dir(), folder


def test_the_table_of_roles_is_the_one_that_decides() -> None:
    words = {"своё": Scope.OWN, "предмет": Scope.SUBJECT, "всё": Scope.ANY}
    text = (ROOT / "docs" / "accounts.md").read_text("utf-8").split("\n## Роли\n", 1)[1]
    head, *rows = re.findall(r"(?m)^\| (.+) \|$", text.split("\n## ", 1)[0])
    _permission, _meaning, *roles = head.split(" | ")
    told = {
        name.strip("`"): {
            Role(role): tuple(words[word] for word in cell.split(", "))
            for role, cell in zip(roles, cells, strict=True)
            if cell != "—"
        }
        for name, _meaning, *cells in (row.split(" | ") for row in rows)
    }
    assert told == {permission.value: dict(granted) for permission, granted in GRANTS.items()}
