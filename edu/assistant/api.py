"""The API of the assistant."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

from flask import Response, url_for
from sqlalchemy import select

from edu.accounts.models import User
from edu.api.blueprint import BEARER, NO_CONTENT, described, make_blueprint, problems
from edu.api.exchange import nothing, reads_request, reply
from edu.api.schemas import PageQuery, page_of
from edu.api.security import Scope, person_key, require_person
from edu.assistant import service
from edu.assistant.engines.choose import COMPOSER
from edu.assistant.looks import note_looks
from edu.assistant.models import Conversation, Question, QuestionStatus
from edu.assistant.queue import OPEN
from edu.assistant.schemas import (
    AssistAccepted,
    AssistAnswer,
    AssistHeaders,
    AssistRequest,
    ConversationCard,
    ConversationChange,
    ConversationDetails,
    ConversationList,
    ConversationPath,
    OpinionForm,
    QuestionPath,
    SavedCard,
    SavedList,
    SavedPath,
    SaveForm,
)
from edu.extensions import absolute_url, db, limiter, settings
from edu.materials.models import Material
from jobs.assistant import answer_here, answer_next
from jobs.lanes import Lane

bp = make_blueprint("assistant", "Assistant", "Answers made of materials of the library.")

POLL_S = 1
FIRST_LOOK_S, LAST_LOOK_S = 0.05, 0.5
WAITING = Lane()  # threads of this process that wait for an answer
_ANSWERED = described(
    AssistAnswer,
    "The answer; with `status` `waiting` or `answering` it is not whole yet.",
    Retry_After="Seconds after which to look again, while it is not whole.",
)
_TAKEN = described(
    AssistAccepted,
    "Taken down; the answer will be at `url`.",
    Location="Where the answer will be.",
    Preference_Applied="`respond-async`, if it was asked for.",
    Retry_After="Seconds after which to look.",
)
_NO_MORE = "Too many of your questions wait, or the conversation is full."
_SAVED: dict[str, Any] = {
    "description": "Kept.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SavedCard"}}},
}


def _reader() -> User:
    return require_person(Scope.READ)


def _writer() -> User:
    return require_person(Scope.WRITE)


def _page_url(material: Material) -> str:
    return absolute_url("materials.show", material_id=material.id)


def _url(question: Question) -> str:
    return absolute_url("api_assistant.show", question_id=question.id)


def _answer_of(answer: service.Answer) -> AssistAnswer:
    return AssistAnswer.of(answer, _url(answer.question), _page_url)


def _reply(person: User, question_id: int) -> Response:
    _note_look(person, question_id)
    answer = service.get_answer(person, question_id)
    headers = {"Retry-After": str(POLL_S)} if answer.question.status in OPEN else {}
    return reply(_answer_of(answer), headers=headers)


def _note_look(person: User, question_id: int) -> None:
    if note_looks(person, [service.get_question(person, question_id)]):
        db.session.commit()


# Asking --------------------------------------------------------------------------------------


@bp.post(
    "/ai/assist",
    operation_id="assist",
    summary="Ask the assistant",
    description="Recommends materials and the places in them. Waits for the answer for half a "
    "minute at most; with `Prefer: respond-async`, or when many wait, not at all: then look for "
    "it at `url`.",
    security=BEARER,
    responses={
        200: _ANSWERED,
        202: _TAKEN,
        **problems(401, 403, 404, 409, 413, 422, s409=_NO_MORE),
    },
)
@limiter.limit(lambda: settings().assist_limit, key_func=person_key, override_defaults=False)
@reads_request(first=_reader)
def assist(header: AssistHeaders, body: AssistRequest) -> Response:
    person, conversation = _reader(), None
    if body.conversation_id is not None:
        conversation = service.get_conversation(person, body.conversation_id)
    question = service.ask_question(person, body.query, conversation)
    db.session.commit()
    number = question.id
    if _wants_to_poll(header.prefer or ""):
        answer_next.enqueue()
        return _accepted(number, {"Preference-Applied": "respond-async"})
    return _reply(_reader(), number) if _await(number) else _accepted(number, {})


def _wants_to_poll(prefer: str) -> bool:
    return "respond-async" in (one.partition(";")[0].strip().lower() for one in prefer.split(","))


def _await(number: int) -> bool:
    """Have it answered, and wait for that; False when it takes too long, or too many wait."""
    # Two thirds of the threads are left to everything else.
    with WAITING.enter(max(1, settings().web_threads // 3)) as entered:
        if entered and settings().assistant_engine == COMPOSER:
            answer_here(number)  # no longer than a search
        if _is_open(number):
            answer_next.enqueue()
        end, pause = monotonic() + settings().assistant_wait_s, FIRST_LOOK_S
        while _is_open(number):
            if not entered or monotonic() > end:
                return False
            sleep(pause)
            _note_look(_reader(), number)
            pause = min(pause * 1.5, LAST_LOOK_S)
    return True


def _is_open(number: int) -> bool:
    status = db.session.scalar(select(Question.status).where(Question.id == number))
    db.session.rollback()  # the connection is free while this thread sleeps
    return status in OPEN


def _accepted(number: int, headers: dict[str, str]) -> Response:
    question = service.get_question(_reader(), number)  # deleted meanwhile, perhaps
    headers |= {
        "Location": url_for("api_assistant.show", question_id=number),
        "Retry-After": str(POLL_S),
    }
    accepted = AssistAccepted(
        id=number,
        status=QuestionStatus(question.status),
        url=_url(question),
        conversation_id=question.conversation_id,
    )
    return reply(accepted, 202, headers)


@bp.get(
    "/ai/assist/<int:question_id>",
    operation_id="getAnswer",
    summary="An answer of the assistant",
    description="To one of your own questions. It grows while it is written; until it is whole, "
    "`Retry-After` says when to look again.",
    security=BEARER,
    responses={200: _ANSWERED, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def show(path: QuestionPath) -> Response:
    return _reply(_reader(), path.question_id)


@bp.post(
    "/ai/assist/<int:question_id>/cancel",
    operation_id="cancelQuestion",
    summary="Cancel a question",
    description="It is answered no more; what is written stays. No error if it has ended.",
    security=BEARER,
    responses={200: _ANSWERED, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def cancel(path: QuestionPath) -> Response:
    person = _writer()
    service.cancel_question(person, service.get_question(person, path.question_id))
    db.session.commit()
    return _reply(person, path.question_id)


@bp.post(
    "/ai/assist/<int:question_id>/opinion",
    operation_id="giveOpinion",
    summary="Say whether an answer helped",
    description="Say it again to change your mind.",
    security=BEARER,
    responses={
        200: _ANSWERED,
        **problems(401, 403, 404, 409, 413, 422, s409="There is no answer yet."),
    },
)
@reads_request(first=_writer)
def opinion(path: QuestionPath, body: OpinionForm) -> Response:
    person = _writer()
    service.give_opinion(person, service.get_question(person, path.question_id), body.opinion)
    db.session.commit()
    return _reply(person, path.question_id)


# Conversations -------------------------------------------------------------------------------


@bp.get(
    "/ai/conversations",
    operation_id="listConversations",
    summary="Your conversations",
    description="The one asked last first.",
    security=BEARER,
    responses={200: ConversationList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def conversations(query: PageQuery) -> Response:
    listing = service.list_conversations(_reader(), query.page or 1, query.per_page)
    items = [ConversationCard.model_validate(one) for one in listing.items]
    return reply(ConversationList(items=items, **page_of(listing)))


@bp.get(
    "/ai/conversations/<int:conversation_id>",
    operation_id="getConversation",
    summary="One conversation",
    description="With all its questions and answers. For its owner.",
    security=BEARER,
    responses={200: ConversationDetails, **problems(401, 403, 404)},
)
@reads_request(first=_reader)
def conversation(path: ConversationPath) -> Response:
    person = _reader()
    return _details(person, service.get_conversation(person, path.conversation_id))


def _details(person: User, conversation: Conversation) -> Response:
    answers = [_answer_of(one) for one in service.list_questions(person, conversation)]
    return reply(ConversationDetails.of(conversation, answers))


@bp.patch(
    "/ai/conversations/<int:conversation_id>",
    operation_id="renameConversation",
    summary="Rename a conversation",
    description="For its owner.",
    security=BEARER,
    responses={200: ConversationDetails, **problems(401, 403, 404, 413, 422)},
)
@reads_request(first=_writer)
def rename(path: ConversationPath, body: ConversationChange) -> Response:
    person = _writer()
    conversation = service.get_conversation(person, path.conversation_id)
    service.rename_conversation(person, conversation, body.title)
    db.session.commit()
    return _details(person, conversation)


@bp.delete(
    "/ai/conversations/<int:conversation_id>",
    operation_id="deleteConversation",
    summary="Delete a conversation",
    description="With its questions and answers; those that you have saved stay. For its owner.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def delete(path: ConversationPath) -> Response:
    person = _writer()
    service.delete_conversation(person, service.get_conversation(person, path.conversation_id))
    db.session.commit()
    return nothing()


# Saved answers -------------------------------------------------------------------------------


@bp.get(
    "/ai/saved",
    operation_id="listSavedAnswers",
    summary="Your saved answers",
    description="The last kept first, without what has left the library since.",
    security=BEARER,
    responses={200: SavedList, **problems(401, 403, 422)},
)
@reads_request(first=_reader)
def saved(query: PageQuery) -> Response:
    listing = service.list_saved_answers(_reader(), query.page or 1, query.per_page)
    items = [SavedCard.of(one, _page_url) for one in listing.items]
    return reply(SavedList(items=items, **page_of(listing)))


@bp.post(
    "/ai/saved",
    operation_id="saveAnswer",
    summary="Save an answer",
    description="Keeps it, also when its conversation is deleted. Saving it twice is once.",
    security=BEARER,
    responses={
        201: _SAVED,
        **problems(
            401, 403, 404, 409, 413, 422, s409="There is no answer yet, or you keep too many."
        ),
    },
)
@reads_request(first=_writer)
def save(body: SaveForm) -> Response:
    person = _writer()
    kept = service.save_answer(person, service.get_question(person, body.question_id))
    db.session.commit()
    return reply(SavedCard.of(service.get_saved_answer(person, kept.id), _page_url), 201)


@bp.delete(
    "/ai/saved/<int:saved_id>",
    operation_id="forgetSavedAnswer",
    summary="Forget a saved answer",
    description="The conversation keeps it.",
    security=BEARER,
    responses={204: NO_CONTENT, **problems(401, 403, 404)},
)
@reads_request(first=_writer)
def forget_saved(path: SavedPath) -> Response:
    service.forget_saved_answer(_writer(), path.saved_id)
    db.session.commit()
    return nothing()
