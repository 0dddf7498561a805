"""Answers of the assistant as messages: their text in Telegram's HTML, what they cite, buttons."""

from __future__ import annotations

import html
from collections.abc import Sequence
from html.parser import HTMLParser

from flask_babel import gettext as _
from flask_babel import ngettext

from bot.places import place_address, place_label
from bot.replies import Button, Reply, Rows
from bot.texts import escape, link, shorten, split_html
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.rendering import Link, Reference, render_answer
from edu.assistant.service import Answer, Citation
from edu.assistant.showing import about, make_marks, sought
from edu.materials.models import Material
from edu.search.hits import PLACE_KINDS, FoundPlace
from edu.site.context import format_rating

MAX_PAGE = 3900  # units of a message: its last line says which page it is
MAX_ASKED, MAX_TITLE = 240, 120
CITED_SHOWN, PER_ROW, PLACES_SHOWN = 10, 5, 4


class _Writer(HTMLParser):
    """The site's HTML of an answer as Telegram takes it, which knows no paragraphs and no lists."""

    def __init__(self) -> None:
        super().__init__()
        self.written = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or a run of bold or linked words."""
        if tag == "p":
            self.written += "\n\n"
        elif tag == "br":
            self.written += "\n"
        elif tag == "li":
            number = dict(attrs).get("value")
            self.written += f"\n{number}. " if number else "\n• "
        elif tag == "strong":
            self.written += "<b>"
        elif tag == "a":
            self.written += f'<a href="{html.escape(dict(attrs)["href"] or "")}">'

    def handle_endtag(self, tag: str) -> None:
        """End such a run."""
        ends = {"strong": "</b>", "a": "</a>"}
        self.written += ends.get(tag, "")

    def handle_data(self, data: str) -> None:
        """What people read."""
        self.written += escape(data)


def write_text(text: str, citations: Sequence[Citation], words: str = "") -> str:
    """The text of an answer in Telegram's HTML; its references lead to the pages on the site."""
    marks = make_marks(words)
    numbered = {one.material.id: (n, one.material) for n, one in enumerate(citations, 1)}

    def resolve(reference: Reference) -> Link | None:
        known = numbered.get(reference.material_id)
        if known is None:
            return None
        number, material = known
        place = make_place(material, reference.kind, reference.number)
        label = f"{number}, {reference.words}" if reference.kind else str(number)
        return Link(place_address(material, place, marks), f"[{label}]", material.title)

    writer = _Writer()
    writer.feed(str(render_answer(text, resolve)))
    writer.close()
    return writer.written.strip()


def make_place(material: Material, kind: str, number: int, snippet: str = "") -> FoundPlace | None:
    """A place of the material; None where its file has no such places."""
    if not kind or PLACE_KINDS[material.file.kind] != kind:
        return None
    return FoundPlace(number, kind, "", [(snippet, False)] if snippet else [])


def list_places(citation: Citation) -> list[FoundPlace]:
    """The places of a material that an answer names, in its order."""
    made = (
        make_place(citation.material, each["kind"], each["number"], each.get("snippet") or "")
        for each in citation.places
    )
    return [place for place in made if place is not None][:PLACES_SHOWN]


def write_citations(citations: Sequence[Citation], words: str = "") -> str:
    """A line for each material that is named, with its stars and places, in HTML."""
    marks, lines = make_marks(words), []
    for number, each in enumerate(citations[:CITED_SHOWN], 1):
        material, places = each.material, list_places(each)
        address = place_address(material, places[0] if places else None, marks)
        facts = [f"★ {format_rating(material.rating_mean)}"] if material.rating_votes else []
        facts += [place_label(place) for place in places]
        titled = f"{number}. {link(address, shorten(material.title, MAX_TITLE))}"
        lines.append(" · ".join([titled, *map(escape, facts)]))
    return "\n".join(lines)


