"""What HTMX asks for, told apart in one place."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse


def wants_fragment() -> bool:
    """True when the client swaps a part of its page.

    Boosted links and restored history need the whole page.
    """
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def go_to(url: str) -> BaseResponse:
    """After a successful post: 303 for a plain form, HX-Redirect for HTMX."""
    if wants_fragment():
        return Response("", 204, {"HX-Redirect": url})
    return redirect(url, 303)


def vary_on_htmx(response: Response) -> Response:
    """One address has two answers: caches must keep them apart."""
    response.vary.add("HX-Request")
    return response
