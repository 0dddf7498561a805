"""«Предметы»: the tree of subjects, down to their materials."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import PER_PAGE, back, pager, show_list, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.catalog.models import Category
from edu.catalog.service import get_category, list_subjects
from edu.materials.service import count_by_category, list_in_category
from edu.subscriptions.models import SubscriptionKind
from edu.subscriptions.service import find_subscription, follow_subject, unfollow

SUBJECTS_PER_PAGE = 10
MAX_LABEL = 48


def root(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """All subjects. Argument: page."""
    subjects = list_subjects()
    rows = _branches(subjects, whole(args, 0), "subjects:root")
    advice = _("Choose a subject.") if rows else _("Nothing here yet")
    return Reply(bold(_("Subjects")) + f"\n\n{escape(advice)}", rows)


def open_subject(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What lies below a subject; what has nothing below it, as its materials. Id, page."""
    category = get_category(whole(args, 0, 0))
    if not category.children:
        return materials(person, state, (args[0], "1"))
    everything = Button(
        _("All materials") + f" ({count_by_category()[category.id]})",
        f"subjects:list:{category.id}:1",
    )
    go = f"subjects:open:{category.id}"
    rows = (
        (everything,),
        *_branches(category.children, whole(args, 1), go),
        *_follow_row(person, category),
        (back(_above(category)),),
    )
    title = shorten(category.full_name, 300)
    advice = escape(_("Choose a part of the subject."))
    return Reply(f"{bold(title)}\n\n{advice}", rows)


def materials(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The materials of a category and of all below it. Arguments: id, page."""
    category = get_category(whole(args, 0, 0))
    listing = list_in_category(category, whole(args, 1), PER_PAGE)
    counts = (listing.total, listing.page, listing.pages)
    up = f"subjects:open:{category.id}" if category.children else _above(category)
    follow = () if category.children else _follow_row(person, category)
    go = f"subjects:list:{category.id}"
    return show_list(category.full_name, listing.items, counts, go, (*follow, (back(up),)))


def follow(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Begin or end to follow a subject, and show it again. Argument: id."""
    category = get_category(whole(args, 0, 0))
    if person.user is not None:
        kind, target = SubscriptionKind.SUBJECT.value, str(category.id)
        known = find_subscription(person.user, kind, target)
        if known is not None:
            unfollow(known)
        else:
            follow_subject(person.user, category)
    return open_subject(person, state, (str(category.id),))


def _follow_row(person: Person, category: Category) -> Rows:
    if person.user is None:
        return ()
    kind, target = SubscriptionKind.SUBJECT.value, str(category.id)
    known = find_subscription(person.user, kind, target)
    label = "🔕 " + _("Unfollow") if known else "🔔 " + _("Subscribe")
    return ((Button(label, f"subjects:follow:{category.id}"),),)


def _above(category: Category) -> str:
    return f"subjects:open:{category.parent_id}" if category.parent_id else "subjects:root"


def _branches(categories: list[Category], page: int, go: str) -> Rows:
    counts = count_by_category()
    pages = max(1, -(-len(categories) // SUBJECTS_PER_PAGE))
    page = min(max(page, 1), pages)
    shown = categories[(page - 1) * SUBJECTS_PER_PAGE : page * SUBJECTS_PER_PAGE]
    rows = tuple(
        (
            Button(
                f"{shorten(each.name, MAX_LABEL)} ({counts.get(each.id, 0)})",
                f"subjects:open:{each.id}",
            ),
        )
        for each in shown
    )
    turn = pager(go, page, pages)
    return (*rows, turn) if turn else rows


ACTIONS = {"root": root, "open": open_subject, "list": materials, "follow": follow}
