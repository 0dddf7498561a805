"""«Поиск»: what was found, its pages, and the way to each place."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import ngettext

from bot import searching
from bot.lists import MAX_TITLE, PER_PAGE, back, item, number_row, pager, whole
from bot.people import Person
from bot.places import place_address, place_line
from bot.replies import Button, Reply, Rows
from bot.searching import Wanted
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.catalog.models import MaterialType
from edu.catalog.service import get_category, list_subjects, type_label
from edu.search.hits import FoundMaterial
from edu.search.labels import describe_change
from edu.search.service import Found

MAX_UNDERSTOOD, MAX_LABEL = 300, 48
SUBJECTS_SHOWN = 12


def prompt(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """«Поиск» of the menu: any text is a search, so there is nothing but to say so."""
    how = _(
        "Write what you are looking for, as you would say it: a topic, a theorem, a phrase from "
        "a lecture. A title in the answer opens the material at the place that was found."
    )
    more = _('Words in "quotes" are searched for as a phrase; a word with a minus is left out.')
    return Reply(bold(_("Search")) + f"\n\n{escape(how)}\n\n{escape(more)}")


def search(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """What somebody has typed. Argument: the text."""
    text = searching.clean(args[0])
    if not text:
        return prompt(person, state, ())
    return _results(state, Wanted(text), 1)


def page(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """A page of a search. Arguments: its number, page."""
    return _results(state, searching.read(state, whole(args, 0, 0)), whole(args, 1))


def exact(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """The words as they were typed, with nothing understood. Argument: the search."""
    wanted = searching.read(state, whole(args, 0, 0))
    return _results(state, replace(wanted, exact=True), 1)


def filters(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Types and subjects to narrow by, with what each would leave. Argument: the search."""
    number = whole(args, 0, 0)
    wanted = searching.read(state, number)
    counts = searching.find(replace(wanted, type=""), 1, counts=True).counts
    left = counts.get("type", {}) if counts else {}
    kinds = [
        Button(
            f"{'✓ ' if wanted.type == kind else ''}{type_label(kind)} ({left.get(kind, 0)})",
            f"search:type:{number}:{'' if wanted.type == kind else kind}",
        )
        for kind in MaterialType
        if left.get(kind) or wanted.type == kind
    ]
    rows = [tuple(kinds[at : at + 2]) for at in range(0, len(kinds), 2)]
    rows += _subject_rows(wanted, number)
    rows.append((back(f"search:page:{number}:1"),))
    title = bold(_("Filters")) + f": {escape(shorten(wanted.text, MAX_TITLE))}"
    advice = escape(_("Choose what to narrow the search by."))
    return Reply(f"{title}\n\n{advice}", tuple(rows))


def _subject_rows(wanted: Wanted, number: int) -> list[tuple[Button, ...]]:
    counts = searching.find(replace(wanted, category=0), 1, counts=True).counts
    left = counts.get("category", {}) if counts else {}
    subjects = [each for each in list_subjects() if left.get(each.id)]
    subjects.sort(key=lambda each: -left[each.id])
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                f"{shorten(each.name, MAX_LABEL)} ({left[each.id]})",
                f"search:subject:{number}:{each.id}",
            ),
        )
        for each in subjects[:SUBJECTS_SHOWN]
        if each.id != wanted.category
    ]
    if wanted.category:
        name = shorten(get_category(wanted.category).name, MAX_LABEL)
        rows.insert(0, (Button(f"✓ {name}", f"search:subject:{number}:0"),))
    return rows


def choose_type(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: the search, a type or nothing."""
    wanted = searching.read(state, whole(args, 0, 0))
    kind = args[1] if args[1:] and args[1] in set(MaterialType) else ""
    return _results(state, replace(wanted, type=kind), 1)


def choose_subject(person: Person, state: State, args: tuple[str, ...]) -> Reply:
    """Arguments: the search, the id of a category or 0."""
    wanted = searching.read(state, whole(args, 0, 0))
    return _results(state, replace(wanted, category=whole(args, 1, 0)), 1)


# What was found -------------------------------------------------------------------------------


def _results(state: State, wanted: Wanted, number: int) -> Reply:
    found, search_id = searching.find(wanted, number), searching.write(state, wanted)
    if not found.items:
        return _nothing(wanted, search_id)
    first = (found.page - 1) * PER_PAGE + 1
    items = [_item(n, hit, found.marks) for n, hit in enumerate(found.items, first)]
    materials = [hit.material for hit in found.items]
    here = f"search:page:{search_id}"
    buttons: Rows = (
        number_row(materials, f"{here}:{found.page}", first),
        pager(here, found.page, found.pages),
        _narrowing(wanted, search_id, found),
    )
    return Reply("\n\n".join([_heading(wanted, found), *items]), buttons, stays=True)


def _narrowing(wanted: Wanted, search_id: int, found: Found) -> tuple[Button, ...]:
    chosen = bool(wanted.type) + bool(wanted.category)
    label = "🔎 " + _("Filters") + (f" ({chosen})" if chosen else "")
    row = [Button(label, f"search:filters:{search_id}")]
    if found.understood.changes and not wanted.exact:
        row.append(Button(str(_("Search exactly")), f"search:exact:{search_id}"))
    return tuple(row)


def _nothing(wanted: Wanted, search_id: int) -> Reply:
    advice = escape(_("Try fewer or other words, or look through the subjects."))
    query = escape(shorten(wanted.text, MAX_TITLE))
    narrowed = wanted.type or wanted.category
    rows = [(Button("🔎 " + _("Filters"), f"search:filters:{search_id}"),)] if narrowed else []
    rows.append((Button(str(_("Subjects")), "subjects:root"),))
    nothing = escape(_("Nothing found"))
    text = f"<b>{query}</b>: {nothing}\n\n{advice}"
    return Reply(text, tuple(rows), stays=True)


def _heading(wanted: Wanted, found: Found) -> str:
    size = ngettext("%(num)s material found", "%(num)s materials found", found.total)
    lines = [f"📚 <b>{escape(size)}</b>: {escape(shorten(wanted.text, MAX_TITLE))}"]
    facts = [type_label(wanted.type)] if wanted.type else []
    facts += [get_category(wanted.category).name] if wanted.category else []
    if found.pages > 1:
        facts.append(str(_("page %(page)s of %(pages)s", page=found.page, pages=found.pages)))
    lines += [escape(shorten(" · ".join(facts), MAX_TITLE))] if facts else []
    understood = "; ".join(map(describe_change, found.understood.changes))
    lines += [escape(shorten(understood, MAX_UNDERSTOOD))] if understood else []
    return "\n".join(lines)


def _item(number: int, hit: FoundMaterial, marks: str) -> str:
    place = hit.places[0] if hit.places else None
    line = item(number, hit.material, place_address(hit.material, place, marks))
    return f"{line}\n{place_line(place)}" if place else line


ACTIONS = {
    "prompt": prompt,
    "search": search,
    "page": page,
    "exact": exact,
    "filters": filters,
    "type": choose_type,
    "subject": choose_subject,
}