def number_rows(citations: Sequence[Citation], origin: str) -> Rows:
    """A button for each material that is named: its card, at the first place of the answer."""
    buttons = [
        Button(str(number), f"material:show:{each.material.id}:0:{origin}")
        for number, each in enumerate(citations[:CITED_SHOWN], 1)
    ]
    return tuple(tuple(buttons[at : at + PER_ROW]) for at in range(0, len(buttons), PER_ROW))


def write_asked(question: Question) -> str:
    """The question on one line, in HTML."""
    return f"<i>{escape(shorten(question.text, MAX_ASKED))}</i>"


def write_answer(answer: Answer) -> str:
    """The whole answer with its question, what is to be said about it, and what it names."""
    question, words = answer.question, sought(answer.question)
    parts = [write_asked(question), write_text(answer.text, answer.citations, words)]
    parts += [f"<i>{escape(note)}</i>" for note in _notes(answer)]
    if question.status == QuestionStatus.ANSWERED:
        parts.append(write_citations(answer.citations, words))
    return "\n\n".join(filter(None, parts))


def _notes(answer: Answer) -> list[str]:
    question, notes = answer.question, []
    if question.status == QuestionStatus.FAILED:
        notes.append(answer.failure)
    elif question.status == QuestionStatus.CANCELLED:
        notes.append(str(_("You have stopped this answer.")))
    elif question.error == "interrupted":
        said = _(
            "The language model did not answer, so this was put together from a search of the "
            "library."
        )
        notes.append(str(said))
    elif question.engine not in ("", "composer"):
        said = _(
            "Written by a language model out of these materials. Check it on the pages that it "
            "names."
        )
        notes.append(str(said))
    if question.removed:
        left_out = ngettext(
            "%(num)s reference that the library does not confirm was left out.",
            "%(num)s references that the library does not confirm were left out.",
            question.removed,
        )
        notes.append(str(left_out))
    return notes


def cut_page(text: str, page: int, go: str) -> tuple[str, int, tuple[Button, ...]]:
    """One message of a long text, which page that is, and the row that leads to its neighbours.

    `go` is the screen without its page.
    """
    parts = split_html(text, MAX_PAGE)
    page, pages = min(max(page, 1), len(parts)), len(parts)
    if pages == 1:
        return text, 1, ()
    at = _("page %(page)s of %(pages)s", page=page, pages=pages)
    row = [Button(f"◀ {page - 1}", f"{go}:{page - 1}")] if page > 1 else []
    row += [Button(f"{page + 1} ▶", f"{go}:{page + 1}")] if page < pages else []
    return f"{parts[page - 1]}\n\n<i>{escape(at)}</i>", page, tuple(row)


def show_growing(answer: Answer, *, left_alone: bool) -> Reply:
    """An answer that has not ended, as far as it is; `left_alone`: no worker is there."""
    question = answer.question
    parts = [write_asked(question), write_text(answer.text, answer.citations, sought(question))]
    parts.append(f"<i>{escape(_stage(answer, left_alone))}</i>")
    text = split_html("\n\n".join(filter(None, parts)), MAX_PAGE)[-1]
    return Reply(text, ((Button("✖ " + _("Cancel"), f"assistant:cancel:{question.id}"),),))


def _stage(answer: Answer, left_alone: bool) -> str:
    if left_alone:
        said = _(
            "The assistant does not work just now. Your question is kept: the answer will come "
            "here as soon as the assistant is back."
        )
        return str(said)
    if answer.question.status != QuestionStatus.WAITING:
        return f"✍ {_('Writing')}…" if answer.text else f"🔎 {_('Looking through the library')}…"
    wait = answer.wait
    if wait is None or not wait.ahead:
        return f"⏳ {_('Your question is next')}…"
    place = _("Your question is number %(number)s in the queue", number=wait.ahead + 1)
    if not wait.seconds:
        return f"⏳ {place}"
    return f"⏳ {place}, {_('about %(time)s', time=about(wait.seconds))}"
