"""What the document says of every operation alike: limits, tokens, sizes, where the API is."""

from __future__ import annotations

from typing import Any

from edu.api.blueprint import problems
from edu.config import Settings

HEADERS = {
    "RateLimit-Limit": "Requests that are allowed in a minute.",
    "RateLimit-Remaining": "Requests that are left of them just now.",
    "RateLimit-Reset": "Seconds until one more is allowed.",
}
# Said by the server itself, which has not read far enough to know who asks for what.
LONG_ADDRESS = {
    "description": "The address is longer than the server reads (8,190 bytes).",
    "content": {"text/html": {"schema": {"type": "string"}, "example": "<h1>URI Too Long</h1>"}},
}
Json = dict[str, Any]


def finish_document(document: Json, settings: Settings) -> None:
    """Complete the document that the library has built, in place."""
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document["info"]["contact"] = {"name": settings.site_name, "url": settings.site_url}
    document["servers"] = [{"url": "/", "description": "Where this document is."}]
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "integer", "minimum": 0}}
        for name, text in HEADERS.items()
    }
    for path, item in document["paths"].items():
        for operation in item.values():
            _finish_operation(path, operation)


def _finish_operation(path: str, operation: Json) -> None:
    responses = operation["responses"]
    if "application/json" in responses["422"].get("content", {}):
        del responses["422"]  # the library adds one of its own to every operation
    operation.setdefault("security", [])  # who needs no token says so
    for status, problem in problems(*_always(path, operation)).items():
        responses.setdefault(str(status), problem)
    for response in responses.values():
        for name in HEADERS:
            reference = {"$ref": f"#/components/headers/{name}"}
            response.setdefault("headers", {}).setdefault(name, reference)
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        responses["414"] = LONG_ADDRESS
    operation["responses"] = dict(sorted(responses.items()))


def _always(path: str, operation: Json) -> list[int]:
    """What any operation of this kind may answer."""
    token = [401, 403] if operation["security"] else []
    address = [404] if "{" in path else []  # what is no number there leads nowhere
    body = [413, 422] if "requestBody" in operation else []
    return token + address + body
