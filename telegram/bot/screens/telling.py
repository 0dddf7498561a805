"""«Уведомления»: of what the bot writes first, how soon, and at which hours not."""

from __future__ import annotations

from flask_babel import gettext as _

from bot.lists import back
from bot.people import Person
from bot.replies import Button, Reply
from bot.screens.entrance import ask_to_sign_in
from bot.state import State
from bot.texts import bold, escape, fits_button, link, site_address
from edu.accounts.models import User
from edu.notifications.choices import list_choices, pace_label, set_choice, topic_label
from edu.notifications.models import Pace
from edu.notifications.quiet import (
    end_quiet_hours,
    get_quiet_hours,
    guess_timezone,
    name_timezone,
    set_quiet_hours,
)

CHANNEL = "telegram"
# A telephone cuts long buttons off at their end, so the sign stands before the topic.
SIGNS = {Pace.INSTANT: "🔔", Pace.DAILY: "🕘", Pace.OFF: "🔕"}
PACES = tuple(SIGNS)
USUAL_HOURS = ((22, 8), (23, 7), (0, 9))


def show(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """A button for each topic, which changes how soon; and the quiet hours."""
    user = person.user
    if user is None:
        return ask_to_sign_in(person, state)
    topics = [
        (topic, pace) for (topic, name), pace in list_choices(user).items() if name == CHANNEL
    ]
    rows = [
        (
            Button(
                f"{SIGNS[pace]} {topic_label(topic)}: {pace_label(pace)}",
                f"telling:pace:{topic}:{_after(pace)}",
            ),
        )
        for topic, pace in topics
    ]
    advice = _("Press a line to choose when I write to you: 🔔 at once, 🕘 once a day or 🔕 never.")
    parts = (bold(_("Notifications")), escape(advice), *_describe_quiet(person, user))
    site = site_address("notifications.choices", "quiet")
    more = () if not fits_button(site) else ((Button(str(_("More on the site")), url=site),),)
    return Reply("\n\n".join(parts), (*rows, _quiet_row(user), *more, (back("settings:show"),)))


def _after(pace: Pace) -> str:
    return PACES[(PACES.index(pace) + 1) % len(PACES)].value


def _describe_quiet(person: Person, user: User) -> tuple[str, ...]:
    kept = get_quiet_hours(user)
    zone = name_timezone(guess_timezone(user, person.locale), person.locale)
    hours = _("none")
    if kept is not None:
        hours = _("from %(start)s until %(end)s", start=_clock(kept.start), end=_clock(kept.end))
    quiet = f"{bold(_('Quiet hours'))}: {escape(hours)}\n{escape(_('Time zone'))}: {escape(zone)}"
    note = _("Other hours and another time zone can be chosen on the site.")
    site = site_address("notifications.choices", "quiet")
    return quiet, escape(note) if fits_button(site) else link(site, str(note))


def _clock(hour: int) -> str:
    return f"{hour}:00"


def _quiet_row(user: User) -> tuple[Button, ...]:
    kept = get_quiet_hours(user)
    chosen = (kept.start, kept.end) if kept else None
    hours = [
        Button(f"{_mark((start, end) == chosen)} {start}–{end}", f"telling:quiet:{start}:{end}")
        for start, end in USUAL_HOURS
    ]
    none = str(_("none"))
    return (*hours, Button(none if chosen else f"✓ {none}", "telling:quiet"))


def _mark(chosen: bool) -> str:
    return "✓" if chosen else "🌙"


def choose_pace(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """When to hear of a topic here. Arguments: topic, pace."""
    if person.user is not None and len(args) == 2:
        set_choice(person.user, args[0], CHANNEL, args[1])
    return show(person, state, ())


def choose_quiet(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Some of the usual quiet hours. Arguments: start, end; none for no such hours."""
    user = person.user
    if user is None:
        return ask_to_sign_in(person, state)
    if not args:
        end_quiet_hours(user)
    elif (hours := tuple(map(_whole, args))) in USUAL_HOURS:
        set_quiet_hours(user, *hours, guess_timezone(user, person.locale))
    return show(person, state, ())


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else -1


ACTIONS = {"show": show, "pace": choose_pace, "quiet": choose_quiet}
