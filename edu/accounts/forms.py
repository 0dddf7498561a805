"""Forms of sign-in and of the own account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from edu.accounts.service import MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from edu.site.preferences import LANGUAGES

MAX_EMAIL = 254


def name_field() -> StringField:
    """The name that others see."""
    return StringField(
        _l("Name"),
        [
            DataRequired(_l("Enter the name that others will see.")),
            Length(max=MAX_NAME, message=_l("The name may have at most %(max)d characters.")),
        ],
    )


def email_field(label: object = None) -> EmailField:
    """An address to which a letter can go."""
    return EmailField(
        label or _l("E-mail"),
        [
            DataRequired(_l("Enter your e-mail address.")),
            Length(max=MAX_EMAIL, message=_l("This e-mail address is too long.")),
        ],
    )


def new_password_field(label: object = None) -> PasswordField:
    """A password that is chosen here."""
    return PasswordField(
        label or _l("Password"),
        [
            DataRequired(_l("Choose a password.")),
            Length(
                MIN_PASSWORD,
                MAX_PASSWORD,
                message=_l("The password needs %(min)d to %(max)d characters."),
            ),
        ],
    )


def known_password_field(label: object = None) -> PasswordField:
    """A password that was chosen before: no hint at the rules for new ones."""
    return PasswordField(
        label or _l("Password"),
        [DataRequired(_l("Enter your password.")), Length(max=MAX_PASSWORD)],
    )


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """E-mail, password, and whether to stay signed in."""

    email = EmailField(
        _l("E-mail"),
        [DataRequired(_l("Enter your e-mail address.")), Length(max=MAX_EMAIL)],
    )
    password = known_password_field()
    remember = BooleanField(_l("Stay signed in on this device"))


class ProfileForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """How others see the person, and how the person sees the site."""

    name = name_field()
    locale = SelectField(
        _l("Language"), choices=[SelectChoice(*each) for each in LANGUAGES.items()]
    )
    theme = SelectField(
        _l("Theme"),
        choices=[
            SelectChoice("auto", _l("Auto")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Another password; the present one is asked for where there is one."""

    old_password = known_password_field(_l("Present password"))
    new_password = new_password_field(_l("New password"))


class EmailForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Another address."""

    email = email_field(_l("New e-mail"))
    password = known_password_field()
