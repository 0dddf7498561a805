"""The catalogues of translated sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import Domain, get_locale

if TYPE_CHECKING:
    from babel import Locale
    from babel.support import NullTranslations, Translations


class Sentences(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """Finds a language's catalogue by the language alone; a page asks for hundreds of sentences.

    The library spells the language out and looks through its folders' names for each of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Locale, Translations] = {}

    def get_translations(self) -> NullTranslations:
        """The catalogue of the present language."""
        locale = get_locale()
        known = self._known.get(locale) if locale else None
        if known is None:
            known = super().get_translations()
            if locale:
                self._known[locale] = known
        return known
