"""A material: its card with the place that was found, its file, its stars."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.cited import find_cited
from bot.lists import back, facts, read_origin, whole
from bot.people import Person
from bot.pictures import bot_id, page_picture, thumbnail
from bot.places import place_address, place_label, place_line
from bot.replies import Button, Document, Picture, Reply, Rows
from bot.searching import find_hit
from bot.state import State
from bot.texts import escape, fits_button, link, shorten, site_address
from edu.errors import SignInRequired
from edu.extensions import storage
from edu.library.service import record_opening
from edu.materials.models import Material, MaterialStatus, StoredFile
from edu.materials.service import count_view, get_visible, status_label
from edu.ratings.service import can_rate, rate_material, summarise_rating
from edu.reports.service import can_report
from edu.search.hits import FoundPlace
from edu.site.context import format_duration, format_size
from edu.storage.base import original_key
from edu.telegram_chats.service import find_file, sign_file
from jobs.search import update_index

MAX_TITLE, MAX_DESCRIPTION, MAX_COMPARED = 200, 300, 80
MAX_UPLOAD = 50 * 1024 * 1024  # bytes that a bot may send
PLACES_SHOWN = 4
# Opened from an answer: it stays, and so does the conversation.
TALKS = "a"


def show(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The card. Arguments: id, which of the found places, where it was opened from."""
    material = get_visible(person.user, whole(args, 0, 0))
    origin = args[2] if args[2:] else ""
    count_view(material, person.user, f"telegram {person.chat_id}")
    record_opening(person.user, material)
    if origin[:1] != TALKS:
        state.end_dialogue()
    return card(person, state, material, origin, whole(args, 1, 0))


def card(person: Person, state: State, material: Material, origin: str, at: int = 0) -> Reply:
    """The card of a material; with the place number `at` of those that a search has found."""
    hit = find_hit(state, origin, material.id) or find_cited(person, origin, material)
    places, marks = (hit[0].places[:PLACES_SHOWN], hit[1]) if hit else ([], "")
    place = places[min(at, len(places) - 1)] if places else None
    address = place_address(material, place, marks)
    rows: Rows = (
        _place_row(material, places, place, origin),
        _open_row(material, address, origin),
        *_person_rows(person, material, origin),
        (back(read_origin(origin) or "search:prompt"),),
    )
    text = _describe(material, place, address)
    return Reply(
        text, rows, _picture(person, material, place), stays=origin[:1] in ("s", "", TALKS)
    )


def _describe(material: Material, place: FoundPlace | None, address: str) -> str:
    file = material.file
    lines = [
        f"<b>{link(address, shorten(material.title, MAX_TITLE))}</b>",
        escape(facts(material)),
        escape(file_facts(file)),
    ]
    if material.status != MaterialStatus.ACTIVE:
        lines.append(f"<i>{escape(status_label(material.status))}</i>")
    if place is not None:
        lines += ["", place_line(place)]
    if material.description and not _is_quoted(material.description, place):
        lines += ["", escape(shorten(material.description, MAX_DESCRIPTION))]
    return "\n".join(lines)


def _is_quoted(description: str, place: FoundPlace | None) -> bool:
    """Whether what was found is the file's own copy of its description."""
    found = "".join(text for text, _matched in place.pieces) if place is not None else ""
    return " ".join(description.split())[:MAX_COMPARED] in " ".join(found.split())


def file_facts(file: StoredFile) -> str:
    """Kind, length and size of a file in one line of plain text."""
    parts = [file.kind.upper() if file.kind != "video" else str(_("Video"))]
    if file.duration:
        parts.append(format_duration(file.duration))
    return " · ".join([*parts, format_size(file.size)])


def _picture(person: Person, material: Material, place: FoundPlace | None) -> Picture | None:
    page = place.number if place is not None and place.kind == "page" else 0
    return (page_picture(person, material, page) if page else None) or thumbnail(material)


def _place_row(
    material: Material, places: list[FoundPlace], shown: FoundPlace | None, origin: str
) -> tuple[Button, ...]:
    if len(places) < 2:
        return ()
    return tuple(
        Button(
            f"{'• ' if place is shown else ''}{place_label(place)}",
            f"material:show:{material.id}:{n}:{origin}",
        )
        for n, place in enumerate(places)
    )


