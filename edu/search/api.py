"""The API of completion while typing; searching itself is the API of materials."""

from __future__ import annotations

from flask import Response

from edu.api.blueprint import BEARER_OPTIONAL, make_blueprint, problems
from edu.api.exchange import reads_request, reply
from edu.api.security import api_person
from edu.extensions import absolute_url
from edu.search.schemas import CompletionItem, CompletionList, CompletionQuery
from edu.search.suggestions import complete

bp = make_blueprint("search", "Search", "Help while somebody types what to search for.")


@bp.get(
    "/search/completions",
    operation_id="completeSearch",
    summary="Complete what is being typed",
    description="Your own searches of late, subjects, titles and tags that begin so, or have a "
    "word that does. At most ten; of published materials only.",
    security=BEARER_OPTIONAL,
    responses={200: CompletionList, **problems(401, 403, 422)},
)
@reads_request(first=api_person)
def completions(query: CompletionQuery) -> Response:
    items = [
        CompletionItem.of(found, absolute_url(found.endpoint, **found.values))
        for found in complete(query.q or "", api_person())
    ]
    return reply(CompletionList(items=items))
