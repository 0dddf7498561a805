"""Forms of signing in through other sites."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from edu.accounts.forms import MAX_EMAIL


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The e-mail address that the other site has not vouched for."""

    email = EmailField(
        _l("E-mail"),
        [
            DataRequired(_l("Enter your e-mail address.")),
            Length(max=MAX_EMAIL, message=_l("This e-mail address is too long.")),
        ],
    )
