"""A file that somebody sends: looked at, named, filed, and sent on into review."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask_babel import gettext as _
from limits import parse_many

from bot.drafting import draft_of
from bot.given import (
    MOST_IN_HAND,
    Draft,
    Given,
    find_draft,
    forget_draft,
    forget_lost,
    is_whole,
    keep_draft,
    list_drafts,
)
from bot.people import Person
from bot.receipts import (
    MAX_NAME,
    duplicate_found,
    loading,
    not_fetched,
    refuse_given,
    say,
    say_what_is_taken,
    sent,
    too_big,
    too_many,
)
from bot.replies import Reply
from bot.screens.entrance import ask_to_sign_in
from bot.screens.filing import ACTIONS as FILING
from bot.screens.filing import require_draft, show_form
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.accounts.models import User
from edu.catalog.service import get_category
from edu.errors import NotFound, SignInRequired
from edu.extensions import db, limiter, settings
from edu.materials.models import StoredFile
from edu.materials.service import (
    DuplicateFile,
    MaterialData,
    can_upload,
    refuse_duplicate,
    upload_material,
)
from edu.media.errors import FileRefused
from edu.media.inspect import sniff
from edu.media.messages import refusal_message
from edu.permissions import Permission, may
from edu.uploads.service import (
    Expired,
    Incomplete,
    accept_upload,
    create_upload,
    drop_upload,
    lend_upload,
    remove_bytes,
)
from jobs.materials import process_material

TOO_BIG = "too big"  # why a file was not fetched


def receive(given: Given, person: Person, state: State) -> Reply:
    """A file has come. The reply's `fetch` says that its bytes are wanted.

    Raises TooLarge or TooMany when the person or the site has no room for it.
    """
    state.end_dialogue()
    user = person.user
    if user is None:
        way_in = ask_to_sign_in(person, state)
        text = escape(_("Only those who are signed in can give files. Sign in and send it again."))
        return replace(way_in, text=f"{text}\n\n{way_in.text}", stays=True)
    if not can_upload(user):
        return say(_("Only confirmed accounts can upload."))
    if refusal := refuse_given(given):
        return refusal
    forget_lost(user, state)
    known = next((d for d in list_drafts(state) if d.unique_id == given.unique_id), None)
    if known is not None:
        return open_draft(person, state, (known.key,))
    if len(list_drafts(state)) >= MOST_IN_HAND:
        return too_many(given)
    if not _may_give(user):
        return say(_("That was a lot of files. Please go on in an hour."))
    upload = create_upload(user, given.full_name, given.size or 0)
    return loading(keep_draft(state, draft_of(user, given, upload)))


def refuse_other(person: Person, state: State) -> Reply:
    """A picture, a voice: nothing that the library takes."""
    return say(f"{_('A picture or a sound cannot be given.')} {say_what_is_taken()}")


def _may_give(user: User) -> bool:
    """As many an hour as on the site."""
    limits = parse_many(settings().upload_limit)
    return all(limiter.limiter.hit(each, "files given", str(user.id)) for each in limits)


# Arrived --------------------------------------------------------------------------------------


def arrive(upload_id: str, failure: str, person: Person, state: State) -> Reply:
    """The bytes are here, or could not be fetched: `failure` is TOO_BIG, another word, or ""."""
    draft = find_draft(state, upload_id)
    if draft is None or person.user is None:  # given up, or signed out meanwhile
        return Reply()
    if failure == TOO_BIG:
        _forget(person.user, state, draft)
        return too_big(draft.name, draft.size)
    shown = None if failure else open_draft(person, state, (draft.key,))
    return not_fetched(draft) if shown is None or shown.fetch else shown


def open_draft(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """A file in hand: fetched if it is not here yet, else its form. Argument: key."""
    user, draft = require_draft(person, state, args)
    state.end_dialogue()
    try:
        if not is_whole(user, draft):
            return loading(draft)
        return _judge(user, state, draft) or show_form(user, draft)
    except (NotFound, Expired):
        return _gone(state, draft)


def _gone(state: State, draft: Draft) -> Reply:
    forget_draft(state, draft)
    text = escape(_("Too much time has passed. Send the file again."))
    return Reply(f"{bold(shorten(draft.name, MAX_NAME))}\n\n{text}", stays=True)


def _judge(user: User, state: State, draft: Draft) -> Reply | None:
    """Look at the bytes as the site does when a form is sent; None: they are fine."""
    try:
        with lend_upload(user, draft.upload) as incoming:
            sniff(incoming.path, incoming.name, max_bytes=settings().max_upload_bytes)
            if not draft.again:
                refuse_duplicate(user, StoredFile(sha256=incoming.sha256))
    except FileRefused as refused:
        _forget(user, state, draft)
        sentence = refusal_message(refused.code, refused.details)
        return Reply(f"{bold(shorten(draft.name, MAX_NAME))}\n\n{escape(sentence)}", stays=True)
    except DuplicateFile as duplicate:
        return duplicate_found(draft, duplicate)
    return None


def take_again(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The same bytes once more, on purpose. Argument: key."""
    user, draft = require_draft(person, state, args)
    return show_form(user, keep_draft(state, draft, again=True))


# Sent, or given up ----------------------------------------------------------------------------


def send(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Make a material of it. Argument: key. Raises InvalidInput, as the form of the site does."""
    user, draft = require_draft(person, state, args)
    data = _data_of(draft)
    try:
        file = accept_upload(user, draft.upload)
        material = upload_material(user, data, file, allow_duplicate=draft.again)
    except DuplicateFile as duplicate:  # somebody was faster
        shown = duplicate_found(draft, duplicate)
        db.session.rollback()
        return shown
    except Incomplete:
        return loading(draft)
    except (NotFound, Expired):
        return _gone(state, draft)
    state.end_dialogue()
    forget_draft(state, draft)
    state.afterwards.append(partial(remove_bytes, draft.upload))
    state.afterwards.append(partial(process_material.enqueue, material.id))
    publishes = may(user, Permission.PUBLISH, category=material.category)
    return sent(material.id, material.title, publishes=publishes)


def _data_of(draft: Draft) -> MaterialData:
    return MaterialData(
        title=draft.title,
        description=draft.description,
        tags=list(draft.tags),
        type=draft.type,
        category=get_category(draft.category),
        semester=draft.semester,
        year=draft.year,
    )


def drop(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Give it up. Argument: key."""
    if person.user is None:
        raise SignInRequired
    draft = find_draft(state, args[0] if args else "")
    if draft is not None:
        _forget(person.user, state, draft)
    state.end_dialogue()
    name = f"{bold(shorten(draft.name, MAX_NAME))}\n\n" if draft else ""
    return Reply(name + escape(_("Cancelled.")), stays=True)


def drop_last(person: Person, state: State) -> Reply:
    """Give up the file that was given last: /cancel."""
    return drop(person, state, (list_drafts(state)[-1].key,))


def _forget(user: User, state: State, draft: Draft) -> None:
    forget_draft(state, draft)
    drop_upload(user, draft.upload)
    state.afterwards.append(partial(remove_bytes, draft.upload))


ACTIONS = {"open": open_draft, "again": take_again, "send": send, "drop": drop, **FILING}
