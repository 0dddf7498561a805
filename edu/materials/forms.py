"""The forms of a material, and the token that names bytes which already lie in the storage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict
from wtforms import (
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from edu.accounts.models import User
from edu.catalog.models import Category, MaterialType
from edu.catalog.service import type_label
from edu.errors import InvalidInput
from edu.extensions import db, settings
from edu.htmx import wants_fragment
from edu.materials.models import StoredFile
from edu.materials.service import (
    MAX_DESCRIPTION,
    MAX_TAG_LENGTH,
    MAX_TAGS,
    MAX_TITLE,
    MaterialData,
    latest_year,
    year_label,
)
from edu.media.hints import FIRST_YEAR, MAX_SEMESTER, Hints

TOKEN_AGE_S = 3600
MAX_TAGS_TEXT = MAX_TAGS * (MAX_TAG_LENGTH + 2)


class _Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form that shows what a service complains of."""

    def show_error(self, name: str, message: str) -> None:
        """Put an error of the service beside its field, or above the form."""
        if name in self:
            self[name].errors = [*self[name].errors, message]
        else:
            self.form_errors.append(message)


class FileForm(_Form):
    """A file. It is read as a stream by the view: by then its bytes are on disk."""

    file = FileField(_l("File"))
    upload = HiddenField()  # the id of one that has arrived by itself, in place of the part

    @property
    def max_bytes(self) -> int:
        """The largest file that is taken, in bytes."""
        return settings().max_upload_bytes


def _number(value: Any) -> int | None:
    return int(value) if value else None


def _semesters() -> list[tuple[Any, str]]:
    return [("", "—"), *((n, str(n)) for n in range(1, MAX_SEMESTER + 1))]


def _years() -> list[tuple[Any, str]]:
    years = range(latest_year(), FIRST_YEAR - 1, -1)
    return [("", "—"), *((year, year_label(year)) for year in years)]


class DetailsForm(_Form):
    """What is said of a material. Call offer_categories() before use."""

    title = StringField(
        _l("Title"),
        [
            DataRequired(_l("Give the material a title.")),
            Length(max=MAX_TITLE, message=_l("The title may have at most %(max)d characters.")),
        ],
    )
    description = TextAreaField(
        _l("Description"),
        [
            Optional(),
            Length(
                max=MAX_DESCRIPTION,
                message=_l("The description may have at most %(max)d characters."),
            ),
        ],
    )
    category = SelectField(
        _l("Part of the subject"), [InputRequired(_l("Choose a subject."))], validate_choice=False
    )
    type = SelectField(_l("Type"), [InputRequired(_l("Choose the type of the material."))])
    tags = StringField(
        _l("Tags"),
        [Optional(), Length(max=MAX_TAGS_TEXT, message=_l("That is too long for tags."))],
    )

    semester = SelectField(
        _l("Semester"), validators=[Optional()], coerce=_number, choices=_semesters
    )
    year = SelectField(_l("Academic year"), validators=[Optional()], coerce=_number, choices=_years)

    def offer_categories(self, subjects: list[Category]) -> None:
        """Fill the two lists of choices: subjects become groups of their parts.

        `chosen_subject` is the subject of the category in a form that was sent, or None. Where a
        script runs, the list beside it stands on that subject, and only its parts are offered.
        """
        self.subjects = subjects
        category = self._find_category()
        self.chosen_subject = category.trail[0] if category else None
        if self.chosen_subject and wants_fragment():
            self.category.choices = _whole_and_parts(self.chosen_subject)
        else:
            groups = {subject.name: _whole_and_parts(subject) for subject in subjects}
            self.category.choices = {"": [("", _("Choose a subject"))]} | groups
        self.type.choices = [("", _("Choose a type"))]
        self.type.choices += [(kind.value, type_label(kind)) for kind in MaterialType]

    @property
    def tag_names(self) -> list[str]:
        """The tags one by one, as typed."""
        return [tag.strip() for tag in (self.tags.data or "").split(",") if tag.strip()]

    def validate_category(self, field: SelectField) -> None:
        """Only a category that exists: the list may have changed since the page was made."""
        if self._find_category() is None:
            raise ValidationError(_("This subject does not exist any more. Choose another."))

    def validate_tags(self, field: StringField) -> None:
        """Few and short."""
        if len(self.tag_names) > MAX_TAGS:
            raise ValidationError(_("At most %(n)d tags, please.", n=MAX_TAGS))
        if any(len(tag) > MAX_TAG_LENGTH for tag in self.tag_names):
            raise ValidationError(
                _(
                    "A tag may have at most %(n)d characters. Separate tags by commas.",
                    n=MAX_TAG_LENGTH,
                )
            )

    def _find_category(self) -> Category | None:
        value = str(self.category.data or "")
        fits = value.isdecimal() and len(value) < 10
        return db.session.get(Category, int(value)) if fits else None

    def data_for_service(self) -> MaterialData:
        """What a validated form says. Raises InvalidInput when the category has just gone."""
        category = self._find_category()
        if category is None:
            raise InvalidInput(_("Choose a subject."), field="category")
        return MaterialData(
            title=self.title.data or "",
            description=self.description.data or "",
            tags=self.tag_names,
            type=self.type.data,
            category=category,
            semester=self.semester.data,
            year=self.year.data,
        )


class UploadForm(FileForm, DetailsForm):
    """A file and what its uploader says of it; the token names bytes that are kept already."""

    token = HiddenField()
    captions = FileField(_l("Subtitles or transcript"))

    @classmethod
    def of_hints(cls, hints: Hints, semester: str, year: str) -> Self:
        """A form in which only the time is filled in: as chosen, or else as a name tells it."""
        form = cls(formdata=MultiDict({"semester": semester, "year": year}))
        form.semester.data = form.semester.data or hints.semester
        form.year.data = form.year.data or hints.year
        return form


def _whole_and_parts(subject: Category) -> list[tuple[str, str]]:
    return [(str(subject.id), _("The whole subject")), *_parts(subject)]


def _parts(category: Category, depth: int = 0) -> list[tuple[str, str]]:
    indent = "\N{NO-BREAK SPACE}" * 3 * depth
    return [
        choice
        for child in category.children
        for choice in ((str(child.id), indent + child.name), *_parts(child, depth + 1))
    ]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a token says of a file in the storage."""

    user_id: int
    sha256: str
    size: int
    name: str
    media_type: str


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="kept-upload")


def file_token(file: StoredFile, user: User | None) -> str:
    """A signed name for bytes in the storage, good for this person and one hour."""
    kept = _Kept(user.id if user else 0, file.sha256, file.size, file.name, file.media_type)
    return str(_serializer().dumps(asdict(kept)))


def file_from_token(token: str, user: User | None) -> StoredFile:
    """The file that a token names, as a new row. Raises itsdangerous.BadData."""
    content: dict[str, Any] = _serializer().loads(token, max_age=TOKEN_AGE_S)
    kept = _Kept(**content)
    if user is None or kept.user_id != user.id:
        raise BadData("the token is another person's")
    return StoredFile(
        sha256=kept.sha256, size=kept.size, name=kept.name, media_type=kept.media_type
    )
