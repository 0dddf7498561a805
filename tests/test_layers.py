"""The shape of the code: who may import whom, and what stands where."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from edu.config import ROOT

EDU = ROOT / "edu"
TEMPLATES = ROOT / "templates"
FEATURE_FILES = {"__init__", "models", "service", "views", "api", "schemas", "forms", "cli"}
# Packages with a machinery of their own, of more files than a feature has.
FREE_FOLDERS = {
    "api",
    "assistant",
    "demo",
    "mail",
    "media",
    "notifications",
    "plans",  # drafting a plan is reckoning without rows, and a calendar is a format of its own
    "search",
    "site",
    "storage",
}
EDGES = ("views", "api", "forms", "cli")
PURE_FOLDERS = ("media", "search", "storage")
REQUEST_STATE = {"flask.request", "flask.session", "flask.g", "flask.current_app.request"}


def imported_names(path: Path) -> set[str]:
    """Everything that a file imports, as dotted names, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def touches(names: set[str], *packages: str) -> set[str]:
    """Those of the names that are, or lie in, one of the packages."""
    return {name for name in names for package in packages if f"{name}.".startswith(f"{package}.")}


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in sorted(paths)]


def is_edge(path: Path) -> bool:
    return path.stem in EDGES


MODELS = relative([*EDU.glob("*/models.py")])
SERVICES = relative(
    [
        *EDU.glob("*/service.py"),
        *(p for folder in PURE_FOLDERS for p in (EDU / folder).rglob("*.py") if not is_edge(p)),
    ]
)
EDGE_MODULES = {f"edu.{p.parent.name}.{p.stem}" for p in EDU.glob("*/*.py") if is_edge(p)}


@pytest.mark.parametrize("name", MODELS)
def test_models_know_only_models(name: str) -> None:
    names = imported_names(ROOT / name)
    services = {n for n in names if re.match(r"edu\.\w+\.service\b", n)}
    above = touches(names, "jobs", "bot", "telegram", "flask", "flask_babel", *EDGE_MODULES)
    assert not services | above


@pytest.mark.parametrize("name", SERVICES)
def test_services_know_no_edge_and_no_request(name: str) -> None:
    names = imported_names(ROOT / name)
    assert not touches(names, "flask_login", "flask_wtf", "jobs", "bot", "telegram", *EDGE_MODULES)
    assert not names & REQUEST_STATE


@pytest.mark.parametrize("name", SERVICES)
def test_services_flush_and_never_commit(name: str) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and "session" in ast.unparse(node.func.value)
    ]
    assert not calls


@pytest.mark.parametrize("name", relative([*(ROOT / "jobs").glob("*.py")]))
def test_jobs_know_no_pages(name: str) -> None:
    assert not touches(imported_names(ROOT / name), "bot", "telegram", *EDGE_MODULES)


def test_the_bot_knows_no_pages() -> None:
    for path in (ROOT / "telegram" / "bot").rglob("*.py"):
        assert not touches(imported_names(path), *EDGE_MODULES), path


def test_features_hold_only_the_names_that_everybody_knows() -> None:
    strange = [
        path
        for path in EDU.glob("*/*.py")
        if path.parent.name not in FREE_FOLDERS and path.stem not in FEATURE_FILES
    ]
    assert not strange


def test_the_bots_folder_is_no_package() -> None:
    # It would shadow the library of that name: bot, gunicorn, pytest and mypy would all break.
    assert (ROOT / "telegram").is_dir()
    assert not (ROOT / "telegram" / "__init__.py").exists()


TEMPLATE_NAMES = relative([*TEMPLATES.rglob("*.html")])


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_template_says_first_what_it_takes(name: str) -> None:
    first = (ROOT / name).read_text("utf-8").split("\n", 1)[0]
    assert re.match(r"\{# (takes|macros):", first)


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_template_holds_nothing_that_the_security_policy_refuses(name: str) -> None:
    text = re.sub(r"\{#.*?#\}", "", (ROOT / name).read_text("utf-8"), flags=re.DOTALL)
    assert not re.findall(r"<script\b[^>]*>(?!\s*</script>)", text), "a script's text"
    assert not re.findall(r"<style\b", text), "a style element"
    assert not re.findall(r"\sstyle\s*=", text), "a style attribute"
    assert not re.findall(r"\s(?:hx-)?on[:a-z-]+\s*=\s*[\"']", text), "a handler attribute"
    assert "|safe" not in text.replace(" ", ""), "unescaped text"


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_every_form_that_posts_carries_the_csrf_token(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, flags=re.DOTALL):
        assert "csrf()" in form
