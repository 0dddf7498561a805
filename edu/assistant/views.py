"""Pages of the assistant: conversations, answers that grow, and answers that are kept."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.assistant import service
from edu.assistant.looks import note_looks
from edu.assistant.models import Conversation, Question, SavedAnswer
from edu.assistant.showing import Shown, about, show_answers, show_text
from edu.assistant.suggestions import suggest_questions
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, limiter, settings
from edu.htmx import go_to, wants_fragment
from edu.site.paging import Listing
from edu.site.requests import current_person, signed_in, who_asks
from jobs.assistant import answer_next

bp = Blueprint("assistant", __name__)
bp.add_app_template_filter(about)

LISTED = 20  # conversations beside the open one


@bp.app_template_global()
def kept_answer(question: Question) -> SavedAnswer | None:
    """What the person who reads the page keeps of this question."""
    return service.find_saved(signed_in(), question)


# Conversations --------------------------------------------------------------------------------


@bp.get("/assistant")
def start() -> str:
    if current_person() is None:
        return render_template("assistant/about.html")
    return _show_start(request.args.get("q", "")[: service.MAX_QUESTION])


def _show_start(typed: str, error: str = "") -> str:
    return render_template(
        "assistant/start.html",
        suggestions=suggest_questions(),
        **_around(None, typed, error),
    )


def _around(conversation: Conversation | None, typed: str, error: str) -> dict[str, Any]:
    """What every page with the form takes."""
    return {
        "conversation": conversation,
        "talks": service.list_conversations(signed_in(), 1, LISTED),
        "typed": typed,
        "error": error,
        "longest": service.MAX_QUESTION,
    }


@bp.get("/assistant/conversations")
def conversations() -> str:
    page = service.list_conversations(signed_in(), request.args.get("page", 1, type=int))
    return render_template("assistant/conversations.html", page=page)


@bp.get("/assistant/<int:conversation_id>")
def conversation(conversation_id: int) -> str:
    return _show_conversation(service.get_conversation(signed_in(), conversation_id))


def _show_conversation(conversation: Conversation, typed: str = "", error: str = "") -> str:
    person = signed_in()
    answers = service.list_questions(person, conversation)
    if note_looks(person, [answer.question for answer in answers]):
        db.session.commit()
    turns = show_answers(person, answers)
    return render_template(
        "assistant/conversation.html",
        turns=turns,
        pending=any(shown.unfinished for shown in turns),
        **_around(conversation, typed, error),
    )


@bp.post("/assistant/<int:conversation_id>/rename")
def rename(conversation_id: int) -> BaseResponse:
    person = signed_in()
    conversation = service.get_conversation(person, conversation_id)
    service.rename_conversation(person, conversation, request.form.get("title", ""))
    db.session.commit()
    return go_to(url_for(".conversation", conversation_id=conversation_id))


@bp.post("/assistant/<int:conversation_id>/delete")
def delete(conversation_id: int) -> BaseResponse:
    person = signed_in()
    service.delete_conversation(person, service.get_conversation(person, conversation_id))
    db.session.commit()
    flash(_("The conversation is deleted."), "success")
    return go_to(url_for(".start"))


# Questions ------------------------------------------------------------------------------------


@bp.post("/assistant/ask")
@limiter.limit(lambda: settings().assist_limit, key_func=who_asks)
def ask() -> str | BaseResponse:
    person, number = signed_in(), request.form.get("conversation", type=int)
    open_one = service.get_conversation(person, number) if number is not None else None
    text = request.form.get("question", "")
    try:
        question = service.ask_question(person, text, open_one)
    except (InvalidInput, Conflict) as error:
        db.session.rollback()
        return _ask_again(open_one, text, str(error.message))
    db.session.commit()
    answer_next.enqueue()
    if open_one and wants_fragment():
        return render_template("assistant/_turn.html", shown=_shown(question.id), last=True)
    return go_to(_address(question))


def _ask_again(conversation: Conversation | None, typed: str, error: str) -> Response:
    if conversation is None:
        return make_response(_show_start(typed, error), 422)
    if not wants_fragment():
        return make_response(_show_conversation(conversation, typed, error), 422)
    around = _around(conversation, typed, error)
    response = make_response(render_template("assistant/_ask_form.html", **around), 422)
    response.headers["HX-Retarget"] = "#ask-form"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def _address(question: Question) -> str:
    number, anchor = question.conversation_id, f"question-{question.id}"
    return url_for(".conversation", conversation_id=number, _anchor=anchor)


def _shown(question_id: int) -> Shown:
    person = signed_in()
    return show_answers(person, [service.get_answer(person, question_id)])[0]


@bp.get("/assistant/questions/<int:question_id>")
def question(question_id: int) -> str | BaseResponse:
    """How far the answer is, for who has seen the state `seen`; 204 when there is nothing new."""
    if not wants_fragment():
        return redirect(_address(service.get_question(signed_in(), question_id)))
    if note_looks(signed_in(), [service.get_question(signed_in(), question_id)]):
        db.session.commit()
    shown = _shown(question_id)
    if not shown.unfinished:
        return _whole(shown)
    if request.args.get("seen") == shown.seen:
        return Response(status=204)
    return render_template("assistant/_growing.html", shown=shown)


def _whole(shown: Shown) -> Response:
    """The answer that has ended, in place of all that grew."""
    question = shown.question
    last = service.is_last(question)
    response = make_response(render_template("assistant/_answer.html", shown=shown, last=last))
    response.headers["HX-Retarget"] = f"#answer-{shown.question.id}"
    return response


@bp.post("/assistant/questions/<int:question_id>/cancel")
def cancel(question_id: int) -> BaseResponse:
    person = signed_in()
    question = service.get_question(person, question_id)
    service.cancel_question(person, question)
    db.session.commit()
    return _whole(_shown(question_id)) if wants_fragment() else redirect(_address(question), 303)


@bp.post("/assistant/questions/<int:question_id>/opinion")
def judge(question_id: int) -> str | BaseResponse:
    person = signed_in()
    question = service.get_question(person, question_id)
    service.give_opinion(person, question, request.form.get("opinion", 2, type=int))
    return _acted(question)


@bp.post("/assistant/questions/<int:question_id>/save")
def save(question_id: int) -> str | BaseResponse:
    """Keep the answer in the profile; with `forget` keep it no longer."""
    person = signed_in()
    question = service.get_question(person, question_id)
    if not request.form.get("forget"):
        service.save_answer(person, question)
    elif kept := service.find_saved(person, question):
        service.forget_saved_answer(person, kept.id)
    return _acted(question)


def _acted(question: Question) -> str | BaseResponse:
    db.session.commit()
    if wants_fragment():
        return render_template("assistant/_acts.html", shown=_shown(question.id))
    return redirect(_address(question), 303)


# Kept answers ---------------------------------------------------------------------------------


@bp.get("/me/answers")
def saved() -> str:
    person = signed_in()
    page = service.list_saved_answers(person, request.args.get("page", 1, type=int))
    shown = [(one.saved, *show_text(person, one.text, one.citations)) for one in page.items]
    listed = Listing(shown, page.total, page.page, page.per_page)
    return render_template("assistant/saved.html", page=listed)


@bp.post("/me/answers/<int:saved_id>/forget")
def forget(saved_id: int) -> str | BaseResponse:
    service.forget_saved_answer(signed_in(), saved_id)
    db.session.commit()
    return "" if wants_fragment() else redirect(url_for(".saved"), 303)
