"""Forms of sign-up and sign-in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from edu.accounts.service import MAX_PASSWORD, MIN_PASSWORD

MAX_EMAIL = 254
MAX_NAME = 80


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """E-mail, password, and whether to stay signed in."""

    email = EmailField(
        _l("E-mail"),
        [DataRequired(_l("Enter your e-mail address.")), Length(max=MAX_EMAIL)],
    )
    # No hint at the rules for passwords here: whoever signs in has chosen one already.
    password = PasswordField(
        _l("Password"), [DataRequired(_l("Enter your password.")), Length(max=MAX_PASSWORD)]
    )
    remember = BooleanField(_l("Stay signed in on this device"))


class RegisterForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A new account."""

    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Enter the name that others will see.")),
            Length(max=MAX_NAME, message=_l("The name may have at most %(max)d characters.")),
        ],
    )
    email = EmailField(
        _l("E-mail"),
        [
            DataRequired(_l("Enter your e-mail address.")),
            Length(max=MAX_EMAIL, message=_l("This e-mail address is too long.")),
        ],
    )
    password = PasswordField(
        _l("Password"),
        [
            DataRequired(_l("Choose a password.")),
            Length(
                MIN_PASSWORD,
                MAX_PASSWORD,
                message=_l("The password needs %(min)d to %(max)d characters."),
            ),
        ],
    )
