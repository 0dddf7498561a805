"""The form of leaving."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from edu.accounts.forms import MAX_EMAIL, known_password_field

LEAVE, HAND_OVER = "leave", "hand_over"


class DeleteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What becomes of the materials, and a proof that it is meant."""

    fate = RadioField(
        _l("Your materials"),
        choices=[
            SelectChoice(LEAVE, _l("stay, without your name")),
            SelectChoice(HAND_OVER, _l("get another author, if that person agrees")),
        ],
        default=LEAVE,
    )
    heir = EmailField(_l("E-mail of that person"), [Length(max=MAX_EMAIL)])
    # Of these two the account has one.
    password = known_password_field(_l("Your password"))
    address = StringField(
        _l("Your e-mail address"), [DataRequired(_l("Enter your e-mail address.")), Length(max=254)]
    )
