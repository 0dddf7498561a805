"""Forms of sign-up and recovery."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import Length

from edu.accounts.forms import email_field, name_field, new_password_field
from edu.accounts.service import MAX_PASSWORD


class RegisterForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A new account."""

    name = name_field()
    email = email_field()
    password = new_password_field()


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The password chosen at registration, asked for in another browser."""

    password = PasswordField(_l("Password"), [Length(max=MAX_PASSWORD)])


class RecoverForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Whose password is forgotten."""

    email = email_field()


class NewPasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The password from now on."""

    password = new_password_field(_l("New password"))
