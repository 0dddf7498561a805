"""What each of six people gets for each route: the expectations, written down by hand.

The columns are: a stranger, another user, the owner of the thing (a user), a moderator of another
subject, a moderator of this subject, an administrator. `login` is the way to the sign-in page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.authorisation.world import UPLOAD_ID

Status = int | str


@dataclass(frozen=True)
class Row:
    """One act and what the six people get for it. Names in braces stand for the world's ids."""

    method: str
    rule: str
    expected: tuple[Status, ...]
    path: str = ""
    form: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    sends_file: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    note: str = ""


def everybody(status: Status) -> tuple[Status, ...]:
    """A thing of the public."""
    return (status,) * 6


def people(status: Status, stranger: Status = "login") -> tuple[Status, ...]:
    """A thing for everybody who is signed in."""
    return (stranger, *(status,) * 5)


def owner(status: Status, others: Status = 404, stranger: Status = "login") -> tuple[Status, ...]:
    """A thing of Alice's that is nobody else's business, not even an administrator's."""
    return (stranger, others, status, others, others, others)


def keepers(
    status: Status, others: Status = 404, stranger: Status | None = None
) -> tuple[Status, ...]:
    """A thing for its owner, the moderator of its subject and administrators."""
    outside = others if stranger is None else stranger
    return (outside, others, status, others, status, status)


def reviewers(
    status: Status, hidden: Status = 404, own: Status = 403, stranger: Status = "login"
) -> tuple[Status, ...]:
    """A thing for the moderator of the subject and administrators; the owner sees it, too."""
    return (stranger, hidden, own, hidden, status, status)


def admins(status: Status, others: Status = 403, stranger: Status = "login") -> tuple[Status, ...]:
    """A thing for administrators."""
    return (stranger, others, others, others, others, status)


def answerers(status: Status) -> tuple[Status, ...]:
    """A demand in the subject, for its moderator and administrators."""
    return ("login", 403, 403, 404, status, status)


PENDING, ACTIVE = "/materials/{pending_material}", "/materials/{active_material}"
DELETED = "/materials/{archived_material}"
VIDEO = "/materials/{video_material}"
FAILED, REJECTED = "/materials/{failed_material}", "/materials/{rejected_material}"
EDIT = {"title": "New", "type": "lecture", "category": "{maths}", "revision": "1"}
API = "/api"
A_PENDING, A_ACTIVE = API + PENDING, API + ACTIVE
UPLOAD = {"title": "New", "type": "lecture", "category": "{maths}"}
FILE = f"/files/{UPLOAD_ID}"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

SITE = [
    Row("GET", "/", everybody(200)),
    Row("POST", "/language", everybody(303), form={"lang": "ru"}),
    Row("POST", "/theme", everybody(303), form={"theme": "dark"}),
    Row("GET", "/healthz", everybody(200)),
    Row("GET", "/readyz", everybody(200)),
    Row("GET", "/search", everybody(200)),
    Row("GET", "/search/complete", everybody(200), "/search/complete?q=ser"),
    Row("POST", "/demand", people(303), form={"text": "topology"}),
    Row("GET", "/subjects", everybody(200)),
    Row("GET", "/subjects/options", everybody(200)),
    Row("GET", "/subjects/<path:path>", everybody(200), "/subjects/maths"),
]

SIGNING_IN = [
    Row("GET", "/login", (200, 303, 303, 303, 303, 303)),
    Row("POST", "/login", everybody(422), form={"email": "a@example.org", "password": "wrong"}),
    Row("POST", "/logout", everybody(303)),
    Row("GET", "/login/code", everybody("login"), note="nobody has shown a password"),
    Row("POST", "/login/code", everybody("login"), form={"code": "123456"}),
    Row("GET", "/register", everybody(200)),
    Row("POST", "/register", everybody(422)),
    Row("GET", "/register/sent", everybody(303), note="nothing was asked for"),
    Row("GET", "/register/<secret>", everybody(410), "/register/made-up"),
    Row("POST", "/register/<secret>", everybody(410), "/register/made-up"),
    Row("GET", "/recover", everybody(200)),
    Row("POST", "/recover", everybody(422)),
    Row("GET", "/recover/sent", everybody(303), note="nothing was asked for"),
    Row("GET", "/recover/<secret>", everybody(410), "/recover/made-up"),
    Row("POST", "/recover/<secret>", everybody(410), "/recover/made-up"),
    Row("GET", "/oauth/<provider>", everybody(404), "/oauth/google", note="not configured"),
    Row("GET", "/oauth/<provider>/callback", everybody(404), "/oauth/google/callback"),
    Row("GET", "/oauth/authorize", everybody(400), note="not what the bot has made"),
    Row("POST", "/oauth/authorize", everybody(400), form={"answer": "allow"}),
    Row("POST", "/oauth/token", everybody(400), form={"grant_type": "password"}),
    Row("POST", "/oauth/revoke", everybody(400), form={"token": "made-up"}),
    Row("GET", "/login/identity", everybody("login"), note="nobody comes from another site"),
    Row("POST", "/login/identity", everybody("login"), form={"email": "a@example.org"}),
    Row("GET", "/login/identity/sent", everybody("login")),
    Row("GET", "/login/identity/<secret>", everybody(410), "/login/identity/made-up"),
    Row("POST", "/login/identity/<secret>", everybody("login"), "/login/identity/made-up"),
]

