"""Pages of subscriptions and their feed, and the same feed for programs that read such."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.accounts.views import safe_target
from edu.catalog.service import get_category
from edu.errors import InvalidInput
from edu.extensions import absolute_url, db, limiter, settings
from edu.htmx import wants_fragment
from edu.materials.models import Material
from edu.search.forms import read_input
from edu.search.service import SearchInput
from edu.site.requests import current_person, signed_in, who_asks
from edu.site.settings import site_settings
from edu.subscriptions import service
from edu.subscriptions.models import Subscription

bp = Blueprint("subscriptions", __name__)
# What XML cannot hold, however it is written.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # when a feed without entries has changed
MAX_AGE_S = 300


# For templates --------------------------------------------------------------------------------


def my_subscription(kind: str, target: object) -> Subscription | None:
    """What the person who asks follows this by, if they do."""
    return service.find_subscription(current_person(), kind, str(target))


def search_target(wanted: SearchInput) -> str:
    """The spelling under which a search is followed; empty for one that cannot be."""
    try:
        return service.write_search(wanted)
    except InvalidInput:
        return ""


for helper in (my_subscription, search_target, service.describe_search, service.search_arguments):
    bp.add_app_template_global(helper)


# Following ------------------------------------------------------------------------------------


@bp.get("/me/subscriptions")
def index() -> str:
    person = signed_in()
    return render_template(
        "subscriptions/index.html",
        subscriptions=service.list_subscriptions(person),
        token=service.find_feed_token(person),
    )


@bp.post("/me/subscriptions/subjects/<int:category_id>")
def follow_subject(category_id: int) -> str | BaseResponse:
    service.follow_subject(signed_in(), get_category(category_id))
    return _changed("subject", category_id, _("You will hear of new materials on this subject."))


@bp.post("/me/subscriptions/authors/<int:author_id>")
def follow_author(author_id: int) -> str | BaseResponse:
    service.follow_author(signed_in(), author_id)
    return _changed("author", author_id, _("You will hear of new materials of this author."))


@bp.post("/me/subscriptions/searches")
def follow_search() -> BaseResponse:
    wanted = read_input(request.form, strict=False)
    service.follow_search(signed_in(), wanted, request.form.get("name", ""))
    db.session.commit()
    flash(_("You will hear of new materials that this search finds."), "success")
    return _back()


@bp.post("/me/subscriptions/<int:subscription_id>/unfollow")
def unfollow(subscription_id: int) -> str | BaseResponse:
    subscription = service.get_subscription(signed_in(), subscription_id)
    kind, target = subscription.kind, subscription.target
    service.unfollow(subscription)
    return _changed(kind, target, _("You do not follow this any more."))


@bp.post("/me/subscriptions/<int:subscription_id>/rename")
def rename(subscription_id: int) -> BaseResponse:
    subscription = service.get_subscription(signed_in(), subscription_id)
    service.rename_search(subscription, request.form.get("name", ""))
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index"), 303)


def _changed(kind: str, target: object, message: str) -> str | BaseResponse:
    db.session.commit()
    if wants_fragment():
        return render_template("subscriptions/_button.html", kind=kind, target=target)
    flash(message, "success")
    return _back()


def _back() -> BaseResponse:
    target = request.form.get("next")
    return redirect(safe_target(target) if target else url_for(".index"), 303)


# The feed -------------------------------------------------------------------------------------


@bp.get("/me/feed")
def feed() -> str:
    person = signed_in()
    page = service.list_feed(person, request.args.get("page", 1, type=int))
    count = service.count_subscriptions(person)
    return render_template("subscriptions/feed.html", page=page, count=count)


@bp.post("/me/feed/renew")
def renew() -> BaseResponse:
    person = signed_in()
    had_one = service.find_feed_token(person) is not None
    service.renew_feed_token(person)
    db.session.commit()
    changed = _("The feed has a new address; the old one shows nothing any more.")
    flash(changed if had_one else _("The feed has an address now."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/feeds/<token>.<any(atom, rss):form>")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def read_feed(token: str, form: str) -> BaseResponse:
    owner = service.find_feed_owner(token)
    with force_locale(owner.locale or site_settings().default_locale):
        title = _("What %(name)s follows", name=owner.name)
        home = absolute_url("subscriptions.feed")
        return _render(form, title, home, service.list_feed_entries(owner), "private")


@bp.get("/feeds/subject/<int:category_id>.<any(atom, rss):form>")
@limiter.limit(lambda: settings().search_limit, key_func=who_asks)
def read_subject(category_id: int, form: str) -> BaseResponse:
    category = get_category(category_id)
    entries = service.list_subject_entries(category)
    home = absolute_url("catalog.browse", path=category.path)
    return _render(form, category.full_name, home, entries, "public")


def _render(
    form: str, title: str, home: str, entries: Sequence[Material], cache: str
) -> BaseResponse:
    moments = [entry.published_at or entry.created_at for entry in entries]
    updated = max(moments, default=EPOCH)
    xml = render_template(
        f"subscriptions/{form}.xml",
        title=title,
        home=home,
        here=settings().site_url + request.path,
        updated=updated,
        entries=[
            (entry, absolute_url("materials.show", material_id=entry.id), moment)
            for entry, moment in zip(entries, moments, strict=True)
        ],
        rfc822=format_datetime,
    )
    response = Response(NOT_XML.sub("", xml), content_type=f"application/{form}+xml; charset=utf-8")
    response.headers["Cache-Control"] = f"{cache}, max-age={MAX_AGE_S}"
    response.headers["X-Robots-Tag"] = "noindex"
    response.last_modified = updated
    response.add_etag()
    return response.make_conditional(request)
