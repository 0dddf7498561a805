"""What the bot says of a file that somebody gives."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.given import Draft, Given, suffix_of
from bot.replies import Button, Reply, Rows
from bot.texts import bold, escape, fits_button, link, shorten, site_address
from edu.extensions import settings
from edu.materials.service import DuplicateFile
from edu.media.messages import refusal_message
from edu.site.context import format_size

MAX_SIZE = 20 * 1024 * 1024  # bytes that a bot may fetch
MAX_NAME = 100


def say(sentence: str, rows: Rows = ()) -> Reply:
    """A sentence that stays."""
    return Reply(escape(sentence), rows, stays=True)


def say_what_is_taken() -> str:
    """The kinds of files, in a sentence."""
    return str(_("The library takes PDF, DOCX and MP4 files."))


def refuse_given(given: Given) -> Reply | None:
    """Why the file is not even fetched; None: it may be."""
    name = bold(shorten(given.full_name, MAX_NAME))
    suffix = suffix_of(given.full_name)
    if suffix in (".srt", ".vtt"):
        how = _("Subtitles are added on the page of their video, on the site.")
        return Reply(f"{name}\n\n{escape(how)}", stays=True)
    if not given.is_taken:
        how = _("This file is none of these: save it in one of these formats and send it again.")
        return Reply(f"{name}\n\n{escape(say_what_is_taken())} {escape(how)}", stays=True)
    if given.size is None:
        return _unreachable(given)
    if not given.size:
        return Reply(f"{name}\n\n{escape(refusal_message('empty'))}", stays=True)
    if given.size > MAX_SIZE:
        return too_big(given.full_name, given.size)
    return None


def _unreachable(given: Given) -> Reply:
    text = escape(_("The file could not be fetched from Telegram. Please send it again."))
    return Reply(f"{bold(shorten(given.full_name, MAX_NAME))}\n\n{text}", stays=True)


def too_big(name: str, size: int) -> Reply:
    """The way to the site for what Telegram does not hand out."""
    address = site_address("materials.upload")
    text = _(
        "The file has %(size)s, and Telegram lets a bot fetch no more than %(most)s. "
        "Upload it on the site: there up to %(limit)s are taken.",
        size=format_size(size),
        most=format_size(MAX_SIZE),
        limit=format_size(settings().max_upload_bytes),
    )
    label = str(_("Upload on the site"))
    named = bold(shorten(name, MAX_NAME))
    if fits_button(address):
        return Reply(f"{named}\n\n{escape(text)}", ((Button(label, url=address),),), stays=True)
    return Reply(f"{named}\n\n{escape(text)}\n{link(address, label)}", stays=True)


def too_many(given: Given) -> Reply:
    """There are MOST_IN_HAND already."""
    text = _(
        "So many files are in hand already: send some of them on or cancel them, "
        "then send this one again."
    )
    rows = ((Button(str(_("My uploads")), "uploads:list:1"),),)
    return Reply(f"{bold(shorten(given.full_name, MAX_NAME))}\n\n{escape(text)}", rows, stays=True)


def loading(draft: Draft) -> Reply:
    """It is on its way; `fetch` has it fetched."""
    text = escape(_("Fetching the file…"))
    rows = ((Button(str(_("Cancel")), f"giving:drop:{draft.key}"),),)
    name = bold(shorten(draft.name, MAX_NAME))
    return Reply(f"{name}\n\n{text}", rows, stays=True, fetch=draft.upload)


def not_fetched(draft: Draft) -> Reply:
    """Telegram was silent, or the line broke: there is another try."""
    text = escape(_("The file could not be fetched from Telegram. Please try again."))
    again = Button("🔄 " + _("Try again"), f"giving:open:{draft.key}")
    rows = ((again,), (Button(str(_("Cancel")), f"giving:drop:{draft.key}"),))
    return Reply(f"{bold(shorten(draft.name, MAX_NAME))}\n\n{text}", rows, stays=True)


def duplicate_found(draft: Draft, duplicate: DuplicateFile) -> Reply:
    """The library has these bytes: what holds them, if the person may see it."""
    lines = [
        bold(shorten(draft.name, MAX_NAME)),
        "",
        bold(_("This file is already in the library")),
    ]
    rows: list[tuple[Button, ...]] = []
    existing = duplicate.existing
    if existing is not None:
        address = site_address("materials.show", material_id=existing.id)
        lines += [link(address, shorten(existing.title, 200)), escape(existing.category.full_name)]
        rows.append((Button(str(_("Open the existing one")), f"material:show:{existing.id}:0:"),))
        advice = _(
            "Open the existing material, or upload yours beside it if it belongs to another "
            "subject."
        )
    else:
        advice = _(
            "Somebody has uploaded it, and it waits for a moderator. Upload yours beside it if it "
            "belongs to another subject."
        )
    rows.append((Button(str(_("Upload anyway")), f"giving:again:{draft.key}"),))
    rows.append((Button(str(_("Cancel")), f"giving:drop:{draft.key}"),))
    return Reply("\n".join([*lines, "", escape(advice)]), tuple(rows), stays=True)


def sent(material_id: int, title: str, *, publishes: bool) -> Reply:
    """It is a material now."""
    what = (
        _("Sent. It will be published as soon as it is processed.")
        if publishes
        else _("Sent. It is being processed, and then waits for a moderator.")
    )
    rows = (
        (Button(str(_("Open")), f"material:show:{material_id}:0:u1"),),
        (Button(str(_("My uploads")), "uploads:list:1"),),
    )
    return Reply(f"{bold(shorten(title, 200))}\n\n{escape(what)}", rows, stays=True)
