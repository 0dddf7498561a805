"""Forms of the second factor."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from edu.accounts.service import MAX_PASSWORD
from edu.second_factor.service import MAX_CODE


class CodeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A code of the app, or a spare code."""

    code = StringField(_l("Code"), [DataRequired(_l("Enter the code.")), Length(max=MAX_CODE)])


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The password once more."""

    password = PasswordField(
        _l("Password"), [DataRequired(_l("Enter your password.")), Length(max=MAX_PASSWORD)]
    )
