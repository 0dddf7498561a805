"""«Помощник»: questions to begin with, asking, and giving up."""

from __future__ import annotations

from flask_babel import gettext as _
from limits import parse_many

from bot.linked import Args, for_linked
from bot.lists import back, whole
from bot.people import Person
from bot.replies import Button, Reply, Rows
from bot.screens import answer
from bot.screens.answer import MAX_LABEL, PLAN
from bot.state import State
from bot.texts import bold, escape, shorten
from edu.accounts.models import User
from edu.assistant import service
from edu.assistant.models import Conversation
from edu.assistant.suggestions import suggest_questions
from edu.errors import Conflict
from edu.extensions import find_row, limiter, settings
from edu.telegram_answers.service import find_open, is_watched, watch_answer
from jobs.assistant import answer_next

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
    if not _may_ask(user):
        raise Conflict(_("You are doing this too often. Wait a minute and try again."))
    question = service.ask_question(user, words, talk)
    pressed = state.message_id or None  # that becomes the answer
    watch_answer(person.chat_id, question, pressed)
    if pressed is not None and state.chat.screen_id == pressed:
        state.chat.screen_id = None  # an answer stays when another screen comes
    state.ask("assistant:ask", question.conversation_id)
    state.afterwards.append(answer_next.enqueue)
    return Reply(follow=True)


def _may_ask(user: User) -> bool:
    """As many a minute as on the site, in all chats together."""
    limits = parse_many(settings().assist_limit)
    return all(limiter.limiter.hit(each, "questions asked", str(user.id)) for each in limits)


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
    return answer.answer(user, person, state, (str(question.id),))


def cancel_open(person: Person) -> bool:
    """Give up the answer that grows in the chat; False when none does."""
    question = find_open(person.chat_id) if person.user is not None else None
    if person.user is None or question is None or question.user_id != person.user.id:
        return False
    service.cancel_question(person.user, question)
    return True


ACTIONS = {
    **answer.ACTIONS,
    "start": for_linked(start),
    "ask": for_linked(ask),
    "suggest": for_linked(suggest),
    "again": for_linked(again),
    "more": for_linked(more),
    "new": for_linked(new),
    "cancel": for_linked(cancel),
}
