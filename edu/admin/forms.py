"""Forms of the administrators' pages."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from edu.accounts.models import Role
from edu.admin.service import MAX_ANNOUNCEMENT, MAX_DOMAINS, MAX_SITE_NAME
from edu.catalog.models import Category
from edu.catalog.service import walk
from edu.site.preferences import LANGUAGES
from edu.site.settings import SiteSettings
from edu.tree.service import MAX_ALIAS, MAX_ALIASES, MAX_NAME, MAX_SLUG

MAX_ALIASES_TEXT = MAX_ALIASES * (MAX_ALIAS + 2)
LOCALES = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
INDENT = "\N{NO-BREAK SPACE}" * 3


def split_list(text: str | None) -> list[str]:
    """Words with commas or new lines between them."""
    parts = (text or "").replace("\n", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


def tree_choices(tree: list[Category], without: Category | None = None) -> list[tuple[str, str]]:
    """Every category, indented by its depth; `without` leaves one out with all below it."""
    choices = []
    for category in tree:
        if category is not without:
            choices.append((str(category.id), category.name))
            below = tree_choices(category.children, without)
            choices += [(value, INDENT + label) for value, label in below]
    return choices


class CategoryForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A subject, or a part of one. Call offer_parents() before use."""

    name = StringField(
        _l("Name of the subject"),
        [
            DataRequired(_l("Give it a name.")),
            Length(max=MAX_NAME, message=_l("The name may have at most %(max)d characters.")),
        ],
    )
    parent = SelectField(_l("Part of"), [Optional()])
    aliases = StringField(_l("Other names"), [Optional(), Length(max=MAX_ALIASES_TEXT)])
    slug = StringField(_l("Address"), [Optional(), Length(max=MAX_SLUG)])

    def offer_parents(self, tree: list[Category], without: Category | None = None) -> None:
        """Fill the list of places; a category cannot lie below itself."""
        self.parent.choices = [("", _("— a subject of its own —")), *tree_choices(tree, without)]

    def find_parent(self, tree: list[Category]) -> Category | None:
        """The chosen place."""
        return next((one for one in walk(tree) if str(one.id) == self.parent.data), None)

    @property
    def alias_list(self) -> list[str]:
        """The other names one by one."""
        return split_list(self.aliases.data)

    def show_error(self, field: str, message: str) -> None:
        """Put an error of the service beside its field, or above the form."""
        field = {"parent_id": "parent"}.get(field, field)
        if field in self:
            self[field].errors = [*self[field].errors, message]
        else:
            self.form_errors.append(message)


class RoleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What a person may do, and of a moderator where. The subjects are a tree of check boxes."""

    role = SelectField(_l("Role"), choices=[role.value for role in Role])
    whole_tree = SelectField(_l("Reviews"), choices=["1", "0"], default="1")

    def find_subjects(self, tree: list[Category], chosen: list[str]) -> list[Category] | None:
        """The subjects that are ticked, None for the whole tree."""
        if self.whole_tree.data != "0":
            return None
        return [category for category in walk(tree) if str(category.id) in set(chosen)]


class SiteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What administrators may change of the site."""

    name = StringField(
        _l("Name of the site"), [DataRequired(_l("Give it a name.")), Length(max=MAX_SITE_NAME)]
    )
    default_locale = SelectField(_l("Language"), [DataRequired()], choices=LOCALES)
    announcement = TextAreaField(
        _l("Announcement"),
        [
            Optional(),
            Length(
                max=MAX_ANNOUNCEMENT,
                message=_l("The announcement may have at most %(max)d characters."),
            ),
        ],
    )
    registration_open = BooleanField(_l("New people may register"))
    domains = StringField(
        _l("Only with an address at these domains"), [Optional(), Length(max=MAX_DOMAINS * 80)]
    )

    def fill(self, current: SiteSettings) -> None:
        """Show what holds now."""
        self.name.data, self.default_locale.data = current.name, current.default_locale
        self.announcement.data = current.announcement
        self.registration_open.data = current.registration_open
        self.domains.data = ", ".join(current.email_domains)

    def read(self) -> SiteSettings:
        """What a validated form asks for."""
        return SiteSettings(
            name=self.name.data or "",
            registration_open=bool(self.registration_open.data),
            email_domains=tuple(split_list(self.domains.data)),
            default_locale=self.default_locale.data or "",
            announcement=self.announcement.data or "",
        )