MATERIALS = [
    Row("GET", "/upload", people(200)),
    Row("POST", "/upload", people(422)),
    Row("POST", "/files/", people(201, 401), headers={**TUS, "Upload-Length": "9"}),
    Row("PATCH", "/files/<upload_id>", owner(204, stranger=401), FILE, headers=PIECE),
    Row("DELETE", "/files/<upload_id>", owner(204, stranger=401), FILE, headers=TUS),
    Row("POST", "/files/<upload_id>", owner(204, stranger=401), FILE, headers=PIECE),
    Row("GET", "/upload/hints", people(200), "/upload/hints?text=fall+2023"),
    Row("GET", "/materials/tags", people(200), "/materials/tags?q=series"),
    Row("GET", "/materials/<int:material_id>", everybody(200), ACTIVE, note="published"),
    Row("GET", "/materials/<int:material_id>", keepers(200), PENDING, note="pending"),
    Row("GET", "/materials/<int:material_id>", keepers(200), REJECTED, note="rejected"),
    Row(
        "GET",
        "/materials/<int:material_id>",
        keepers(200),
        "/materials/{archived_material}",
        note="archived",
    ),
    Row("GET", "/materials/<int:material_id>/status", keepers(200), f"{PENDING}/status"),
    Row("GET", "/materials/<int:material_id>/file", everybody(200), f"{ACTIVE}/file", note="open"),
    Row("GET", "/materials/<int:material_id>/file", keepers(200), f"{PENDING}/file"),
    Row(
        "GET",
        "/materials/<int:material_id>/thumbnail",
        keepers(200),
        f"{PENDING}/thumbnail",
    ),
    *(
        Row("GET", f"/materials/<int:material_id>/stream{rule}", who, f"{material}/stream{path}")
        for material, who in ((PENDING, keepers(200)), (ACTIVE, everybody(200)))
        for rule, path in (
            ("", ""),
            ("/master.m3u8", "/master.m3u8"),
            ("/<int(max=9999):height>/<name>", "/360/00000.m4s"),
        )
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/preview/<name>",
        keepers(200),
        f"{PENDING}/preview/1.webp",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/pages/<int:number>/picture",
        keepers(200),
        f"{PENDING}/pages/1/picture",
    ),
    Row(
        "GET",
        "/telegram/files/<token>",
        everybody(404),
        "/telegram/files/forged",
        note="the word is signed for one material, and asks again who may see it",
    ),
    Row("POST", "/materials/<int:material_id>/retry", keepers(303), f"{FAILED}/retry"),
    Row(
        "POST",
        "/materials/<int:material_id>/stream/retry",
        keepers(303),
        f"{FAILED}/stream/retry",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/rate",
        ("login", 303, 403, 303, 303, 303),
        f"{ACTIVE}/rate",
        form={"stars": "5"},
        note="nobody rates what is their own",
    ),
    Row("GET", "/materials/<int:material_id>/edit", keepers(200, 404, "login"), f"{PENDING}/edit"),
    Row(
        "GET",
        "/materials/<int:material_id>/edit",
        ("login", 403, 403, 403, 200, 200),
        f"{ACTIVE}/edit",
        note="published",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/edit",
        keepers(303, 404, "login"),
        f"{PENDING}/edit",
        form=EDIT,
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/edit",
        ("login", 403, 403, 403, 303, 303),
        f"{ACTIVE}/edit",
        form=EDIT,
        note="published",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/replace",
        ("login", 403, 403, 403, 200, 200),
        f"{ACTIVE}/replace",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/replace",
        ("login", 403, 403, 403, 303, 303),
        f"{ACTIVE}/replace",
        sends_file=True,
        note="published",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/replace",
        keepers(303, 404, "login"),
        f"{REJECTED}/replace",
        sends_file=True,
        note="rejected",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/versions/<int:number>/file",
        ("login", 403, 403, 403, 200, 200),
        f"{ACTIVE}/versions/1/file",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/versions/<int:number>/file",
        (404, 404, 403, 404, 200, 200),
        f"{PENDING}/versions/1/file",
        note="pending",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/captions/<language>.vtt",
        keepers(200),
        f"{VIDEO}/captions/ru.vtt",
    ),
    Row("GET", "/materials/<int:material_id>/transcript", keepers(200), f"{VIDEO}/transcript"),
    Row(
        "GET",
        "/materials/<int:material_id>/captions",
        keepers(200, 404, "login"),
        f"{VIDEO}/captions",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/captions",
        keepers(422, 404, "login"),
        f"{VIDEO}/captions",
        note="without a file",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/captions/<language>/remove",
        keepers(303, 404, "login"),
        f"{VIDEO}/captions/ru/remove",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/delete",
        keepers(200, 404, "login"),
        f"{PENDING}/delete",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/delete",
        ("login", 403, 403, 403, 200, 200),
        f"{ACTIVE}/delete",
        note="published",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/delete",
        keepers(303, 404, "login"),
        f"{PENDING}/delete",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/delete",
        ("login", 403, 403, 403, 303, 303),
        f"{ACTIVE}/delete",
        note="published",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/restore",
        keepers(303, 404, "login"),
        f"{DELETED}/restore",
    ),
    Row("GET", "/trash", people(200)),
    Row(
        "POST",
        "/trash/<int:material_id>/purge",
        keepers(303, 404, "login"),
        "/trash/{archived_material}/purge",
    ),
    Row(
        "GET",
        "/materials/<int:material_id>/report",
        ("login", 200, 403, 200, 200, 200),
        f"{ACTIVE}/report",
        note="nobody reports what is their own",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/report",
        ("login", 303, 403, 303, 303, 303),
        f"{ACTIVE}/report",
        form={"reason": "file"},
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/report",
        ("login", 404, 403, 404, 403, 403),
        f"{PENDING}/report",
        form={"reason": "file"},
        note="pending",
    ),
    Row("GET", "/moderation", ("login", 403, 403, 200, 200, 200)),
    Row("GET", "/moderation/reports", ("login", 403, 403, 200, 200, 200)),
    Row(
        "POST",
        "/moderation/reports/<int:material_id>/settle",
        ("login", 403, 403, 403, 303, 303),
        "/moderation/reports/{active_material}/settle",
        form={"outcome": "returned"},
    ),
    Row(
        "POST",
        "/moderation/<int:material_id>/approve",
        ("login", 403, 403, 404, 303, 303),
        "/moderation/{pending_material}/approve",
    ),
    Row(
        "POST",
        "/moderation/<int:material_id>/reject",
        ("login", 403, 403, 404, 303, 303),
        "/moderation/{pending_material}/reject",
        form={"reason": "Blurred"},
    ),
]

