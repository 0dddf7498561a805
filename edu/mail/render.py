"""A letter's subject, text and HTML out of templates/mail, in the reader's language.

No request is needed, so templates use no context processors: `site_name`, `site_url` and `locale`
are given here, everything else by who writes the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import force_locale, format_timedelta

from edu.extensions import settings
from edu.site.settings import site_settings

MAX_SUBJECT = 200
# A rejection's reason may have paragraphs; everything else that people named stays on its line.
PARAGRAPHS = {"note"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a letter says."""

    subject: str
    text: str
    html: str


def one_line(value: str) -> str:
    """The words without line breaks and control characters: fit for a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


def render_letter(kind: str, locale: str, context: dict[str, Any]) -> Rendered:
    """Fill in templates/mail/<kind>.txt, whose first line is the subject, and <kind>.html.

    `expires` may be a timedelta, which is said in words of the letter's language.
    """
    values = {
        "site_name": site_settings().name,
        "site_url": settings().site_url,
        "locale": locale,
        **context,
    }
    for name in values.keys() - PARAGRAPHS:
        if isinstance(values[name], str):
            values[name] = one_line(values[name])
    with force_locale(locale):
        if isinstance(values.get("expires"), timedelta):
            values["expires"] = format_timedelta(values["expires"], threshold=1.5)
        subject, _line, text = _fill(f"mail/{kind}.txt", values).partition("\n")
        html = _fill(f"mail/{kind}.html", {**values, "subject": one_line(subject)})
    return Rendered(one_line(subject)[:MAX_SUBJECT], f"{text.strip()}\n", html.lstrip())


def _fill(template: str, values: dict[str, Any]) -> str:
    return current_app.jinja_env.get_template(template).render(values)
