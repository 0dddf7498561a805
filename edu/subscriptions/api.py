"""The API of subscriptions and their feed."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from edu.accounts.models import User
from edu.accounts.service import shown_name
from edu.api.blueprint import BEARER, NO_CONTENT, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.security import Scope, require_person
from edu.catalog.service import get_category
from edu.errors import InvalidInput, NotFound
from edu.extensions import absolute_url, db
from edu.materials.schemas import card_of
from edu.search.forms import read_input
from edu.subscriptions import service
from edu.subscriptions.models import Subscription, SubscriptionKind
from edu.subscriptions.schemas import (
    AuthorForm,
    Feed,
    FeedQuery,
    NewSubscription,
    SearchForm,
    SubjectForm,
    SubscriptionItem,
    SubscriptionList,
    SubscriptionName,
    SubscriptionPath,
)

bp = make_blueprint("subscriptions", "Subscriptions", "What you follow, and what is new of it.")

_CREATED: dict[str, Any] = {
    "description": "You follow it from now on, or did so already.",
    "headers": {
        "Location": {"description": "The subscription here.", "schema": {"type": "string"}}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SubscriptionItem"}}},
}


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _item(subscription: Subscription) -> SubscriptionItem:
    if subscription.kind == SubscriptionKind.SEARCH:
        name = service.describe_search(subscription)
        url = absolute_url("search.results", **service.search_arguments(subscription.target))
    elif subscription.category is not None:
        name = subscription.category.full_name
        url = absolute_url("catalog.browse", path=subscription.category.path)
    else:
        name = shown_name(subscription.author) if subscription.author else ""
        url = absolute_url("subscriptions.feed")
    return SubscriptionItem.of(subscription, name, url)


@bp.get(
    "/users/me/subscriptions",
    operation_id="listSubscriptions",
    summary="What you follow",
    description="Searches, subjects and authors, of each kind the latest first.",
    security=BEARER,
    responses={200: SubscriptionList, **problems(401, 403)},
)
@reads_request(first=_reader)
def index() -> Response:
    items = [_item(subscription) for subscription in service.list_subscriptions(_reader())]
    return reply(SubscriptionList(items=items))


@bp.post(
    "/users/me/subscriptions",
    operation_id="follow",
    summary="Follow something",
    description="You are told of new materials on a subject and all below it, of an author, or "
    f"found by a search. At most {service.MAX_SUBSCRIPTIONS} things can be followed.",
    security=BEARER,
    responses={
        201: _CREATED,
        **problems(401, 403, 409, 413, 422, s409="You follow too many things already."),
    },
)
@reads_request(first=_writer)
def follow(body: NewSubscription) -> Response:
    subscription = _follow(_writer(), body.root)
    db.session.commit()
    address = url_for("api_subscriptions.show", subscription_id=subscription.id)
    return reply(_item(subscription), 201, {"Location": address})


def _follow(person: User, wanted: SubjectForm | AuthorForm | SearchForm) -> Subscription:
    if isinstance(wanted, SearchForm):
        arguments = wanted.search.as_arguments()
        search = read_input(arguments, strict=True, text_name="search")
        return service.follow_search(person, search, wanted.name)
    try:
        if isinstance(wanted, AuthorForm):
            return service.follow_author(person, wanted.author_id)
        return service.follow_subject(person, get_category(wanted.category_id))
    except NotFound as error:
        field = "author_id" if isinstance(wanted, AuthorForm) else "category_id"
        raise InvalidInput(error.message, field=field) from error


@bp.get(
    "/users/me/subscriptions/<int:subscription_id>",
    operation_id="getSubscription",
    summary="One thing that you follow",
    description="As in the list.",
    security=BEARER,
    responses={200: SubscriptionItem, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def show(path: SubscriptionPath) -> Response:
    return reply(_item(service.get_subscription(_reader(), path.subscription_id)))


@bp.patch(
    "/users/me/subscriptions/<int:subscription_id>",
    operation_id="renameSubscription",
    summary="Rename a search",
    description="Subjects and authors have the names that they have.",
    security=BEARER,
    responses={200: SubscriptionItem, **problems(401, 403, 404, 413, 422)},
)
@reads_request(first=_writer)
def change(path: SubscriptionPath, body: SubscriptionName) -> Response:
    subscription = service.get_subscription(_writer(), path.subscription_id)
    service.rename_search(subscription, body.name)
    db.session.commit()
    return reply(_item(subscription))


@bp.delete(
    "/users/me/subscriptions/<int:subscription_id>",
    operation_id="unfollow",
    summary="Unfollow something",
    description="You hear no more of it.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def unfollow(path: SubscriptionPath) -> Response:
    service.unfollow(service.get_subscription(_writer(), path.subscription_id))
    db.session.commit()
    return nothing()


@bp.get(
    "/users/me/feed",
    operation_id="getFeed",
    summary="What is new of what you follow",
    description="Published materials of others, newest first.",
    security=BEARER,
    responses={200: Feed, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def feed(query: FeedQuery) -> Response:
    page = service.list_feed(_reader(), query.page or 1, query.per_page)
    items = [
        card_of(material, absolute_url("materials.show", material_id=material.id))
        for material in page.items
    ]
    place = {"total": page.total, "page": page.page, "pages": page.pages}
    return reply(Feed(items=items, per_page=page.per_page, **place))
