"""Pages of notifications: the list, when to be told, and the link that turns letters off."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.extensions import csrf, db
from edu.htmx import go_to, wants_fragment
from edu.notifications import service
from edu.notifications.channels import CHANNELS
from edu.notifications.choices import list_choices, pace_label, topic_label, topics_of
from edu.notifications.models import Pace
from edu.notifications.quiet import (
    USUAL,
    change_quiet_hours,
    get_quiet_hours,
    guess_timezone,
    name_timezones,
)
from edu.notifications.titles import page_of, shown_title
from edu.site.requests import signed_in

bp = Blueprint("notifications", __name__)
bp.add_app_template_global(shown_title)


@bp.get("/me/notifications")
def index() -> str:
    unread = request.args.get("unread") == "1"
    number = request.args.get("page", 1, type=int)
    page = service.list_notifications(signed_in(), number, unread=unread)
    return render_template("notifications/index.html", page=page, unread=unread)


@bp.get("/me/notifications/<int:notification_id>")
def open_one(notification_id: int) -> BaseResponse:
    notification = service.read_notification(signed_in(), notification_id)
    endpoint, values, anchor = page_of(notification)
    db.session.commit()
    return redirect(url_for(endpoint, **values) + anchor, 303)


@bp.post("/me/notifications/<int:notification_id>/read")
def read(notification_id: int) -> str | BaseResponse:
    person = signed_in()
    notification = service.read_notification(person, notification_id)
    db.session.commit()
    if wants_fragment():
        count = service.count_unread(person)
        return render_template(
            "notifications/_read.html", notification=notification, unread_count=count
        )
    return redirect(url_for(".index"), 303)


@bp.post("/me/notifications/read")
def read_all() -> BaseResponse:
    service.read_all(signed_in())
    db.session.commit()
    return go_to(url_for(".index"))


# When to be told ------------------------------------------------------------------------------


@bp.get("/me/notification-settings")
def choices() -> str:
    person, locale = signed_in(), str(get_locale())
    return render_template(
        "notifications/choices.html",
        chosen=list_choices(person),
        topics={topic: topic_label(topic) for topic in topics_of(person)},
        paces={pace: pace_label(pace) for pace in Pace},
        channels=CHANNELS,
        quiet=get_quiet_hours(person),
        usual=USUAL,
        timezone=guess_timezone(person, locale),
        timezones=name_timezones(locale),
    )


@bp.post("/me/notification-settings")
def save_choices() -> BaseResponse:
    person = signed_in()
    chosen = {
        (topic.value, channel): request.form[f"{topic}:{channel}"]
        for topic, channel in list_choices(person)
        if f"{topic}:{channel}" in request.form
    }
    service.set_choices(person, chosen)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".choices"), 303)


@bp.post("/me/quiet-hours")
def save_quiet_hours() -> BaseResponse:
    start, end = (request.form.get(name, -1, type=int) for name in ("start", "end"))
    timezone = request.form.get("timezone", "")
    change_quiet_hours(signed_in(), "on" in request.form, start, end, timezone)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".choices", _anchor="quiet"), 303)


# Without a sign-in ----------------------------------------------------------------------------


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    return _unsubscribe_page(token, done=False)


@bp.post("/unsubscribe/<token>")
def unsubscribe_submit(token: str) -> str:
    service.turn_off(token)
    db.session.commit()
    return _unsubscribe_page(token, done=True)


# Mail programs post there by themselves (RFC 8058), with no page of ours and no cookies to abuse:
# the signed address is what shows that they may.
csrf.exempt(unsubscribe_submit)


def _unsubscribe_page(token: str, *, done: bool) -> str:
    labels = [topic_label(topic) for topic in service.list_link_topics(token)]
    return render_template("notifications/unsubscribe.html", token=token, topics=labels, done=done)
