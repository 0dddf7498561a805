"""The forms that change a material."""

from __future__ import annotations

from typing import Self

from wtforms import HiddenField

from edu.catalog.service import list_subjects
from edu.materials.forms import DetailsForm, FileForm
from edu.materials.models import Material


class EditForm(DetailsForm):
    """What is said of a material; `edition` tells what it was when the page was made."""

    edition = HiddenField()

    @classmethod
    def of(cls, material: Material | None = None) -> Self:
        """As it stands in the material, or as it was sent."""
        form = cls(formdata=None, data=_values(material)) if material else cls()
        form.offer_categories(list_subjects())
        return form


def _values(material: Material) -> dict[str, str]:
    return {
        "title": material.title,
        "description": material.description,
        "category": str(material.category_id),
        "type": material.type,
        "tags": ", ".join(tag.name for tag in material.tags),
        "edition": material.edition,
    }


class ReplaceForm(FileForm):
    """Another file for a material."""
