"""The form of a rejection."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from edu.moderation.service import MAX_REASON


class RejectForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Why a material is sent back."""

    reason = TextAreaField(
        _l("Reason"),
        [
            DataRequired(_l("Tell the uploader why.")),
            Length(max=MAX_REASON, message=_l("The reason may have at most %(max)d characters.")),
        ],
    )