def _open_row(material: Material, address: str, origin: str) -> tuple[Button, ...]:
    download = Button("⬇ " + _("Download"), f"material:download:{material.id}:{origin}")
    if not fits_button(address):  # the title leads there
        return (download,)
    return (Button("🌐 " + _("Open on the site"), url=address), download)


def _person_rows(person: Person, material: Material, origin: str) -> Rows:
    if person.user is None:
        return ((Button(str(_("Sign in")), f"entrance:show:{material.id}:{origin}"),),)
    tail = f"{material.id}:{origin}"
    first = []
    if can_rate(person.user, material):
        first.append(Button("★ " + _("Rate"), f"material:stars:{tail}"))
    first.append(Button("➕ " + _("To a collection"), f"keeping:choose:{tail}"))
    second = [Button("🔔 " + _("Subscribe"), f"keeping:follow:{tail}")]
    if can_report(person.user, material):
        second.append(Button("⚠ " + _("Report"), f"reports:reasons:{tail}"))
    return (tuple(first), tuple(second))


# Stars ----------------------------------------------------------------------------------------


def stars(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Stars below the card, which stays. Arguments: id, origin."""
    material = get_visible(person.user, whole(args, 0, 0))
    origin = args[1] if args[1:] else ""
    return Reply(
        buttons=(
            star_row(person, material, origin),
            (back(f"material:show:{material.id}:0:{origin}"),),
        )
    )


def star_row(person: Person, material: Material, origin: str) -> tuple[Button, ...]:
    """One to five stars, the person's own marked; nothing for those who may not rate."""
    if not can_rate(person.user, material):
        return ()
    mine = summarise_rating(material, person.user).mine
    return tuple(
        Button(f"{'✓' if n == mine else ''}{n} ★", f"material:rate:{material.id}:{n}:{origin}")
        for n in range(1, 6)
    )


def rate(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Give stars. Arguments: id, stars, origin: `d` below a file that was sent, `r…` an answer."""
    if person.user is None:
        raise SignInRequired
    material = get_visible(person.user, whole(args, 0, 0))
    rate_material(person.user, material, whole(args, 1, 0))
    state.afterwards.append(update_index.enqueue)
    origin, thanks = (args[2] if args[2:] else ""), str(_("Thank you! Your rating counts."))
    if origin == "d":
        return Reply(buttons=(star_row(person, material, origin),), alert=thanks)
    if origin[:1] == "r":
        answer = read_origin(TALKS + origin[1:])
        return Reply(buttons=(star_row(person, material, origin), (back(answer),)), alert=thanks)
    shown = card(person, state, material, origin)
    return Reply(shown.text, shown.buttons, shown.picture, alert=thanks, stays=shown.stays)


# The file -------------------------------------------------------------------------------------


def download(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The file itself, stars below it; one that is too large by a link. Arguments: id, origin."""
    material = get_visible(person.user, whole(args, 0, 0))
    file = material.file
    if file.size > MAX_UPLOAD:
        return Reply(then=_large(person, material))
    key = original_key(file.sha256)
    document = Document(key, key, file.download_name, find_file(bot_id(), key))
    caption = f"<b>{escape(shorten(material.title, MAX_TITLE))}</b>"
    rows = (star_row(person, material, "d"),)
    return Reply(then=Reply(caption, rows, document=document, stays=True))


def _large(person: Person, material: Material) -> Reply:
    file = material.file
    address = storage().presign(
        original_key(file.sha256),
        media_type=file.media_type,
        disposition=f'attachment; filename="file{file.download_name[-5:]}"',
    )
    token = sign_file(person.user, material)
    address = address or site_address("telegram_chats.file", token=token)
    text = _(
        "The file has %(size)s, which is more than Telegram takes from a bot. "
        "This link is good for an hour.",
        size=format_size(file.size),
    )
    name = link(address, shorten(material.title, MAX_TITLE))
    rows = ((Button("⬇ " + _("Download"), url=address),),) if fits_button(address) else ()
    return Reply(f"<b>{name}</b>\n\n{escape(text)}", rows, stays=True)


ACTIONS = {"show": show, "stars": stars, "rate": rate, "download": download}
