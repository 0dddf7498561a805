"""The form of a file in hand: its title, its subject, its type, each changed by a button."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.drafting import list_guesses
from bot.given import Draft, find_draft, keep_draft
from bot.lists import back, pager, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.accounts.models import User
from edu.catalog.models import Category, MaterialType
from edu.catalog.service import find_category, get_category, list_subjects, type_label
from edu.errors import InvalidInput, NotFound, SignInRequired
from edu.materials.service import MAX_TITLE, year_label
from edu.permissions import Permission, may
from edu.site.context import format_size

PER_PAGE, GUESSES, MAX_LABEL, MAX_NAME = 10, 3, 48, 100
MAX_DESCRIPTION = 300


def require_draft(person: Person, state: State, args: tuple[str, ...]) -> tuple[User, Draft]:
    """Whose file, and which. Raises SignInRequired, or NotFound when it is not in hand here."""
    if person.user is None:
        raise SignInRequired
    draft = find_draft(state, args[0] if args else "")
    if draft is None:
        raise NotFound(_("This file has been sent or cancelled already."))
    return person.user, draft


def show_form(user: User, draft: Draft) -> Reply:
    """What is said of the file so far, and the buttons that change it."""
    category = find_category(str(draft.category)) if draft.category else None
    missing = _missing(draft, category)
    advice = missing or _next_step(user, category)
    text = "\n".join([*_facts(draft, category), "", escape(advice)])
    key = draft.key
    fields = (
        Button(str(_("Title")), f"giving:name:{key}"),
        Button(str(_("Subject")), f"giving:subjects:{key}:0:1"),
        Button(str(_("Type")), f"giving:types:{key}"),
    )
    review = _("Publish") if _publishes(user, category) else _("Send to review")
    ready = () if missing else (Button(f"✅ {review}", f"giving:send:{key}"),)
    cancel = (Button(str(_("Cancel")), f"giving:drop:{key}"),)
    rows = (ready, fields, cancel) if ready else (fields, cancel)
    return Reply(text, rows, stays=True)


def _facts(draft: Draft, category: Category | None) -> list[str]:
    nothing = "—"
    subject = shorten(category.full_name, 200) if category else nothing
    if category and draft.as_last:
        subject += " " + _("(as last time)")
    lines = [
        f"📎 {escape(shorten(draft.name, MAX_NAME))} · {escape(format_size(draft.size))}",
        "",
        f"{escape(_('Title'))}: {bold(draft.title or nothing)}",
        f"{escape(_('Subject'))}: {bold(subject)}",
        f"{escape(_('Type'))}: {bold(type_label(draft.type) if draft.type else nothing)}",
    ]
    if draft.semester:
        lines.append(f"{escape(_('Semester'))}: {draft.semester}")
    if draft.year:
        lines.append(f"{escape(_('Academic year'))}: {escape(year_label(draft.year))}")
    if draft.tags:
        lines.append(f"{escape(_('Tags'))}: {escape(', '.join(draft.tags))}")
    if draft.description:
        about = shorten(draft.description, MAX_DESCRIPTION)
        lines.append(f"{escape(_('Description'))}: {escape(about)}")
    return lines


def _missing(draft: Draft, category: Category | None) -> str:
    """What still has to be said, "" when all is."""
    if not draft.title:
        return str(_("Give the material a title."))
    if category is None:
        return str(_("Choose a subject."))
    return "" if draft.type else str(_("Choose the type of the material."))


def _publishes(user: User, category: Category | None) -> bool:
    return category is not None and may(user, Permission.PUBLISH, category=category)


def _next_step(user: User, category: Category | None) -> str:
    if _publishes(user, category):
        return str(_("Is all of that right? Then it can be published."))
    return str(_("Is all of that right? Then send it to review."))


# Title ----------------------------------------------------------------------------------------


def ask_title(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The next text is the title. Argument: key."""
    _user, draft = require_draft(person, state, args)
    state.ask("giving:title", draft.key, state.message_id)
    now = f"\n\n{bold(draft.title)}" if draft.title else ""
    text = escape(_("Write the title in a message, or /cancel."))
    return Reply(f"{text}{now}", ((back(f"giving:open:{draft.key}"),),), stays=True)