_DEMANDED = {"key": "topolog", "subject": "{maths}"}
_DEMAND = "key=topolog&subject={maths}"
_PLANS, _PLAN = "/plans/<int:plan_id>", "/plans/{plan}"
_STEPS = f"{_PLANS}/steps/<int:step_id>"
_STEP = {"topic": "T", "minutes": "30", "week": "1"}
LIBRARY = [
    Row("GET", "/me/reports", people(200)),
    Row(
        "POST",
        "/me/reports/<int:report_id>/withdraw",
        owner(303),
        "/me/reports/{own_report}/withdraw",
    ),
    Row("GET", "/me/requests", people(200)),
    Row(
        "POST",
        "/me/requests/<int:request_id>/withdraw",
        owner(303),
        "/me/requests/{request}/withdraw",
    ),
    Row("GET", "/review/demand", ("login", 403, 403, 200, 200, 200)),
    Row("GET", "/review/demand/answer", answerers(200), f"/review/demand/answer?{_DEMAND}"),
    Row(
        "POST",
        "/review/demand/meet",
        answerers(303),
        form={**_DEMANDED, "material": "{active_material}"},
    ),
    Row(
        "POST",
        "/review/demand/close",
        answerers(303),
        form={**_DEMANDED, "reason": "There is none"},
    ),
    Row("POST", "/me/searches/clear", people(303)),
    Row("POST", "/me/searches/<int:query_id>/forget", people(303), "/me/searches/1/forget"),
    Row("GET", "/me/uploads", people(200)),
    Row("GET", "/me/history", people(200)),
    Row("POST", "/me/history/clear", people(303)),
    Row(
        "POST",
        "/me/history/<int:material_id>/remove",
        people(303),
        "/me/history/{active_material}/remove",
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/place",
        people(204),
        f"{ACTIVE}/place",
        form={"place": "1"},
    ),
    Row(
        "POST",
        "/materials/<int:material_id>/place",
        keepers(204, 404, "login"),
        f"{PENDING}/place",
        form={"place": "1"},
        note="pending",
    ),
    Row("GET", "/materials/<int:material_id>/collections", people(200), f"{ACTIVE}/collections"),
    Row(
        "POST",
        "/materials/<int:material_id>/collections",
        owner(303),
        f"{ACTIVE}/collections",
        form={"key": "key-private"},
    ),
    Row("GET", "/assistant", everybody(200)),
    Row("GET", "/assistant/conversations", people(200)),
    Row("POST", "/assistant/ask", people(303), form={"question": "Series?"}),
    Row("GET", "/assistant/<int:conversation_id>", owner(200), "/assistant/{conversation}"),
    *(
        Row(
            "POST",
            f"/assistant/<int:conversation_id>/{act}",
            owner(303),
            f"/assistant/{{conversation}}/{act}",
            form={"title": "New"},
        )
        for act in ("rename", "delete")
    ),
    Row(
        "GET",
        "/assistant/questions/<int:question_id>",
        owner(302),
        "/assistant/questions/{question}",
    ),
    *(
        Row(
            "POST",
            f"/assistant/questions/<int:question_id>/{act}",
            owner(303),
            f"/assistant/questions/{{question}}/{act}",
            form={"opinion": "1"},
        )
        for act in ("cancel", "opinion", "save")
    ),
    Row("GET", "/me/answers", people(200)),
    Row(
        "POST",
        "/me/answers/<int:saved_id>/forget",
        owner(303),
        "/me/answers/{saved_answer}/forget",
    ),
    Row("GET", "/plans", people(200)),
    Row("POST", "/plans", owner(303), form={"question_id": "{question}"}),
    Row("GET", f"{_PLANS}", owner(200), _PLAN),
    Row("GET", f"{_PLANS}/print", owner(200), f"{_PLAN}/print"),
    Row("GET", f"{_PLANS}/calendar.ics", owner(200), f"{_PLAN}/calendar.ics"),
    Row("GET", f"{_PLANS}/edit", owner(200), f"{_PLAN}/edit"),
    Row(
        "POST",
        f"{_PLANS}/edit",
        owner(303),
        f"{_PLAN}/edit",
        form={"title": "T", "minutes_a_week": "240"},
    ),
    Row("POST", f"{_PLANS}/delete", owner(303), f"{_PLAN}/delete"),
    Row("POST", f"{_PLANS}/replan", owner(303), f"{_PLAN}/replan"),
    Row("POST", f"{_PLANS}/steps", owner(303), f"{_PLAN}/steps", form=_STEP),
    Row("GET", f"{_STEPS}/edit", owner(200), f"{_PLAN}/steps/{{step}}/edit"),
    Row("POST", f"{_STEPS}/edit", owner(303), f"{_PLAN}/steps/{{step}}/edit", form=_STEP),
    *(
        Row(
            "POST",
            f"{_STEPS}/{act}",
            owner(303),
            f"{_PLAN}/steps/{{step}}/{act}",
            form={"done": "1", "direction": "up"},
        )
        for act in ("tick", "move", "remove")
    ),
    Row("GET", "/collections", everybody(200)),
    Row("GET", "/me/collections", people(200)),
    Row("POST", "/me/collections", people(303), form={"title": "Exam", "visibility": "private"}),
    Row("GET", "/collections/<key>", everybody(200), "/collections/key-public", note="public"),
    Row("GET", "/collections/<key>", everybody(200), "/collections/key-link", note="by link"),
    Row("GET", "/collections/<key>", owner(200, stranger=404), "/collections/key-private"),
    Row("GET", "/collections/<key>/zip", everybody(200), "/collections/key-public/zip"),
    Row(
        "GET",
        "/collections/<key>/zip",
        owner(200, stranger=404),
        "/collections/key-private/zip",
        note="private",
    ),
    Row("GET", "/collections/<key>/edit", owner(200), "/collections/key-private/edit"),
    Row(
        "GET",
        "/collections/<key>/edit",
        owner(200, 403),
        "/collections/key-public/edit",
        note="public",
    ),
    Row(
        "POST",
        "/collections/<key>/edit",
        owner(303, 403),
        "/collections/key-public/edit",
        form={"title": "T", "visibility": "link"},
    ),
    Row("POST", "/collections/<key>/delete", owner(303, 403), "/collections/key-public/delete"),
    *(
        Row(
            "POST",
            f"/collections/<key>/items/<int:material_id>/{act}",
            owner(303, 403),
            f"/collections/key-public/items/{{active_material}}/{act}",
            form={"direction": "up", "note": "n"},
        )
        for act in ("move", "note", "remove")
    ),
    Row(
        "POST",
        "/collections/<key>/order",
        owner(204, 403),
        "/collections/key-public/order",
        form={"item": "{active_material}"},
    ),
    Row("GET", "/me/subscriptions", people(200)),
    Row("GET", "/me/feed", people(200)),
    Row("POST", "/me/feed/renew", people(303)),
    Row(
        "POST",
        "/me/subscriptions/<int:subscription_id>/rename",
        owner(303),
        "/me/subscriptions/{subscription}/rename",
        form={"name": "N"},
    ),
    Row(
        "POST",
        "/me/subscriptions/<int:subscription_id>/unfollow",
        owner(303),
        "/me/subscriptions/{subscription}/unfollow",
    ),
    Row(
        "POST",
        "/me/subscriptions/authors/<int:author_id>",
        ("login", 303, 422, 303, 303, 303),
        "/me/subscriptions/authors/{alice}",
        note="nobody follows oneself",
    ),
    Row("POST", "/me/subscriptions/searches", people(303), form={"q": "series"}),
    Row(
        "POST",
        "/me/subscriptions/subjects/<int:category_id>",
        people(303),
        "/me/subscriptions/subjects/{maths}",
    ),
    Row(
        "GET",
        "/feeds/<token>.<any(atom, rss):form>",
        everybody(200),
        "/feeds/feed-token.atom",
        note="the address is the secret",
    ),
    Row(
        "GET",
        "/feeds/<token>.<any(atom, rss):form>",
        everybody(404),
        "/feeds/made-up.rss",
        note="made up",
    ),
    Row(
        "GET",
        "/feeds/subject/<int:category_id>.<any(atom, rss):form>",
        everybody(200),
        "/feeds/subject/{maths}.rss",
    ),
    Row("GET", "/me/notifications", people(200)),
    Row(
        "GET",
        "/me/notifications/<int:notification_id>",
        owner(303),
        "/me/notifications/{notification}",
    ),
    Row(
        "POST",
        "/me/notifications/<int:notification_id>/read",
        owner(303),
        "/me/notifications/{notification}/read",
    ),
    Row("POST", "/me/notifications/read", people(303)),
    Row("GET", "/me/notification-settings", people(200)),
    Row("POST", "/me/notification-settings", people(303), form={"email-materials": "off"}),
    Row("POST", "/me/quiet-hours", people(303)),
    Row("GET", "/unsubscribe/<token>", everybody(404), "/unsubscribe/made-up"),
    Row("POST", "/unsubscribe/<token>", everybody(404), "/unsubscribe/made-up"),
]

