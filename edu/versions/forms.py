"""The forms that change a material."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField

from edu.catalog.service import list_subjects
from edu.materials.forms import DetailsForm, FileForm
from edu.materials.models import Material
from edu.materials.service import MaterialData, language_label
from edu.media.language import LANGUAGES


def _languages() -> list[tuple[str, str]]:
    by_text = ("", _("Told by the text"))
    return [by_text, *((code, language_label(code).capitalize()) for code in LANGUAGES)]


class EditForm(DetailsForm):
    """What is said of a material; `edition` tells what it was when the page was made."""

    language = SelectField(_l("Language"), choices=_languages, default="")
    edition = HiddenField()

    @classmethod
    def of(cls, material: Material | None = None) -> Self:
        """As it stands in the material, or as it was sent."""
        form = cls(formdata=None, data=_values(material)) if material else cls()
        form.offer_categories(list_subjects())
        return form

    def data_for_service(self) -> MaterialData:
        """Raises InvalidInput when the category has just gone."""
        return replace(super().data_for_service(), language=self.language.data or "")


def _values(material: Material) -> dict[str, Any]:
    return {
        "title": material.title,
        "description": material.description,
        "category": str(material.category_id),
        "type": material.type,
        "tags": ", ".join(tag.name for tag in material.tags),
        "semester": material.semester,
        "year": material.year,
        "language": material.language,
        "edition": material.edition,
    }


class ReplaceForm(FileForm):
    """Another file for a material."""
