"""The API of notifications."""

from __future__ import annotations

from flask import Response

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, require_person
from edu.extensions import absolute_url, db
from edu.notifications import service
from edu.notifications.choices import list_choices
from edu.notifications.models import Notification
from edu.notifications.quiet import USUAL, change_quiet_hours, get_quiet_hours, guess_timezone
from edu.notifications.schemas import (
    Choice,
    Choices,
    NotificationItem,
    NotificationList,
    NotificationPath,
    NotificationQuery,
    QuietTime,
)
from edu.notifications.titles import page_url, shown_title
from edu.site.settings import site_settings

bp = make_blueprint("notifications", "Notifications", "What you were told, and when to be told.")


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _item(notification: Notification) -> NotificationItem:
    material_id = notification.material_id
    url = page_url(notification)
    if material_id is not None:  # also where it is hidden from who has reported it
        url = absolute_url("materials.show", material_id=material_id)
    return NotificationItem.of(notification, shown_title(notification), url)


@bp.get(
    "/users/me/notifications",
    operation_id="listNotifications",
    summary="What you were told",
    description="New materials of what you follow, decisions on your uploads, what became of your "
    "requests and reports, answers of the assistant; newest first. What waits for review is not "
    "among it: see the review queue.",
    security=BEARER,
    responses={200: NotificationList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def index(query: NotificationQuery) -> Response:
    person = _reader()
    page = service.list_notifications(
        person, query.page or 1, query.per_page, unread=bool(query.unread)
    )
    answer = NotificationList(
        items=[_item(notification) for notification in page.items],
        unread=service.count_unread(person),
        total=page.total,
        page=page.page,
        pages=page.pages,
        per_page=page.per_page,
    )
    return reply(answer)


@bp.post(
    "/users/me/notifications/<int:notification_id>/read",
    operation_id="readNotification",
    summary="Mark one as read",
    description="Doing it twice does no harm.",
    security=BEARER,
    responses={200: NotificationItem, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def read(path: NotificationPath) -> Response:
    notification = service.read_notification(_writer(), path.notification_id)
    db.session.commit()
    return reply(_item(notification))


@bp.post(
    "/users/me/notifications/read-all",
    operation_id="readAllNotifications",
    summary="Mark all as read",
    description="Everything that you were told until now.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403)},
)
@reads_request(first=_writer)
def read_all() -> Response:
    service.read_all(_writer())
    db.session.commit()
    return nothing()


@bp.get(
    "/users/me/notification-choices",
    operation_id="getNotificationChoices",
    summary="When you are told",
    description="For each topic and each channel that can reach you. On the site you always are.",
    security=BEARER,
    responses={200: Choices, **problems(401, 403)},
)
@reads_request(first=_reader)
def choices() -> Response:
    return _answer(_reader())


@bp.put(
    "/users/me/notification-choices",
    operation_id="setNotificationChoices",
    summary="Choose when to be told",
    description="Sets those that are given and leaves the others; answers with all.",
    security=BEARER,
    responses={
        200: Choices,
        **problems(401, 403, 404, 413, 422, s404="There is no such channel, or none to you."),
    },
)
@reads_request(first=_writer)
def set_choices(body: Choices) -> Response:
    person = _writer()
    chosen = {(item.topic.value, item.channel): item.pace.value for item in body.items}
    service.set_choices(person, chosen)
    db.session.commit()
    return _answer(person)


@bp.get(
    "/users/me/quiet-hours",
    operation_id="getQuietHours",
    summary="When you are not to be disturbed",
    description="Messages in Telegram wait until these hours end; letters do not.",
    security=BEARER,
    responses={200: QuietTime, **problems(401, 403)},
)
@reads_request(first=_reader)
def quiet_hours() -> Response:
    return _answer_quiet(_reader())


@bp.put(
    "/users/me/quiet-hours",
    operation_id="setQuietHours",
    summary="Choose when not to be disturbed",
    description="What waits by then is looked at anew.",
    security=BEARER,
    responses={200: QuietTime, **problems(401, 403, 413, 422)},
)
@reads_request(first=_writer)
def set_quiet_hours(body: QuietTime) -> Response:
    person = _writer()
    change_quiet_hours(person, body.on, body.start, body.end, body.timezone)
    db.session.commit()
    return _answer_quiet(person)


def _answer_quiet(person: User) -> Response:
    kept, (start, end) = get_quiet_hours(person), USUAL
    if kept is not None:
        start, end = kept.start, kept.end
    zone = guess_timezone(person, person.locale or site_settings().default_locale)
    return reply(QuietTime(on=kept is not None, start=start, end=end, timezone=zone))


def _answer(person: User) -> Response:
    items = [
        Choice(topic=topic, channel=channel, pace=pace)
        for (topic, channel), pace in list_choices(person).items()
    ]
    return reply(Choices(items=items))
