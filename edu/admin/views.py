"""The pages of administrators. Each asks `_who` first, and each post goes through `_act`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from edu.accounts.models import Role, User
from edu.admin import service
from edu.admin.forms import CategoryForm, RoleForm, SiteForm, tree_choices
from edu.catalog import service as catalog
from edu.catalog.models import Category
from edu.errors import Conflict, InvalidInput
from edu.extensions import db, settings
from edu.htmx import wants_fragment
from edu.library.service import list_uploads
from edu.mail.service import mail_status
from edu.materials.service import can_retry, count_by_category
from edu.permissions import Permission, require
from edu.second_factor.service import has_second_factor
from edu.sessions.service import list_sessions
from edu.site import condition
from edu.site.audit import last_storage_check
from edu.site.requests import signed_in
from edu.site.settings import site_settings
from edu.site.telegram import bot_name
from edu.streams.models import StreamStatus
from edu.streams.service import failure_message, find_streams
from edu.tree.service import (
    add_category,
    delete_category,
    edit_category,
    merge_category,
    place_category,
    shift_category,
)
from jobs.admin import check_index, rebuild_index
from jobs.mail import send_letters
from jobs.materials import process_material, reconcile
from jobs.queue import list_waiting
from jobs.search import update_index
from jobs.streams import reconcile_streams

bp = Blueprint("admin", __name__, url_prefix="/admin")
PEOPLE, SUBJECTS, SITE = (
    Permission.MANAGE_PEOPLE,
    Permission.MANAGE_SUBJECTS,
    Permission.MANAGE_SITE,
)


def _who(permission: Permission) -> User:
    return require(signed_in(), permission)


def _page_number(name: str = "page") -> int:
    return request.args.get(name, 1, type=int) or 1


def _act(back: str, act: Callable[[], object], message: str) -> Response:
    """Do it, commit, say so, and go back; a refusal is said on that same page."""
    try:
        act()
    except (InvalidInput, Conflict) as error:
        db.session.rollback()
        flash(str(error.message), "error")
    else:
        db.session.commit()
        flash(message, "success")
    return redirect(back, 303)


@bp.get("")
def index() -> str:
    _who(SITE)
    return render_template(
        "admin/index.html",
        signs=condition.read_signs(),
        people=condition.count_people(),
        statuses=condition.count_statuses(),
        mail=mail_status(),
    )


# People ---------------------------------------------------------------------------------------


@bp.get("/people")
def people() -> str:
    actor = _who(PEOPLE)
    wanted = {name: request.args.get(name, "") for name in ("q", "role", "state")}
    found = service.list_people(
        actor, wanted["q"], role=wanted["role"], state=wanted["state"], page=_page_number()
    )
    return render_template("admin/people.html", found=found, wanted=wanted)


@bp.get("/people/<int:user_id>")
def person(user_id: int) -> str:
    actor = _who(PEOPLE)
    return _person_page(actor, service.get_person(actor, user_id))


def _person_page(actor: User, person: User, **more: Any) -> str:
    uploads = list_uploads(person, _page_number("uploads"))
    return render_template(
        "admin/person.html",
        person=person,
        uploads=uploads,
        acts=service.list_acts_on(actor, person),
        second_factor=has_second_factor(person),
        sessions=len(list_sessions(person)),
        tree=catalog.list_tree(),
        moderated={subject.category_id for subject in person.moderated},
        **more,
    )


def _act_on(user_id: int, act: Callable[[User, User], object], message: str) -> Response:
    actor = _who(PEOPLE)
    person = service.get_person(actor, user_id)
    back = url_for("admin.person", user_id=user_id)
    return _act(back, lambda: act(actor, person), message)


@bp.post("/people/<int:user_id>/role")
def person_role(user_id: int) -> Response:
    form, tree = RoleForm(), catalog.list_tree()
    subjects = form.find_subjects(tree, request.form.getlist("subjects"))

    def act(actor: User, person: User) -> None:
        if form.role.data not in set(Role):
            raise InvalidInput(_("Choose a role."))
        service.change_role(actor, person, Role(form.role.data), subjects)

    return _act_on(user_id, act, _("The role is changed. It holds at once."))


@bp.post("/people/<int:user_id>/block")
def person_block(user_id: int) -> Response:
    blocked = request.form.get("blocked") == "1"
    message = _("Blocked and signed out everywhere.") if blocked else _("Let in again.")
    return _act_on(user_id, lambda a, p: service.block_person(a, p, blocked=blocked), message)


@bp.post("/people/<int:user_id>/recovery")
def person_recovery(user_id: int) -> Response:
    response = _act_on(user_id, service.send_recovery, _("The letter is on its way."))
    send_letters.enqueue()
    return response


@bp.post("/people/<int:user_id>/second-factor")
def person_second_factor(user_id: int) -> Response:
    message = _("Signing in asks for no code now.")
    return _act_on(user_id, service.remove_second_factor, message)


@bp.post("/people/<int:user_id>/sessions")
def person_sessions(user_id: int) -> Response:
    return _act_on(user_id, service.sign_out_person, _("Signed out everywhere."))


# Subjects -------------------------------------------------------------------------------------


@bp.get("/subjects")
def subjects() -> str:
    _who(SUBJECTS)
    tree = catalog.list_tree()
    form = CategoryForm(request.args)
    form.offer_parents(tree)
    return _tree_page(tree, form)


def _tree_page(tree: list[Category], form: CategoryForm) -> str:
    return render_template("admin/subjects.html", tree=tree, counts=count_by_category(), form=form)


@bp.post("/subjects")
def add_subject() -> Response | tuple[str, int]:
    actor = _who(SUBJECTS)
    tree, form = catalog.list_tree(), CategoryForm()
    form.offer_parents(tree)
    if form.validate_on_submit():
        try:
            parent = form.find_parent(tree)
            added = add_category(
                actor, form.name.data, parent, slug=form.slug.data, aliases=form.alias_list
            )
        except (InvalidInput, Conflict) as error:
            db.session.rollback()
            form.show_error(error.details.get("field", ""), str(error.message))
        else:
            db.session.commit()
            flash(_("“%(name)s” is added.", name=added.name), "success")
            return redirect(url_for("admin.subjects", parent=added.parent_id), 303)
    return _tree_page(catalog.list_tree(), form), 422


@bp.post("/subjects/place")
def place_subject() -> str | Response:
    """Up and down by a button (`step`), or anywhere by dragging (`parent` and `position`)."""
    actor = _who(SUBJECTS)
    category = catalog.get_category(request.form.get("category", 0, type=int))

    def act() -> None:
        if "step" in request.form:
            step = request.form.get("step", 0, type=int)
            shift_category(actor, category, max(-1, min(step, 1)))
            return
        parent_id = request.form.get("parent", 0, type=int)
        parent = catalog.get_category(parent_id) if parent_id else None
        position = request.form.get("position", 0, type=int)
        place_category(actor, category, parent, position)

    response = _act(url_for("admin.subjects"), act, _("Moved."))
    update_index.enqueue()
    if not wants_fragment():
        return response
    return render_template(
        "admin/_tree.html", tree=catalog.list_tree(), counts=count_by_category(), swapped=True
    )


@bp.get("/subjects/<int:category_id>")
def subject(category_id: int) -> str:
    _who(SUBJECTS)
    category, tree = catalog.get_category(category_id), catalog.list_tree()
    form = CategoryForm(
        None,
        data={
            "name": category.name,
            "slug": category.slug,
            "parent": str(category.parent_id or ""),
            "aliases": ", ".join(alias.alias for alias in category.aliases),
        },
    )
    form.offer_parents(tree, without=category)
    return _subject_page(category, tree, form)


def _subject_page(category: Category, tree: list[Category], form: CategoryForm) -> str:
    return render_template(
        "admin/subject.html",
        category=category,
        form=form,
        targets=tree_choices(tree, without=category),
        materials=catalog.count_materials(category),
    )


@bp.post("/subjects/<int:category_id>")
def save_subject(category_id: int) -> Response | tuple[str, int]:
    actor = _who(SUBJECTS)
    category, tree = catalog.get_category(category_id), catalog.list_tree()
    form = CategoryForm()
    form.offer_parents(tree, without=category)
    if form.validate_on_submit():
        try:
            _save(actor, category, form.find_parent(tree), form)
        except (InvalidInput, Conflict) as error:
            db.session.rollback()
            form.show_error(error.details.get("field", ""), str(error.message))
        else:
            db.session.commit()
            update_index.enqueue()
            flash(_("Saved."), "success")
            return redirect(url_for("admin.subjects"), 303)
    return _subject_page(category, catalog.list_tree(), form), 422


def _save(actor: User, category: Category, parent: Category | None, form: CategoryForm) -> None:
    if parent is not category.parent:
        place_category(actor, category, parent)
    edit_category(
        actor,
        category,
        name=form.name.data,
        slug=form.slug.data or None,
        aliases=form.alias_list,
    )


@bp.post("/subjects/<int:category_id>/delete")
def delete_subject(category_id: int) -> Response:
    actor, category = _who(SUBJECTS), catalog.get_category(category_id)
    return _act(
        url_for("admin.subjects"),
        lambda: delete_category(actor, category),
        _("Deleted."),
    )


@bp.post("/subjects/<int:category_id>/merge")
def merge_subject(category_id: int) -> Response:
    actor, category = _who(SUBJECTS), catalog.get_category(category_id)
    target = catalog.get_category(request.form.get("target", 0, type=int))
    message = _("Everything is in “%(name)s” now.", name=target.name)
    response = _act(
        url_for("admin.subjects"),
        lambda: merge_category(actor, category, target),
        message,
    )
    update_index.enqueue()
    return response


# The site -------------------------------------------------------------------------------------


@bp.get("/site")
def site() -> str:
    _who(SITE)
    form = SiteForm()
    form.fill(site_settings())
    return _site_page(form)


def _site_page(form: SiteForm) -> str:
    return render_template(
        "admin/site.html", form=form, token=bool(settings().telegram_token), bot=bot_name()
    )


@bp.post("/site")
def save_site() -> Response | tuple[str, int]:
    actor, form = _who(SITE), SiteForm()
    if form.validate_on_submit():
        try:
            service.change_site_settings(actor, form.read())
        except InvalidInput as error:
            db.session.rollback()
            form[error.details["field"]].errors = [str(error.message)]
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for("admin.site"), 303)
    return _site_page(form), 422


# Work -----------------------------------------------------------------------------------------


@bp.get("/jobs")
def jobs() -> str:
    actor = _who(SITE)
    failed = service.list_failed(actor, _page_number())
    unmade = service.list_streams(actor, _page_number("streams"), StreamStatus.FAILED)
    making = service.list_streams(actor, 1, StreamStatus.MAKING, StreamStatus.WAITING)
    return render_template(
        "admin/jobs.html",
        working=condition.list_in_work(),
        counts=condition.count_statuses(),
        unattended=condition.count_unattended(),
        failed=failed,
        curable={material.id for material in failed.items if can_retry(actor, material)},
        making=making,
        unmade=unmade,
        streams=find_streams([*making.items, *unmade.items]),
        failure_message=failure_message,
        letters=service.list_unsent(actor, _page_number("letters")),
        mail=mail_status(),
        questions=service.list_failed_questions(actor),
        assistant=condition.read_assistant(),
        queue=condition.queue_length(),
    )


@bp.post("/jobs/materials/<int:material_id>/retry")
def retry_material(material_id: int) -> Response:
    actor = _who(SITE)
    back = url_for("admin.jobs")
    response = _act(back, lambda: service.retry_one(actor, material_id), _("Tried once more."))
    process_material.enqueue(material_id)
    return response


@bp.post("/jobs/materials/retry")
def retry_materials() -> Response:
    ids = service.retry_all(_who(SITE))
    db.session.commit()
    for material_id in ids:
        process_material.enqueue(material_id)
    flash(
        ngettext("%(num)s file is tried once more.", "%(num)s files are tried again.", len(ids)),
        "success",
    )
    return redirect(url_for("admin.jobs"), 303)


@bp.post("/jobs/streams/<int:material_id>/retry")
def retry_stream(material_id: int) -> Response:
    actor, back = _who(SITE), url_for("admin.jobs")
    response = _act(back, lambda: service.retry_stream(actor, material_id), _("Tried once more."))
    reconcile_streams.enqueue()
    return response


@bp.post("/jobs/letters/<int:letter_id>/retry")
def retry_letter(letter_id: int) -> Response:
    actor = _who(SITE)
    back = url_for("admin.jobs")
    response = _act(back, lambda: service.retry_letter(actor, letter_id), _("Sent once more."))
    send_letters.enqueue()
    return response


@bp.post("/jobs/reconcile")
def run_reconciler() -> Response:
    _who(SITE)
    reconcile.enqueue()
    flash(_("The worker looks for what was left lying."), "success")
    return redirect(url_for("admin.jobs"), 303)


@bp.get("/storage")
def storage() -> str:
    _who(SITE)
    return render_template(
        "admin/storage.html",
        use=condition.read_storage(),
        disk=condition.read_disk(),
        check=last_storage_check(),
    )


@bp.get("/index")
def index_state() -> str:
    _who(SITE)
    return render_template(
        "admin/index_state.html", index=condition.read_index(), busy=_waits_for_index()
    )


def _waits_for_index() -> bool:
    return bool(list_waiting(check_index) | list_waiting(rebuild_index))


@bp.post("/index/check")
def check_search() -> Response:
    actor = _who(SITE)
    if not list_waiting(check_index):
        check_index.enqueue(actor.id)
    flash(_("The check begins. Its result stands here in a moment."), "success")
    return redirect(url_for("admin.index_state"), 303)


@bp.post("/index/rebuild")
def rebuild_search() -> Response:
    actor = _who(SITE)
    if not list_waiting(rebuild_index):
        rebuild_index.enqueue(actor.id)
    flash(_("The index is built anew; search goes on meanwhile."), "success")
    return redirect(url_for("admin.index_state"), 303)


@bp.get("/log")
def log() -> str:
    acts = service.list_acts(_who(SITE), _page_number())
    return render_template("admin/log.html", acts=acts, names=service.name_subjects(acts.items))
