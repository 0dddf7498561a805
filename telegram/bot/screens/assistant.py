"""«Помощник»: questions, answers that grow, and what is done with an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from flask_babel import gettext as _

from bot.answers import cut_page, number_rows, show_growing, write_answer
from bot.lists import back, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens import entrance
from bot.screens.material import star_row
from bot.state import State
from bot.texts import bold, escape, fits_button, shorten, site_address
from edu.accounts.models import User
from edu.assistant import service
from edu.assistant.looks import note_looks
from edu.assistant.meaning import Intent
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.assistant.queue import OPEN
from edu.assistant.service import Answer
from edu.assistant.suggestions import suggest_questions
from edu.extensions import find_row
from edu.plans.service import find_plan_of
from edu.ratings.service import can_rate
from edu.telegram_answers.service import find_open, is_left_alone, is_watched, watch_answer
from jobs.assistant import answer_next

Args: TypeAlias = tuple[str, ...]
Screen: TypeAlias = Callable[[Person, State, Args], Reply]

MAX_LABEL = 60
RATED_SHOWN = 10
PLAN = "🗓 "


def for_linked(show: Callable[[User, Person, State, Args], Reply]) -> Screen:
    """A screen of those who are signed in; others are told why not, and get the way in."""

    def screen(person: Person, state: State, args: Args) -> Reply:
        if person.user is not None:
            return show(person.user, person, state, args)
        invited = entrance.ask_to_sign_in(person, state)
        why = _("The assistant keeps your questions and plans, so it needs to know who you are.")
        return replace(invited, text=f"{escape(why)}\n\n{invited.text}")

    return screen


# To begin with --------------------------------------------------------------------------------


def start(user: User, person: Person, state: State, args: Args) -> Reply:
    """Questions to begin with; the next text is the first of a new conversation."""
    state.ask("assistant:ask")
    about = _(
        "Ask as you would ask a person: what to read on a topic, which problems to solve, a plan "
        "for an exam. The answer names the pages."
    )
    suggestions = tuple(
        (Button(shorten(each, MAX_LABEL), f"assistant:suggest:{state.remember(each)}"),)
        for each in suggest_questions()
    )
    rows = (*suggestions, *_last_rows(user), _kept_row())
    return Reply(f"{bold(_('Assistant'))}\n\n{escape(about)}", rows)


def _last_rows(user: User) -> Rows:
    """The conversation to go on with, and all of them."""
    talks = service.list_conversations(user, 1, 1)
    if not talks.items:
        return ()
    last = talks.items[0]
    go_on = Button("↩ " + shorten(last.title, MAX_LABEL), f"talks:open:{last.id}")
    return ((go_on,), (Button(f"💬 {_('Conversations')} ({talks.total})", "talks:list:1"),))


def _kept_row() -> tuple[Button, ...]:
    plans = Button(PLAN + _("Study plans"), "plans:list:1")
    return (plans, Button("🔖 " + _("Kept answers"), "kept:list:1"))


# Asking ---------------------------------------------------------------------------------------


def ask(user: User, person: Person, state: State, args: Args) -> Reply:
    """Take down a question. Arguments: the conversation, if there is one, and the question."""
    *number, words = args
    return _ask(user, person, state, words, _find_talk(user, whole(number, 0, 0)))


def _find_talk(user: User, number: int) -> Conversation | None:
    # One that was deleted meanwhile, on the site or here, is followed by a new one.
    talk = find_row(Conversation, number)
    return talk if talk is not None and talk.user_id == user.id else None


def _ask(user: User, person: Person, state: State, words: str, talk: Conversation | None) -> Reply:
    question = service.ask_question(user, words, talk)
    pressed = state.message_id or None  # that becomes the answer
    watch_answer(person.chat_id, question, pressed)
    if pressed is not None and state.chat.screen_id == pressed:
        state.chat.screen_id = None  # an answer stays when another screen comes
    state.ask("assistant:ask", question.conversation_id)
    state.afterwards.append(answer_next.enqueue)
    return Reply(follow=True)


def suggest(user: User, person: Person, state: State, args: Args) -> Reply:
    """Ask what was suggested. Argument: its number among what the chat remembers."""
    words = state.recall(whole(args, 0, 0))
    return _ask(user, person, state, words, None) if words else _restart(person, state)


def again(user: User, person: Person, state: State, args: Args) -> Reply:
    """Ask the same once more. Argument: the question."""
    question = service.get_question(user, whole(args, 0, 0))
    return _ask(user, person, state, question.text, _find_talk(user, question.conversation_id))


def more(user: User, person: Person, state: State, args: Args) -> Reply:
    """The next text goes on with this conversation. Argument: its id."""
    talk = service.get_conversation(user, whole(args, 0, 0))
    state.ask("assistant:ask", talk.id)
    said = _("Write the next question. It goes on with: %(title)s", title=talk.title)
    return Reply(then=Reply(escape(said), ((back(f"talks:open:{talk.id}"),),)))


def new(user: User, person: Person, state: State, args: Args) -> Reply:
    """Begin anew, below the answer that was read."""
    return Reply(then=_restart(person, state))


def _restart(person: Person, state: State) -> Reply:
    return ACTIONS["start"](person, state, ())


def cancel(user: User, person: Person, state: State, args: Args) -> Reply:
    """Have it answered no more. Argument: the question."""
    question = service.get_question(user, whole(args, 0, 0))
    service.cancel_question(user, question)
    if is_watched(question, person.chat_id):
        return Reply(alert=str(_("Cancelled.")), follow=True)  # the message that grows says so
    return answer(user, person, state, (str(question.id),))


def cancel_open(person: Person) -> bool:
    """Give up the answer that grows in the chat; False when none does."""
    question = find_open(person.chat_id) if person.user is not None else None
    if person.user is None or question is None or question.user_id != person.user.id:
        return False
    service.cancel_question(person.user, question)
    return True


# An answer ------------------------------------------------------------------------------------


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
    "start": for_linked(start),
    "ask": for_linked(ask),
    "suggest": for_linked(suggest),
    "again": for_linked(again),
    "more": for_linked(more),
    "new": for_linked(new),
    "cancel": for_linked(cancel),
    "answer": for_linked(answer),
    "judge": for_linked(judge),
    "keep": for_linked(keep),
    "stars": for_linked(stars),
}
