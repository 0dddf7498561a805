"""The page of results."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from edu.catalog.service import list_subjects
from edu.htmx import wants_fragment
from edu.search import service

bp = Blueprint("search", __name__)


@bp.get("/search")
def results() -> str:
    wanted = service.read_input(request.args, strict=False)
    found = service.find_materials(wanted)
    # Live results replace the list alone; the form that the person types into stays.
    template = "search/_results.html" if wants_fragment() else "search/results.html"
    return render_template(
        template,
        query=wanted.text,
        filters=_filters(wanted),
        hits=[_hit(item, wanted.text) for item in found.items],
        total=found.total,
        page=found.page,
        pages=found.pages,
        subjects=list_subjects(),
    )


def _filters(wanted: service.SearchInput) -> dict[str, str | None]:
    """What narrows the search, in the spelling of the address."""
    return {
        "category": wanted.category.path if wanted.category else None,
        "type": wanted.type,
        "rating_gte": f"{wanted.rating_gte:g}" if wanted.rating_gte else None,
        "uploaded_after": wanted.uploaded_after.isoformat() if wanted.uploaded_after else None,
        "uploaded_before": wanted.uploaded_before.isoformat() if wanted.uploaded_before else None,
        "sort": wanted.sort if wanted.sort != "relevance" else None,
    }


def _hit(item: service.FoundMaterial, query: str) -> dict[str, Any]:
    places = [
        {
            "number": place.number,
            "kind": place.kind,
            "pieces": place.pieces,
            "url": _place_url(item, place, query),
        }
        for place in item.places
    ]
    return {"material": item.material, "places": places}


def _place_url(item: service.FoundMaterial, place: service.FoundPlace, query: str) -> str:
    where: dict[str, Any] = {place.kind: place.number, "q": query}
    anchor = f"section-{place.number}" if place.kind == "section" else None
    return url_for("materials.show", material_id=item.material.id, _anchor=anchor, **where)
