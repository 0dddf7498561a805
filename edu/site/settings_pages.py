"""The pages on which a person sets up the account, in the order of their menu."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _

from edu.accounts.models import User
from edu.identities.service import list_identities, site_names
from edu.permissions import Permission, may
from edu.second_factor.service import has_second_factor, may_set_up
from edu.site.requests import current_person
from edu.site.telegram import bot_name
from edu.telegram_links.service import list_links


def settings_pages() -> list[tuple[str, str]]:
    """Endpoints and names; without the pages on which this person could do nothing."""
    pages = [
        ("accounts.profile", _("Profile")),
        ("accounts.security", _("E-mail and password")),
        ("sessions.index", _("Devices")),
        ("second_factor.setup", _("Second factor")),
        ("identities.index", _("Signing in through other sites")),
        ("telegram_links.index", _("Telegram")),
        ("notifications.choices", _("Notifications")),
        ("tokens.index", _("API tokens")),
        ("privacy.index", _("Your data")),
    ]
    useless = _useless(current_person())
    return [page for page in pages if page[0] in current_app.view_functions.keys() - useless]


def _useless(person: User | None) -> set[str]:
    found = set()
    if person and not (may_set_up(person) or has_second_factor(person)):
        found.add("second_factor.setup")
    if person and not (site_names() or list_identities(person)):
        found.add("identities.index")
    # An administrator reads there how to get a bot.
    reads = person and (may(person, Permission.MANAGE_SITE) or list_links(person))
    if not (reads or bot_name()):
        found.add("telegram_links.index")
    return found