def set_title(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: key, the message that has asked for it, the title. Raises InvalidInput."""
    key, asked, words = args
    if person.user is None or find_draft(state, key) is None:
        state.end_dialogue()
        text = _("The file is not in hand any more, so its title is not wanted. Send it again.")
        return Reply(escape(text), stays=True)
    user, draft = require_draft(person, state, args)
    title = " ".join(words.split())
    if len(title) > MAX_TITLE:
        too_long = _("The title may have at most %(max)d characters.", max=MAX_TITLE)
        raise InvalidInput(too_long, field="title")
    state.end_dialogue()
    shown = show_form(user, keep_draft(state, draft, title=title))
    return Reply(shown.text, shown.buttons, stays=True, replaces=int(asked))


# Subject --------------------------------------------------------------------------------------


def list_choices(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Subjects, or the parts of one. Arguments: key, id of what they lie below or 0, page."""
    user, draft = require_draft(person, state, args)
    above = get_category(parent) if (parent := whole(args, 1, 0)) else None
    choices = above.children if above else list_subjects()
    rows: list[tuple[Button, ...]] = []
    if above is not None:
        rows.append((_choose(draft, above, str(_("The whole subject"))),))
    elif whole(args, 2) == 1:
        guesses = list_guesses(user, draft)[:GUESSES]
        rows += [(_choose(draft, each, f"✨ {each.full_name}"),) for each in guesses]
    rows += _branches(draft, choices, parent, whole(args, 2))
    rows.append((back(_above(draft, above)),))
    title = bold(shorten(above.full_name, 300)) if above else bold(_("Subject"))
    advice = _("Choose a part of the subject.") if above else _("Choose a subject.")
    return Reply(f"{title}\n\n{escape(advice)}", tuple(rows), stays=True)


def _above(draft: Draft, category: Category | None) -> str:
    if category is None:
        return f"giving:open:{draft.key}"
    return f"giving:subjects:{draft.key}:{category.parent_id or 0}:1"


def _choose(draft: Draft, category: Category, label: str) -> Button:
    chosen = "✓ " if category.id == draft.category else ""
    return Button(chosen + shorten(label, MAX_LABEL), f"giving:subject:{draft.key}:{category.id}")


def _branch(draft: Draft, category: Category) -> Button:
    if not category.children:
        return _choose(draft, category, category.name)
    go = f"giving:subjects:{draft.key}:{category.id}:1"
    return Button(f"📁 {shorten(category.name, MAX_LABEL)}", go)


def _branches(draft: Draft, categories: list[Category], parent: int, page: int) -> Rows:
    pages = max(1, -(-len(categories) // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = categories[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = tuple((_branch(draft, each),) for each in shown)
    turn = pager(f"giving:subjects:{draft.key}:{parent}", page, pages)
    return (*rows, turn) if turn else rows


def set_subject(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: key, id. Raises NotFound when it does not exist any more."""
    user, draft = require_draft(person, state, args)
    category = get_category(whole(args, 1, 0))
    return show_form(user, keep_draft(state, draft, category=category.id, as_last=False))


# Type -----------------------------------------------------------------------------------------


def list_types(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The types. Argument: key."""
    _user, draft = require_draft(person, state, args)
    buttons = [
        Button(
            f"{'✓ ' if kind == draft.type else ''}{type_label(kind)}",
            f"giving:type:{draft.key}:{kind}",
        )
        for kind in MaterialType
    ]
    pairs = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    rows = (*pairs, (back(f"giving:open:{draft.key}"),))
    return Reply(escape(_("Choose the type of the material.")), rows, stays=True)


def set_type(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: key, type."""
    user, draft = require_draft(person, state, args)
    if args[1] not in set(MaterialType):
        raise InvalidInput(_("Choose the type of the material."), field="type")
    return show_form(user, keep_draft(state, draft, type=args[1]))


ACTIONS = {
    "name": ask_title,
    "title": set_title,
    "subjects": list_choices,
    "subject": set_subject,
    "types": list_types,
    "type": set_type,
}