SETTINGS = [
    Row("GET", "/me/settings", people(200)),
    Row("POST", "/me/settings", people(303), form={"name": "New", "locale": "en", "theme": "auto"}),
    Row("GET", "/me/security", people(200)),
    Row("POST", "/me/security/email", people(422)),
    Row("POST", "/me/security/password", people(422)),
    Row("GET", "/me/security/email/<secret>", people(410), "/me/security/email/made-up"),
    Row("POST", "/me/security/email/<secret>", people(410), "/me/security/email/made-up"),
    Row("GET", "/me/devices", people(200)),
    Row(
        "POST",
        "/me/devices/<int:session_id>/end",
        owner(303),
        "/me/devices/{device}/end",
    ),
    Row("POST", "/me/devices/end-others", people(303)),
    Row("GET", "/me/second-factor", people(200)),
    Row(
        "POST",
        "/me/second-factor/begin",
        ("login", 403, 403, 303, 303, 303),
        form={"password": "correct horse battery"},
    ),
    Row(
        "POST",
        "/me/second-factor/confirm",
        people(303),
        form={"code": "1"},
        note="nothing has been begun",
    ),
    Row("POST", "/me/second-factor", people(422), form={"code": "1"}),
    Row("GET", "/me/identities", people(200)),
    Row(
        "POST",
        "/me/identities/<int:identity_id>/unlink",
        owner(303),
        "/me/identities/{identity}/unlink",
    ),
    Row("GET", "/me/telegram", people(200)),
    Row(
        "POST",
        "/me/telegram/<int:link_id>/unlink",
        owner(303),
        "/me/telegram/{telegram}/unlink",
    ),
    Row("GET", "/me/data", people(200)),
    Row("POST", "/me/data/export", people(200)),
    Row("POST", "/me/data/delete", people(422), form={"password": "wrong"}),
    Row("GET", "/me/hand-over/<secret>", people(422), "/me/hand-over/made-up"),
    Row("POST", "/me/hand-over/<secret>", people(422), "/me/hand-over/made-up"),
    Row("GET", "/me/tokens", people(200)),
    Row("POST", "/me/tokens", people(200), form={"name": "s", "scopes": "read", "days": "30"}),
    Row("POST", "/me/tokens/<int:token_id>/delete", owner(303), "/me/tokens/{token}/delete"),
]

