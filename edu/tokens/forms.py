"""The form of a personal token."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from edu.accounts.models import User
from edu.permissions import Permission, may
from edu.tokens.models import Scope
from edu.tokens.service import MAX_TOKEN_NAME

SCOPES = {
    Scope.READ: _l("Read: everything that I may see"),
    Scope.WRITE: _l("Change what is mine: ratings, collections, profile"),
    Scope.UPLOAD: _l("Upload materials"),
    Scope.MODERATE: _l("Review materials"),
}
# Over the API an upload is published at once.
NEEDS = {Scope.UPLOAD: Permission.PUBLISH, Scope.MODERATE: Permission.REVIEW}
DAYS = [
    SelectChoice("30", _l("30 days")),
    SelectChoice("90", _l("90 days")),
    SelectChoice("365", _l("A year")),
    SelectChoice("0", _l("Unlimited")),
]


class TokenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What the token is called, what it may be used for, and for how long."""

    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Give the token a name.")),
            Length(max=MAX_TOKEN_NAME, message=_l("The name may have at most %(max)d characters.")),
        ],
    )
    scopes = SelectMultipleField(
        _l("It may be used to"),
        [DataRequired(_l("Choose at least one thing that the token may do."))],
        choices=[SelectChoice(scope, label) for scope, label in SCOPES.items()],
        coerce=Scope,
    )
    days = SelectField(_l("It lasts"), [DataRequired()], choices=DAYS, default="90")

    def offer(self, user: User) -> None:
        """Leave out what this person may not do anyway."""
        self.scopes.choices = [
            SelectChoice(scope, label)
            for scope, label in SCOPES.items()
            if scope not in NEEDS or may(user, NEEDS[scope])
        ]

    @property
    def lifetime(self) -> int | None:
        """Days, None for a token that does not end."""
        return int(self.days.data) or None
