"""The Russian catalogue is whole, and in step with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from edu.config import ROOT
from tests.wording import INTERNATIONAL, LATIN_WORD, forms, messages, read_russian, shown

EXTRACT = ["extract", "-F", "babel.cfg", "-k", "_l", "--ignore-dirs", ".*", "--no-location"]
FOLDERS = ["edu", "jobs", "templates", "telegram"]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")  # the second kind is filled in by scripts
NAME = re.compile(
    r"[/@]\w+|\b[A-Z]+(?:_[A-Z]+)+\b"
)  # of a command or a person in Telegram, a setting
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)


@pytest.fixture(scope="module")
def russian() -> Catalog:
    """The catalogue as it lies in the repository."""
    return read_russian()


def test_the_catalogue_is_in_step_with_the_code(russian: Catalog, tmp_path: Path) -> None:
    """When this fails, run `make messages` and translate what is new."""
    template = tmp_path / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", *EXTRACT, "-o", str(template)]
    subprocess.run([*command, *FOLDERS], cwd=ROOT, check=True)
    with template.open("rb") as stream:
        wanted = {str(message.id) for message in messages(read_po(stream))}
    known = {str(message.id) for message in messages(russian)}
    assert sorted(wanted - known) == []
    assert sorted(known - wanted) == []


def test_the_words_of_plain_letters_are_in_the_catalogue(russian: Catalog) -> None:
    """Their templates are no HTML, and easily missed by what collects the words."""
    known = {forms(message.id)[0] for message in messages(russian)}
    said = {
        words
        for path in (ROOT / "templates").rglob("*.txt")
        for words in re.findall(r"gettext\('(.+?)'|\b_\('(.+?)'", path.read_text("utf-8"))
    }
    wanted = {first or second for first, second in said}
    assert len(wanted) > 20
    assert sorted(wanted - known) == []


def test_the_catalogue_is_complete(russian: Catalog) -> None:
    assert not russian.fuzzy
    assert not russian.obsolete
    assert russian.num_plurals == 3
    for message in messages(russian):
        assert not message.fuzzy, message.id
        assert len(forms(message.string)) == (3 if message.pluralizable else 1), message.id
        assert all(forms(message.string)), message.id


def test_translations_keep_the_placeholders(russian: Catalog) -> None:
    for message in messages(russian):
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
        for text in forms(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, message.id
            assert "%" not in PLACEHOLDER.sub("", text).replace("%%", ""), message.id


def test_translations_are_russian(russian: Catalog) -> None:
    for message in messages(russian):
        for text in forms(message.string):
            words = set(LATIN_WORD.findall(NAME.sub("", PLACEHOLDER.sub("", text))))
            assert words <= INTERNATIONAL, text
            assert "..." not in text
            assert "“" not in text
            first = forms(message.id)[0]
            assert text[-1] == first[-1] or not {text[-1], first[-1]} & set(".!?:"), text


def test_every_text_of_the_templates_is_marked_for_translation() -> None:
    left = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        markup = JINJA.sub(" ", path.read_text("utf-8"))
        words = {word for text in shown(markup) for word in LATIN_WORD.findall(text)}
        left += [f"{path.name}: {word}" for word in sorted(words - INTERNATIONAL)]
    assert left == []