_ADMIN_PEOPLE = "/admin/people/<int:user_id>"
_ADMIN_SUBJECT = "/admin/subjects/<int:category_id>"
ADMIN = [
    *(
        Row("GET", f"/admin{page}", admins(200))
        for page in ("", "/people", "/subjects", "/site", "/jobs", "/storage", "/index", "/log")
    ),
    Row("GET", _ADMIN_PEOPLE, admins(200), "/admin/people/{alice}"),
    *(
        Row("POST", f"{_ADMIN_PEOPLE}/{act}", admins(303), f"/admin/people/{{alice}}/{act}")
        for act in ("block", "recovery", "second-factor", "sessions")
    ),
    Row(
        "POST",
        f"{_ADMIN_PEOPLE}/role",
        admins(303),
        "/admin/people/{alice}/role",
        form={"role": "moderator", "scope": "all"},
    ),
    Row("GET", _ADMIN_SUBJECT, admins(200), "/admin/subjects/{maths}"),
    Row("POST", "/admin/subjects", admins(303), form={"name": "New"}),
    Row(
        "POST",
        _ADMIN_SUBJECT,
        admins(303),
        "/admin/subjects/{maths}",
        form={"name": "Mathematics", "slug": "maths", "aliases": "", "parent": ""},
    ),
    Row("POST", f"{_ADMIN_SUBJECT}/delete", admins(303), "/admin/subjects/{empty}/delete"),
    Row(
        "POST",
        f"{_ADMIN_SUBJECT}/merge",
        admins(303),
        "/admin/subjects/{empty}/merge",
        form={"target": "{maths}"},
    ),
    Row(
        "POST", "/admin/subjects/place", admins(303), form={"category": "{empty}", "position": "0"}
    ),
    Row("POST", "/admin/site", admins(303), form={"name": "S", "default_locale": "en"}),
    Row("POST", "/admin/index/check", admins(303)),
    Row("POST", "/admin/index/rebuild", admins(303)),
    Row("POST", "/admin/jobs/reconcile", admins(303)),
    Row(
        "POST",
        "/admin/jobs/letters/<int:letter_id>/retry",
        admins(303),
        "/admin/jobs/letters/{letter}/retry",
    ),
    Row(
        "POST",
        "/admin/jobs/materials/<int:material_id>/retry",
        admins(303),
        "/admin/jobs/materials/{failed_material}/retry",
    ),
    Row("POST", "/admin/jobs/materials/retry", admins(303)),
    Row(
        "POST",
        "/admin/jobs/streams/<int:material_id>/retry",
        admins(303),
        "/admin/jobs/streams/{failed_material}/retry",
    ),
]


