"""The form of a report."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from edu.materials.models import Material
from edu.reports.models import Reason, Report
from edu.reports.service import MAX_NOTE, reason_label

_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6})")


def write_place(material: Material, place: int | None) -> str:
    """As people write it: a page, a section, or a time of a video."""
    if place is None or material.file.kind != "video":
        return str(place or "")
    minutes, seconds = divmod(place, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def read_place(material: Material, text: str) -> int | None:
    """The other way round. Raises ValueError."""
    text = text.strip()
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if not found or (":" in text and material.file.kind != "video"):
        raise ValueError(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _reasons() -> list[tuple[str, str]]:
    return [(reason.value, reason_label(reason)) for reason in Reason]


class ReportForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What is wrong with a material, and where."""

    reason = RadioField(_l("What is wrong?"), [InputRequired(_l("Say what is wrong."))])
    note = TextAreaField(
        _l("Describe it"),
        [
            Optional(),
            Length(max=MAX_NOTE, message=_l("The note may have at most %(max)d characters.")),
        ],
    )
    place = StringField(_l("Page"), [Optional(), Length(max=12)])

    def __init__(self, material: Material, **more: Any) -> None:
        super().__init__(**more)
        self.material = material
        self.reason.choices = _reasons()
        names = {"pdf": _("Page"), "docx": _("Part"), "video": _("Time")}
        self.place.label.text = names[material.file.kind]

    @classmethod
    def of(cls, material: Material, report: Report | None, place: int) -> ReportForm:
        """What was said before, or a new one for this place (0: for none)."""
        told = report.place if report else place or None
        values: dict[str, Any] = {"place": write_place(material, told)}
        if report:
            values |= {"reason": report.reason, "note": report.note}
        return cls(material, formdata=None, data=values)

    def validate_place(self, field: StringField) -> None:
        """Raises ValidationError."""
        try:
            read_place(self.material, field.data or "")
        except ValueError:
            raise ValidationError(_("There is no such place in this material.")) from None

    def show_error(self, name: str, message: str) -> None:
        """Put an error of the service beside its field, or above the form."""
        if name in self:
            self[name].errors = [*self[name].errors, message]
        else:
            self.form_errors.append(message)
