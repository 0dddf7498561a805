"""The form of a collection."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from edu.collections.models import Visibility
from edu.collections.service import MAX_DESCRIPTION, MAX_TITLE

WHO = [
    SelectChoice(Visibility.PRIVATE.value, _l("Only me")),
    SelectChoice(Visibility.LINK.value, _l("Everybody who has the link")),
    SelectChoice(Visibility.PUBLIC.value, _l("Everybody; it is listed among the collections")),
]


class CollectionForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What its owner says of a collection."""

    title = StringField(
        _l("Title"),
        [
            DataRequired(_l("Give the collection a title.")),
            Length(max=MAX_TITLE, message=_l("The title may have at most %(max)d characters.")),
        ],
    )
    description = TextAreaField(
        _l("Description"),
        [
            Optional(),
            Length(
                max=MAX_DESCRIPTION,
                message=_l("The description may have at most %(max)d characters."),
            ),
        ],
    )
    visibility = SelectField(_l("Who may open it"), [InputRequired()], choices=WHO)

    def values(self) -> dict[str, Any]:
        """What a validated form says, as the service takes it."""
        return {
            "title": self.title.data or "",
            "description": self.description.data or "",
            "visibility": Visibility(self.visibility.data),
        }
