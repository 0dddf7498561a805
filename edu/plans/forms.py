"""The forms of a plan and of its steps."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from edu.plans.drafting import MOST_MINUTES
from edu.plans.packing import LEAST_MINUTES
from edu.plans.service import MAX_TITLE
from edu.plans.shapes import LAST_WEEK
from edu.plans.steps import MAX_NOTE, MAX_STEP_MINUTES, MAX_TOPIC

_LONG = _l("At most %(max)d characters, please.")
_RANGE = _l("From %(min)d to %(max)d, please.")


class PlanForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What its owner says of a whole plan."""

    title = StringField(
        _l("Title"),
        [DataRequired(_l("Give the plan a title.")), Length(max=MAX_TITLE, message=_LONG)],
    )
    exam_on = DateField(_l("Day of the exam"), [Optional()])
    minutes_a_week = IntegerField(
        _l("Minutes a week"),
        [InputRequired(), NumberRange(LEAST_MINUTES, MOST_MINUTES, message=_RANGE)],
    )

    def values(self) -> dict[str, Any]:
        """What a validated form says, as the service takes it."""
        return {
            "title": self.title.data or "",
            "exam_on": self.exam_on.data,
            "has_exam": self.exam_on.data is not None,
            "minutes_a_week": self.minutes_a_week.data,
        }


class StepForm(FlaskForm):  # type: ignore[misc]  # as above
    """What is to be done, in how many minutes, in which week."""

    topic = StringField(
        _l("What to do"),
        [DataRequired(_l("Say what is to be done.")), Length(max=MAX_TOPIC, message=_LONG)],
    )
    note = TextAreaField(_l("Note"), [Optional(), Length(max=MAX_NOTE, message=_LONG)])
    minutes = IntegerField(
        _l("Minutes"), [InputRequired(), NumberRange(1, MAX_STEP_MINUTES, message=_RANGE)]
    )
    week = IntegerField(_l("Week"), [InputRequired(), NumberRange(1, LAST_WEEK, message=_RANGE)])

    def values(self) -> dict[str, Any]:
        """What a validated form says, as the service takes it."""
        return {
            "topic": self.topic.data or "",
            "note": self.note.data or "",
            "minutes": self.minutes.data,
            "week": self.week.data,
        }
