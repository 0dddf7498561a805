"""An answer of the assistant as a screen, and what is done with it."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from bot.answers import cut_page, number_rows, show_growing, write_answer
from bot.linked import Args, for_linked
from bot.lists import back, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens.material import star_row
from bot.state import State
from bot.texts import fits_button, shorten, site_address
from edu.accounts.models import User
from edu.assistant import service
from edu.assistant.looks import note_looks
from edu.assistant.meaning import Intent
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.queue import OPEN, is_left_alone
from edu.assistant.service import Answer
from edu.assistant.showing import is_wanting, sought
from edu.catalog.service import find_category
from edu.demand.models import RequestState
from edu.demand.service import ask_for_material, find_request
from edu.plans.service import find_plan_of
from edu.ratings.service import can_rate

MAX_LABEL, RATED_SHOWN = 60, 10
PLAN = "🗓 "


def answer(user: User, person: Person, state: State, args: Args) -> Reply:
    """An answer as it is now; the next text goes on with it. Arguments: the question, the page."""
    shown = service.get_answer(user, whole(args, 0, 0))
    state.ask("assistant:ask", shown.question.conversation_id)
    note_looks(user, [shown.question])
    return show_answer(user, shown, whole(args, 1))


def show_answer(user: User, shown: Answer, page: int = 1) -> Reply:
    """An answer as a screen that stays in the chat."""
    question = shown.question
    if question.status in OPEN:
        growing = show_growing(shown, left_alone=is_left_alone(question))
        look = (Button("🔄 " + _("Refresh"), f"assistant:answer:{question.id}"),)
        return replace(growing, buttons=(*growing.buttons, look, _way(question)), stays=True)
    text, page, pager = cut_page(write_answer(shown), page, f"assistant:answer:{question.id}")
    return Reply(text, (*_rows(user, shown, page), pager), stays=True)


def _rows(user: User, shown: Answer, page: int) -> Rows:
    question = shown.question
    numbers = number_rows(shown.citations, f"a{question.id}-{page}")
    if question.status != QuestionStatus.ANSWERED:
        asked = Button("🔄 " + _("Ask again"), f"assistant:again:{question.id}")
        return (*numbers, (asked,), _way(question))
    go_on = (
        Button("💬 " + _("Ask more"), f"assistant:more:{question.conversation_id}"),
        Button("✏ " + _("New conversation"), "assistant:new"),
    )
    return (
        *numbers,
        _judge_row(user, shown, page),
        _keep_row(user, shown, page),
        _demand_row(user, question, page),
        go_on,
        _way(question),
    )


def _judge_row(user: User, shown: Answer, page: int) -> tuple[Button, ...]:
    question = shown.question
    thumbs = [
        Button(
            f"{'✓ ' if question.opinion == value else ''}{thumb}",
            f"assistant:judge:{question.id}:{value % 3}:{page}",
        )
        for value, thumb in ((1, "👍"), (-1, "👎"))
    ]
    if any(can_rate(user, each.material) for each in shown.citations):
        thumbs.append(Button("★ " + _("Rate"), f"assistant:stars:{question.id}"))
    return tuple(thumbs)


def _keep_row(user: User, shown: Answer, page: int) -> tuple[Button, ...]:
    question, row = shown.question, []
    if not shown.citations:
        return ()
    if question.meaning.get("intent") == Intent.PLAN:
        plan = find_plan_of(user, question)
        label, go = _("Save the plan"), f"plans:make:{question.id}"
        if plan is not None:
            label, go = _("Open the plan"), f"plans:show:{plan.id}"
        row.append(Button(PLAN + label, go))
    kept = service.find_saved(user, question) is not None
    label = "✓ " + _("Kept") if kept else "🔖 " + _("Keep the answer")
    return (*row, Button(label, f"assistant:keep:{question.id}:{page}"))


def _demand_row(user: User, question: Question, page: int) -> tuple[Button, ...]:
    """To ask people for what the library has not got."""
    if not is_wanting(question):
        return ()
    asked = find_request(user, sought(question))
    if asked is not None and asked.state == RequestState.OPEN:
        return ()
    label = "📥 " + _("Ask for the material")
    return (Button(label, f"assistant:demand:{question.id}:{page}"),)


def _way(question: Question) -> tuple[Button, ...]:
    """To the site and back to the conversation."""
    number = question.conversation_id
    anchor = f"question-{question.id}"
    address = site_address("assistant.conversation", anchor, conversation_id=number)
    way = back(f"talks:open:{number}")
    if not fits_button(address):
        return (way,)
    return (way, Button("🌐 " + _("Open on the site"), url=address))


def judge(user: User, person: Person, state: State, args: Args) -> Reply:
    """Say whether it helped. Arguments: the question, 1 or 2 (for -1), the page that is shown."""
    question = service.get_question(user, whole(args, 0, 0))
    opinion = {1: 1, 2: -1}.get(whole(args, 1, 0), 0)
    again = question.opinion == opinion
    service.give_opinion(user, question, 0 if again else opinion)
    said = _("Taken back.") if again else _("Thank you! It helps to make answers better.")
    return _buttons_of(user, question, str(said), whole(args, 2))


def keep(user: User, person: Person, state: State, args: Args) -> Reply:
    """Keep it in the profile, or no longer. Arguments: the question, the page that is shown."""
    question = service.get_question(user, whole(args, 0, 0))
    kept = service.find_saved(user, question)
    if kept is None:
        service.save_answer(user, question)
        said = _("It is kept: Assistant, Kept answers.")
    else:
        service.forget_saved_answer(user, kept.id)
        said = _("It is not kept any more.")
    return _buttons_of(user, question, str(said), whole(args, 1))


def _buttons_of(user: User, question: Question, alert: str, page: int) -> Reply:
    shown = show_answer(user, service.get_answer(user, question.id), page)
    return Reply(buttons=shown.buttons, alert=alert)


def demand(user: User, person: Person, state: State, args: Args) -> Reply:
    """Ask people for what was not found. Arguments: the question, the page that is shown."""
    question = service.get_question(user, whole(args, 0, 0))
    subject = question.meaning.get("category_id")
    category = find_category(str(subject)) if subject else None
    ask_for_material(user, sought(question), category, "")
    said = _("Thank you. Moderators see what you ask for.")
    return _buttons_of(user, question, str(said), whole(args, 1))


def stars(user: User, person: Person, state: State, args: Args) -> Reply:
    """Stars for what was recommended. Arguments: the question, which of its materials."""
    shown = service.get_answer(user, whole(args, 0, 0))
    number, chosen = shown.question.id, whole(args, 1, 0)
    rateable = [
        (at, each.material)
        for at, each in enumerate(shown.citations[:RATED_SHOWN], 1)
        if can_rate(user, each.material)
    ]
    for at, material in rateable:
        if at == chosen or len(rateable) == 1:
            way = back(f"assistant:{'answer' if len(rateable) == 1 else 'stars'}:{number}")
            return Reply(buttons=(star_row(person, material, f"r{number}"), (way,)))
    rows = [
        (Button(f"{at}. {shorten(each.title, MAX_LABEL)}", f"assistant:stars:{number}:{at}"),)
        for at, each in rateable
    ]
    return Reply(buttons=(*rows, (back(f"assistant:answer:{number}"),)))


ACTIONS = {
    "answer": for_linked(answer),
    "judge": for_linked(judge),
    "keep": for_linked(keep),
    "stars": for_linked(stars),
    "demand": for_linked(demand),
}
