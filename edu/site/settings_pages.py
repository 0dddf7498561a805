"""The pages on which a person sets up the account, in the order of their menu."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _


def settings_pages() -> list[tuple[str, str]]:
    """Endpoints and names."""
    pages = [
        ("accounts.profile", _("Profile")),
        ("accounts.security", _("E-mail and password")),
        ("sessions.index", _("Devices")),
        ("second_factor.setup", _("Second factor")),
        ("identities.index", _("Other sites")),
        ("notifications.choices", _("Notifications")),
        ("sessions.tokens", _("API tokens")),
        ("privacy.index", _("Your data")),
    ]
    return [page for page in pages if page[0] in current_app.view_functions]
