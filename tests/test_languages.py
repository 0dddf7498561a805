"""Pages, checks, plurals and formats speak the language of the reader, and no other."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import force_locale, ngettext
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from edu.accounts.models import User
from edu.extensions import db
from edu.materials.models import MaterialStatus
from edu.site.context import format_day, format_rating, format_size
from tests.conftest import MakeApp, make_people, sign_in
from tests.samples import make_category, make_material
from tests.wording import CYRILLIC, INTERNATIONAL, LATIN_WORD, forms, messages, read_russian, shown

# What the pages show of the library itself, and of names in other languages.
CONTENT = {"English", "Alice", "Maria", "alice", "maria", "example", "org", "pdf", "docx", "mp"}


def make_library(app: Flask, subject_name: str, title: str) -> list[str]:
    """Materials in every state and of every kind; the addresses of all pages."""
    ids = make_people(app)
    with app.app_context():
        subject = make_category(subject_name, slug="subject")
        for name in ("alice", "maria"):
            db.session.get_one(User, ids[name]).name = name
        made = [
            make_material(
                ids["alice"], status, title=f"{title} {status.value[0]}", category=subject,
                rating_mean=4.5, rating_votes=2, error="broken", reject_reason=title,
                description=title, content=status.value.encode(),
            ).id
            for status in MaterialStatus
        ]  # fmt: skip
        made += [
            make_material(
                ids["alice"], title=title, kind=kind, category=subject, content=kind.encode()
            ).id
            for kind in ("docx", "video")
        ]
    return [
        "/", "/search", "/search?q=1&type=exam&rating_gte=4", "/subjects", "/subjects/subject",
        "/subjects/options", "/subjects/options?subject=1", "/login", "/register", "/upload",
        "/me/uploads", "/moderation", "/materials/999", "/logout", "/styleguide", "/api/docs",
        *[f"/materials/{number}" for number in made],
        *[f"/materials/{number}/status" for number in made],
    ]  # fmt: skip


def read_pages(app: Flask, addresses: list[str], language: str = "") -> Iterator[tuple[str, str]]:
    """Every page as a stranger, a student and a moderator see it; refused forms too."""
    for name in ("", "alice", "maria"):
        client = app.test_client()
        if language:
            client.set_cookie("lang", language)
        yield "POST /register", client.post("/register", data={"password": "1"}).text
        yield "POST /login", client.post("/login", data={"email": "1" * 300, "password": "1"}).text
        if name:
            sign_in(client, name)
        for address in addresses:
            answer = client.get(address, follow_redirects=True)
            yield f"{name or 'stranger'}: {address}", answer.text
        yield f"{name}: POST /upload", client.post("/upload", follow_redirects=True).text


FILLED_IN = re.compile(r"\{\w+\}")  # by scripts


def without_names_of_languages(markup: str) -> str:
    """The page without its switch of languages, where each has its own name."""
    return re.sub(r'<button name="lang".*?</button>', "", markup, flags=re.S)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the catalogue, compiled from what lies in the repository now."""
    folder = tmp_path_factory.mktemp("translations")
    target = folder / "ru" / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as stream:
        write_mo(stream, read_russian())
    return folder


def translated(app: Flask, catalogue: Path) -> Flask:
    """The app with this catalogue and without CSRF checks."""
    app.extensions["babel"].translation_directories = [str(catalogue)]
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_the_site_speaks_russian_by_default(make_app: MakeApp, catalogue: Path) -> None:
    app = translated(make_app(DEFAULT_LOCALE="ru", EDU_DEV="1"), catalogue)
    sentences = [
        re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        for message in messages(read_russian())
        for text in forms(message.id)
        if " " in text and "%(" not in text
    ]
    for address, markup in read_pages(app, make_library(app, "Предмет", "Ряды Фурье")):
        markup = html.unescape(without_names_of_languages(markup))
        assert [text.pattern for text in sentences if text.search(markup)] == [], address
        texts = [FILLED_IN.sub("", text) for text in shown(markup)]
        words = {word for text in texts for word in LATIN_WORD.findall(text)}
        assert words <= INTERNATIONAL | CONTENT, address


def test_the_site_speaks_english_when_asked(make_app: MakeApp, catalogue: Path) -> None:
    app = translated(make_app(DEFAULT_LOCALE="ru", SITE_NAME="Library"), catalogue)
    addresses = make_library(app, "Calculus", "Fourier series")
    for address, markup in read_pages(app, addresses, language="en"):
        found = [
            text for text in shown(without_names_of_languages(markup)) if CYRILLIC.search(text)
        ]
        assert found == [], address


def test_the_checks_of_the_form_library_speak_russian(make_app: MakeApp, catalogue: Path) -> None:
    class Sample(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
        name = StringField(validators=[DataRequired()])
        text = StringField(validators=[Length(max=2)])
        choice = SelectField(choices=["a"])

    app = translated(make_app(DEFAULT_LOCALE="ru"), catalogue)
    with app.test_request_context(method="POST", data={"text": "long", "choice": "b"}):
        form = Sample()
        assert not form.validate()
        said = [message for messages in form.errors.values() for message in messages]
    assert len(said) == 3
    assert all(CYRILLIC.search(message) for message in said), said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 материалов"),
        (1, "1 материал"),
        (3, "3 материала"),
        (5, "5 материалов"),
        (11, "11 материалов"),
        (21, "21 материал"),
        (104, "104 материала"),
        (112, "112 материалов"),
    ],
)
def test_russian_has_three_plural_forms(
    app: Flask, catalogue: Path, number: int, said: str
) -> None:
    with translated(app, catalogue).app_context(), force_locale("ru"):
        assert ngettext("%(num)s material", "%(num)s materials", number) == said


def test_days_numbers_and_sizes_are_the_readers(app: Flask, catalogue: Path) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with translated(app, catalogue).app_context():
        with force_locale("ru"):
            said = [format_day(moment), format_rating(4.6), format_size(1_700_000)]
            assert said == ["1 марта 2026", "4,6", "1,6\N{NO-BREAK SPACE}МБ"]
        with force_locale("en"):
            said = [format_day(moment), format_rating(4.6), format_size(500 * 1024 * 1024)]
            assert said == ["Mar 1, 2026", "4.6", "500\N{NO-BREAK SPACE}MB"]