def a_people(status: Status) -> tuple[Status, ...]:
    """Of the API, for everybody with a token."""
    return people(status, 401)


def a_owner(status: Status, others: Status = 404) -> tuple[Status, ...]:
    """Of the API, for Alice."""
    return owner(status, others, 401)


NO_BODY: dict[str, Any] = {}
_ME = "/api/users/me"
_COLLECTION = "/api/collections/key-public"
API_ROWS = [
    Row("GET", "/api/docs", everybody(200)),
    Row("GET", "/api/openapi.json", everybody(200)),
    Row("POST", "/api/auth/login", everybody(422), json=NO_BODY),
    Row("POST", "/api/auth/refresh", everybody(422), json=NO_BODY),
    Row("POST", "/api/auth/register", everybody(422), json=NO_BODY),
    Row("POST", "/api/auth/recover", everybody(422), json=NO_BODY),
    Row("POST", "/api/auth/logout", a_people(204)),
    Row("POST", "/api/ai/assist", a_people(200), json={"query": "series"}),
    Row(
        "GET",
        "/api/ai/assist/<int:question_id>",
        a_owner(200),
        "/api/ai/assist/{question}",
    ),
    Row(
        "POST",
        "/api/ai/assist/<int:question_id>/cancel",
        a_owner(200),
        "/api/ai/assist/{question}/cancel",
    ),
    Row(
        "POST",
        "/api/ai/assist/<int:question_id>/opinion",
        a_owner(200),
        "/api/ai/assist/{question}/opinion",
        json={"opinion": 1},
    ),
    Row("GET", "/api/ai/conversations", a_people(200)),
    *(
        Row(
            method,
            "/api/ai/conversations/<int:conversation_id>",
            a_owner(status),
            "/api/ai/conversations/{conversation}",
            json=json,
        )
        for method, status, json in (
            ("GET", 200, None),
            ("PATCH", 200, {"title": "Mine"}),
            ("DELETE", 204, None),
        )
    ),
    Row("GET", "/api/ai/saved", a_people(200)),
    Row("POST", "/api/ai/saved", a_owner(201), json={"question_id": "{question}"}),
    Row(
        "DELETE",
        "/api/ai/saved/<int:saved_id>",
        a_owner(204),
        "/api/ai/saved/{saved_answer}",
    ),
    Row("GET", "/api/categories", everybody(200)),
    Row("GET", "/api/categories/<int:category_id>", everybody(200), "/api/categories/{maths}"),
    Row("GET", "/api/material-types", everybody(200)),
    Row("POST", "/api/categories", admins(201, 403, 401), json={"name": "New"}),
    Row(
        "PATCH",
        "/api/categories/<int:category_id>",
        admins(200, 403, 401),
        "/api/categories/{maths}",
        json={"name": "New"},
    ),
    Row(
        "DELETE",
        "/api/categories/<int:category_id>",
        admins(204, 403, 401),
        "/api/categories/{empty}",
    ),
    Row("GET", "/api/materials", everybody(200)),
    Row("GET", "/api/search/completions", everybody(200), "/api/search/completions?q=ser"),
    Row("GET", "/api/demand", a_people(200)),
    Row("POST", "/api/demand", a_people(200), json={"text": "algebra"}),
    Row(
        "POST",
        "/api/materials",
        (401, 403, 403, 403, 201, 201),
        form={"title": "New", "type": "lecture", "category_id": "{maths}"},
        sends_file=True,
    ),
    Row("GET", "/api/materials/<int:material_id>", everybody(200), A_ACTIVE, note="published"),
    Row("GET", "/api/materials/<int:material_id>", keepers(200), A_PENDING),
    Row(
        "PATCH",
        "/api/materials/<int:material_id>",
        keepers(200, 404, 401),
        A_PENDING,
        json={"title": "New"},
    ),
    Row(
        "PATCH",
        "/api/materials/<int:material_id>",
        (401, 403, 403, 403, 200, 200),
        A_ACTIVE,
        json={"title": "New"},
        note="published",
    ),
    Row("DELETE", "/api/materials/<int:material_id>", keepers(200, 404, 401), A_PENDING),
    Row(
        "DELETE",
        "/api/materials/<int:material_id>",
        (401, 403, 403, 403, 200, 200),
        A_ACTIVE,
        note="published",
    ),
    Row(
        "POST",
        "/api/materials/<int:material_id>/restore",
        keepers(200, 404, 401),
        f"{API}{DELETED}/restore",
    ),
    Row("GET", "/api/trash", a_people(200)),
    Row(
        "DELETE",
        "/api/trash/<int:material_id>",
        keepers(204, 404, 401),
        "/api/trash/{archived_material}",
    ),
    Row("GET", "/api/materials/<int:material_id>/file", keepers(200), f"{A_PENDING}/file"),
    Row(
        "GET",
        "/api/materials/<int:material_id>/file",
        everybody(200),
        f"{A_ACTIVE}/file",
        note="published",
    ),
    Row(
        "POST",
        "/api/materials/<int:material_id>/rate",
        (401, 200, 403, 200, 200, 200),
        f"{A_ACTIVE}/rate",
        json={"rating": 5},
    ),
    Row(
        "GET",
        "/api/materials/<int:material_id>/versions",
        reviewers(200, stranger=401),
        f"{A_PENDING}/versions",
    ),
    Row(
        "POST",
        "/api/materials/<int:material_id>/versions",
        (401, 403, 403, 403, 201, 201),
        f"{A_ACTIVE}/versions",
        sends_file=True,
    ),
    Row(
        "GET",
        "/api/materials/<int:material_id>/versions/<int:number>/file",
        reviewers(200, stranger=401),
        f"{A_PENDING}/versions/1/file",
    ),
    Row("GET", "/api/materials/<int:material_id>/captions", keepers(200), f"{API}{VIDEO}/captions"),
    Row(
        "GET",
        "/api/materials/<int:material_id>/captions/<language>",
        keepers(200),
        f"{API}{VIDEO}/captions/ru",
    ),
    Row(
        "PUT",
        "/api/materials/<int:material_id>/captions/<language>",
        keepers(422, 404, 401),
        f"{API}{VIDEO}/captions/ru",
        note="without a file",
    ),
    Row(
        "DELETE",
        "/api/materials/<int:material_id>/captions/<language>",
        keepers(204, 404, 401),
        f"{API}{VIDEO}/captions/ru",
    ),
    Row("POST", "/api/materials/<int:material_id>/view", everybody(204), f"{A_ACTIVE}/view"),
    Row("GET", "/api/moderation/queue", (401, 403, 403, 200, 200, 200)),
    Row(
        "POST",
        "/api/moderation/<int:material_id>/approve",
        (401, 403, 403, 404, 200, 200),
        "/api/moderation/{pending_material}/approve",
    ),
    Row(
        "POST",
        "/api/moderation/<int:material_id>/reject",
        (401, 403, 403, 404, 200, 200),
        "/api/moderation/{pending_material}/reject",
        json={"reason": "Blurred"},
    ),
    Row(
        "POST",
        "/api/materials/<int:material_id>/report",
        (401, 200, 403, 200, 200, 200),
        f"{A_ACTIVE}/report",
        json={"reason": "file"},
    ),
    Row(
        "DELETE",
        "/api/materials/<int:material_id>/report",
        (401, 204, 204, 404, 404, 404),
        f"{A_ACTIVE}/report",
        note="charlie and alice have reported it",
    ),
    Row("GET", "/api/reports", (401, 403, 403, 200, 200, 200)),
    Row(
        "POST",
        "/api/reports/<int:material_id>/settle",
        (401, 403, 403, 403, 200, 200),
        "/api/reports/{active_material}/settle",
        json={"outcome": "deleted"},
    ),
    Row("GET", "/api/plans", a_people(200)),
    Row("POST", "/api/plans", a_owner(201), json={"question_id": "{question}"}),
    Row("GET", f"/api{_PLANS}", a_owner(200), f"/api{_PLAN}"),
    Row("PATCH", f"/api{_PLANS}", a_owner(200), f"/api{_PLAN}", json={"title": "T"}),
    Row("DELETE", f"/api{_PLANS}", a_owner(204), f"/api{_PLAN}"),
    Row("POST", f"/api{_PLANS}/replan", a_owner(200), f"/api{_PLAN}/replan"),
    Row("GET", f"/api{_PLANS}/calendar.ics", a_owner(200), f"/api{_PLAN}/calendar.ics"),
    Row(
        "PATCH",
        f"/api{_STEPS}",
        a_owner(200),
        f"/api{_PLAN}/steps/{{step}}",
        json={"done": True},
    ),
    Row("GET", "/api/collections", everybody(200)),
    Row("POST", "/api/collections", a_people(201), json={"title": "T"}),
    Row(
        "GET",
        "/api/collections/<key>",
        owner(200, 404, 404),
        "/api/collections/key-private",
    ),
    Row("GET", "/api/collections/<key>", everybody(200), _COLLECTION, note="public"),
    Row("GET", "/api/collections/<key>/zip", everybody(200), f"{_COLLECTION}/zip"),
    Row("PATCH", "/api/collections/<key>", a_owner(200, 403), _COLLECTION, json={"title": "T"}),
    Row("DELETE", "/api/collections/<key>", a_owner(204, 403), _COLLECTION),
    Row(
        "DELETE",
        "/api/collections/<key>",
        a_owner(204),
        "/api/collections/key-private",
        note="private",
    ),
    Row(
        "PUT",
        "/api/collections/<key>/items/<int:material_id>",
        a_owner(200, 403),
        f"{_COLLECTION}/items/{{active_material}}",
        json=NO_BODY,
    ),
    Row(
        "DELETE",
        "/api/collections/<key>/items/<int:material_id>",
        a_owner(204, 403),
        f"{_COLLECTION}/items/{{active_material}}",
    ),
    Row(
        "PUT",
        "/api/collections/<key>/order",
        a_owner(200, 403),
        f"{_COLLECTION}/order",
        json={"material_ids": ["{active_material}"]},
    ),
    Row("GET", _ME, a_people(200)),
    Row("PATCH", _ME, a_people(200), json={"name": "New"}),
    Row("POST", f"{_ME}/password", a_people(422), json=NO_BODY),
    *(
        Row("GET", f"{_ME}/{what}", a_people(200))
        for what in (
            "collections",
            "feed",
            "history",
            "notification-choices",
            "notifications",
            "quiet-hours",
            "reports",
            "sessions",
            "subscriptions",
            "tokens",
            "uploads",
        )
    ),
    Row("DELETE", f"{_ME}/history", a_people(204)),
    Row(
        "PUT",
        f"{_ME}/history/<int:material_id>",
        a_people(200),
        f"{_ME}/history/{{active_material}}",
        json={"place": 1},
    ),
    Row(
        "DELETE",
        f"{_ME}/history/<int:material_id>",
        a_people(204),
        f"{_ME}/history/{{active_material}}",
    ),
    Row("PUT", f"{_ME}/notification-choices", a_people(422), json=NO_BODY),
    Row("PUT", f"{_ME}/quiet-hours", a_people(422), json={"start": 24}),
    Row(
        "POST",
        f"{_ME}/notifications/<int:notification_id>/read",
        a_owner(200),
        f"{_ME}/notifications/{{notification}}/read",
    ),
    Row("POST", f"{_ME}/notifications/read-all", a_people(204)),
    Row(
        "DELETE",
        f"{_ME}/sessions/<int:session_id>",
        a_owner(204),
        f"{_ME}/sessions/{{device}}",
    ),
    Row(
        "POST",
        f"{_ME}/subscriptions",
        a_people(201),
        json={"kind": "subject", "category_id": "{empty}"},
    ),
    *(
        Row(
            method,
            f"{_ME}/subscriptions/<int:subscription_id>",
            a_owner(status),
            f"{_ME}/subscriptions/{{subscription}}",
            json={"name": "N"} if method == "PATCH" else None,
        )
        for method, status in (("GET", 200), ("PATCH", 200), ("DELETE", 204))
    ),
    Row("POST", f"{_ME}/tokens", a_people(201), json={"name": "s", "scopes": ["read"]}),
    Row("DELETE", f"{_ME}/tokens/<int:token_id>", a_owner(204), f"{_ME}/tokens/{{token}}"),
]

ROWS = [*SITE, *SIGNING_IN, *MATERIALS, *LIBRARY, *SETTINGS, *ADMIN, *API_ROWS]
EXEMPT = {("GET", "/static/<path:name>"): "files of the build, the same for everybody"}
