"""Pages of collections."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from edu.collections import service
from edu.collections.forms import CollectionForm
from edu.collections.models import Collection
from edu.errors import Conflict, EduError, InvalidInput
from edu.extensions import db, limiter, settings
from edu.htmx import go_to, wants_fragment
from edu.materials.models import Material
from edu.materials.service import get_visible
from edu.site.downloads import send_archive
from edu.site.requests import current_person, signed_in, who_asks

bp = Blueprint("collections", __name__)


def _page() -> int:
    return request.args.get("page", 1, type=int)


@bp.get("/collections")
def index() -> str:
    page = service.list_public_collections(_page())
    counts = service.count_items(current_person(), page.items)
    return render_template("collections/index.html", page=page, counts=counts)


@bp.get("/me/collections")
def own() -> str:
    signed_in()
    return _show_own(CollectionForm())


def _show_own(form: CollectionForm) -> str:
    own = service.list_own_collections(signed_in())
    counts = service.count_items(current_person(), own)
    return render_template("collections/own.html", own=own, counts=counts, form=form)


@bp.post("/me/collections")
def create() -> BaseResponse | tuple[str, int]:
    person, form = signed_in(), CollectionForm()
    if form.validate_on_submit():
        try:
            collection = service.create_collection(person, **form.values())
        except EduError as error:
            form.form_errors.append(str(error.message))
        else:
            db.session.commit()
            return go_to(_address(collection))
    return _show_own(form), 422


def _address(collection: Collection, **values: Any) -> str:
    return url_for("collections.show", key=collection.key, **values)


@bp.get("/collections/<key>")
def show(key: str) -> str:
    return _show(service.get_collection(current_person(), key), _page())


def _show(collection: Collection, page: int) -> str:
    person = current_person()
    own = person is not None and person.id == collection.user_id
    listed = service.list_items(person, collection, page)
    if page > listed.pages:  # the last item of the last page has just been removed
        listed = service.list_items(person, collection, listed.pages)
    name = "_items" if wants_fragment() else "show"
    return render_template(
        f"collections/{name}.html",
        collection=collection,
        page=listed,
        own=own,
        hidden=service.count_hidden(person, collection) if own else 0,
    )


@bp.get("/collections/<key>/zip")
@limiter.limit(lambda: settings().upload_limit, key_func=who_asks)
def download(key: str) -> Response:
    collection = service.get_collection(current_person(), key)
    return send_archive(collection.title, service.list_archive(current_person(), collection))


@bp.get("/collections/<key>/edit")
def edit(key: str) -> str:
    collection = service.get_own_collection(signed_in(), key)
    return _show_edit(collection, CollectionForm(obj=collection))


def _show_edit(collection: Collection, form: CollectionForm) -> str:
    return render_template("collections/edit.html", collection=collection, form=form)


@bp.post("/collections/<key>/edit")
def change(key: str) -> BaseResponse | tuple[str, int]:
    person, form = signed_in(), CollectionForm()
    collection = service.get_own_collection(person, key)
    if not form.validate_on_submit():
        return _show_edit(collection, form), 422
    try:
        service.change_collection(person, collection, **form.values())
    except InvalidInput as error:
        form.form_errors.append(str(error.message))
        return _show_edit(collection, form), 422
    db.session.commit()
    return go_to(_address(collection))


@bp.post("/collections/<key>/delete")
def delete(key: str) -> BaseResponse:
    person = signed_in()
    service.delete_collection(person, service.get_own_collection(person, key))
    db.session.commit()
    flash(_("The collection is deleted; its materials stay in the library."), "success")
    return go_to(url_for("collections.own"))


# Items of a collection ------------------------------------------------------------------------


@bp.post("/collections/<key>/order")
def reorder(key: str) -> Response:
    person = signed_in()
    collection = service.get_own_collection(person, key)
    sent = request.form.getlist("item", type=int)
    service.reorder_items(person, collection, sent[: service.MAX_ITEMS])
    db.session.commit()
    return Response(status=204)


@bp.post("/collections/<key>/items/<int:material_id>/move")
def move_item(key: str, material_id: int) -> str | BaseResponse:
    person = signed_in()
    collection = service.get_own_collection(person, key)
    step = -1 if request.form.get("direction") == "up" else 1
    service.move_item(person, collection, material_id, step)
    return _changed(collection, material_id)


@bp.post("/collections/<key>/items/<int:material_id>/note")
def write_note(key: str, material_id: int) -> str | BaseResponse:
    person = signed_in()
    collection = service.get_own_collection(person, key)
    service.write_note(person, collection, material_id, request.form.get("note", ""))
    return _changed(collection, material_id)


@bp.post("/collections/<key>/items/<int:material_id>/remove")
def remove_item(key: str, material_id: int) -> str | BaseResponse:
    person = signed_in()
    collection = service.get_own_collection(person, key)
    service.remove_item(person, collection, material_id)
    return _changed(collection)


def _changed(collection: Collection, material_id: int | None = None) -> str | BaseResponse:
    db.session.commit()
    page = request.form.get("page", 1, type=int)
    if wants_fragment():
        return _show(collection, page)
    anchor = f"item-{material_id}" if material_id else None
    return redirect(_address(collection, page=page if page > 1 else None, _anchor=anchor), 303)


# The material page's own list of collections --------------------------------------------------


@bp.get("/materials/<int:material_id>/collections")
def keep(material_id: int) -> str:
    return _show_keep(get_visible(signed_in(), material_id))


def _show_keep(material: Material, error: str = "") -> str:
    person = signed_in()
    name = "_keep" if wants_fragment() else "keep"
    return render_template(
        f"collections/{name}.html",
        material=material,
        own=service.list_own_collections(person),
        keeping=service.list_keeping(person, material),
        error=error,
    )


@bp.post("/materials/<int:material_id>/collections")
def keep_submit(material_id: int) -> str | BaseResponse | tuple[str, int]:
    material = get_visible(signed_in(), material_id)
    try:
        _keep(material)
    except (Conflict, InvalidInput) as error:
        db.session.rollback()
        return _show_keep(material, str(error.message)), 422
    db.session.commit()
    if wants_fragment():
        return _show_keep(material)
    return redirect(url_for("collections.keep", material_id=material_id), 303)


def _keep(material: Material) -> None:
    person, key = signed_in(), request.form.get("key", "")
    if not key:
        collection = service.create_collection(person, request.form.get("title", ""))
        service.add_item(person, collection, material)
        return
    collection = service.get_own_collection(person, key)
    if request.form.get("action") == "remove":
        service.remove_item(person, collection, material.id)
    else:
        service.add_item(person, collection, material)
