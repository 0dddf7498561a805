"""«Подписки»: what the person follows, and what is new of it."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import PER_PAGE, back, pager, show_list, whole
from bot.people import Person
from bot.replies import Button, Reply
from bot.screens.entrance import ask_to_sign_in
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.subscriptions.models import Subscription, SubscriptionKind
from edu.subscriptions.service import (
    describe_search,
    get_subscription,
    list_feed,
    list_subscriptions,
    unfollow,
)

SHOWN, MAX_LABEL = 8, 48
SIGNS = {
    SubscriptionKind.SUBJECT: "📁",
    SubscriptionKind.AUTHOR: "👤",
    SubscriptionKind.SEARCH: "🔎",
}


def _name(subscription: Subscription) -> str:
    if subscription.kind == SubscriptionKind.SUBJECT and subscription.category:
        return subscription.category.full_name
    if subscription.kind == SubscriptionKind.AUTHOR and subscription.author:
        return subscription.author.name
    return describe_search(subscription)


def list_all(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What is followed; a button ends it. Argument: page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    followed = list_subscriptions(person.user)
    pages = max(1, -(-len(followed) // SHOWN))
    page = min(max(whole(args, 0), 1), pages)
    rows = tuple(
        (
            Button(
                f"{SIGNS[SubscriptionKind(each.kind)]} {shorten(_name(each), MAX_LABEL)}",
                f"subscriptions:ask:{each.id}:{page}",
            ),
        )
        for each in followed[(page - 1) * SHOWN : page * SHOWN]
    )
    feed = (Button(str(_("My feed")), "subscriptions:feed:1"),) if followed else ()
    advice = (
        _("Choose what to look at or to end.")
        if followed
        else _("You follow nothing yet. A subject or an author is followed from a material's card.")
    )
    title = bold(_("Subscriptions")) + f"\n\n{escape(advice)}"
    return Reply(title, (*rows, pager("subscriptions:list", page, pages), feed))


def ask(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """One subscription. Arguments: id, page of the list."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    subscription = get_subscription(person.user, whole(args, 0, 0))
    end = Button("🔕 " + _("Unfollow"), f"subscriptions:end:{subscription.id}")
    rows = [(end,), (back(f"subscriptions:list:{whole(args, 1)}"),)]
    if subscription.kind == SubscriptionKind.SUBJECT:
        go = f"subjects:open:{subscription.category_id}"
        rows.insert(0, (Button(str(_("Open")), go),))
    return Reply(f"<b>{escape(shorten(_name(subscription), 300))}</b>", tuple(rows))


def end(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Hear no more of it. Argument: id."""
    if person.user is not None:
        unfollow(get_subscription(person.user, whole(args, 0, 0)))
    return list_all(person, state, ())


def feed(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What is new of all that is followed. Argument: page."""
    if person.user is None:
        return ask_to_sign_in(person, state)
    listing = list_feed(person.user, whole(args, 0), PER_PAGE)
    counts = (listing.total, listing.page, listing.pages)
    ways = ((back("subscriptions:list:1"),),)
    return show_list(str(_("My feed")), listing.items, counts, "subscriptions:feed", ways)


ACTIONS = {"list": list_all, "ask": ask, "end": end, "feed": feed}
