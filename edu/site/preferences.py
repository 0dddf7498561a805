"""Language and theme: a signed-in person's own, else this browser's cookie, else the site's."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from edu.accounts.service import change_profile
from edu.extensions import db, settings
from edu.site.requests import current_person
from edu.site.settings import site_settings

LANGUAGES = {"ru": "Русский", "en": "English"}
THEMES = ("auto", "light", "dark")
YEAR_S = 365 * 24 * 3600


def chosen_locale() -> str:
    """The language for whoever asks. Browsers in labs lie about it, so their word does not count.

    To programs the API speaks the site's: there cookies count for nothing.
    """
    if request and not (request.endpoint or "").startswith("api_"):
        person = current_person()
        for choice in (person.locale if person else "", request.cookies.get("lang", "")):
            if choice in LANGUAGES:
                return choice
    return site_settings().default_locale


def chosen_theme() -> str:
    """`auto`, `light` or `dark`."""
    person = current_person()
    for choice in (person.theme if person else "", request.cookies.get("theme", "")):
        if choice in THEMES:
            return choice
    return "auto"


def choose_language(locale: str, response: Response) -> None:
    """Keep the choice, if it is one, in the browser and of a signed-in person. Commits."""
    if locale in LANGUAGES:
        _keep(response, "lang", locale)
        if person := current_person():
            change_profile(person, locale=locale)
            db.session.commit()


def choose_theme(theme: str, response: Response) -> None:
    """Keep the choice like choose_language."""
    if theme in THEMES:
        _keep(response, "theme", theme)
        if person := current_person():
            change_profile(person, theme=theme)
            db.session.commit()


def _keep(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=YEAR_S,
        secure=settings().is_public,
        samesite="Lax",
        httponly=True,
    )
