"""The API of the assistant."""

from __future__ import annotations

from flask import Response, url_for

from edu.api.blueprint import BEARER, described, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.security import Scope, person_key, require_person
from edu.assistant import service
from edu.assistant.models import Question, QuestionStatus
from edu.assistant.schemas import (
    AssistAccepted,
    AssistAnswer,
    AssistHeaders,
    AssistRequest,
    QuestionPath,
)
from edu.extensions import absolute_url, db, limiter, settings
from edu.materials.models import Material
from jobs.assistant import answer_question

bp = make_blueprint("assistant", "Assistant", "Answers made of materials of the library.")

POLL_S = 1
_ACCEPTED = described(
    AssistAccepted,
    "Taken down; the answer will be at `url`.",
    Location="Where the answer will be.",
    Preference_Applied="`respond-async`.",
    Retry_After="Seconds after which to look.",
)


def _url(question: Question) -> str:
    return absolute_url("api_assistant.show", question_id=question.id)


def _page_url(material: Material) -> str:
    return absolute_url("materials.show", material_id=material.id)


@bp.post(
    "/ai/assist",
    operation_id="assist",
    summary="Ask the assistant",
    description="Recommends materials and the places in them. With `Prefer: respond-async` the "
    "question is taken down and answered in the background.",
    security=BEARER,
    responses={200: AssistAnswer, 202: _ACCEPTED, **problems(401, 403, 413, 422, 503)},
)
@limiter.limit(lambda: settings().assist_limit, key_func=person_key, override_defaults=False)
@reads_request(first=lambda: require_person(Scope.READ))
def assist(header: AssistHeaders, body: AssistRequest) -> Response:
    question = service.ask_question(require_person(Scope.READ), body.query)
    db.session.commit()
    if _wants_to_poll(header.prefer or ""):
        answer_question.enqueue(question.id)
        return _accepted(question)
    service.answer_question(question.id)
    db.session.commit()
    return reply(AssistAnswer.of(service.show_answer(question), _url(question), _page_url))


def _wants_to_poll(prefer: str) -> bool:
    return "respond-async" in (one.partition(";")[0].strip().lower() for one in prefer.split(","))


def _accepted(question: Question) -> Response:
    url = _url(question)
    headers = {
        "Location": url_for("api_assistant.show", question_id=question.id),
        "Preference-Applied": "respond-async",
        "Retry-After": str(POLL_S),
    }
    accepted = AssistAccepted(id=question.id, status=QuestionStatus.WAITING, url=url)
    return reply(accepted, 202, headers)


@bp.get(
    "/ai/assist/<int:question_id>",
    operation_id="getAnswer",
    summary="An answer of the assistant",
    description="To one of your own questions. While it waits, `Retry-After` says when to look.",
    security=BEARER,
    responses={200: AssistAnswer, **problems(401, 403, 404)},
)
@reads_request(first=lambda: require_person(Scope.READ))
def show(path: QuestionPath) -> Response:
    answer = service.get_answer(require_person(Scope.READ), path.question_id)
    waits = answer.question.status == QuestionStatus.WAITING
    headers = {"Retry-After": str(POLL_S)} if waits else {}
    return reply(AssistAnswer.of(answer, _url(answer.question), _page_url), headers=headers)
