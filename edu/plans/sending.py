"""Addresses of places that steps name, and the answer that is a calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, url_for

from edu.extensions import absolute_url
from edu.materials.models import Material
from edu.plans.calendar import MEDIA_TYPE, make_calendar
from edu.plans.models import Plan, PlanStep
from edu.storage.archive import safe_name


def step_url(step: PlanStep, *, external: bool = False) -> str:
    """Where the viewer opens the step's place."""
    values: dict[str, Any] = {"material_id": step.material_id}
    if step.kind and step.first is not None:
        key = {"page": "page", "section": "section", "second": "t"}[step.kind]
        values[key] = step.first
        if step.kind == "section":
            values["_anchor"] = f"section-{step.first}"
    return (absolute_url if external else url_for)("materials.show", **values)


def send_calendar(
    plan: Plan, steps: Sequence[PlanStep], materials: Mapping[int, Material]
) -> Response:
    """The plan as a file for calendars."""
    page = absolute_url("plans.show", plan_id=plan.id)
    content = make_calendar(
        plan, steps, materials, page, lambda step: step_url(step, external=True)
    )
    response = Response(content, content_type=MEDIA_TYPE)
    # The plain name is for programs that do not know the second form, which has any letters.
    names = {"filename": "plan.ics", "filename*": f"UTF-8''{quote(safe_name(plan.title))}.ics"}
    response.headers.set("Content-Disposition", "attachment", **names)
    response.headers["Cache-Control"] = "private, no-store"
    return response
