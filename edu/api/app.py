"""Assembly of the JSON API: the application object that keeps its description, and its parts."""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI

from edu.api.schemas import Problem

# Swagger UI shows a line break as one, so each paragraph is one line.
DESCRIPTION = "\n\n".join(
    (
        "The library of study materials for programs.",
        "Sign in with `POST /api/auth/login` and send the access token as `Authorization: Bearer "
        "…`; it lasts some minutes, and `POST /api/auth/refresh` gives the next one. A script may "
        "send a personal token instead, which a person makes in the settings for some purposes "
        "(scopes); for others the answer is 403 with the code `missing_scope`. Cookies of the "
        "website count for nothing here. Published materials can be read without a token.",
        "Errors are `application/problem+json` (RFC 9457) with a stable `code`. Requests are "
        "limited per person or personal token, or per address without one; `RateLimit-Remaining` "
        "says how many are left, and a refused one in `Retry-After` when to come back.",
    )
)


class ApiApp(OpenAPI):
    """Flask with an OpenAPI 3.1 document, made when somebody first asks for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._describing = Lock()
        self._document: dict[str, Any] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The description of all parts that are registered, with what operations have in common."""
        from edu.api.document import finish_document

        with self._describing:  # what the library builds in place is seen by nobody half-made
            if self._document is None:
                self.generate_spec_json()  # type: ignore[no-untyped-call]  # the library's
                finish_document(self.spec_json, self.extensions["edu.settings"])
                self._document = self.spec_json
            return self._document


def make_api_app(**flask_kwargs: Any) -> ApiApp:
    """An application without pages yet; arguments go to Flask."""
    return ApiApp(
        "edu",
        info=Info(title="Конспект", version="1.0.0", description=DESCRIPTION),
        security_schemes={
            "bearer": SecurityScheme(
                type="http",
                scheme="bearer",
                bearerFormat="JWT",
                description="The `access_token` of `POST /api/auth/login`, or a personal token.",
            )
        },
        validation_error_model=Problem,
        doc_ui=False,  # its pages load scripts that our content security policy refuses
        **flask_kwargs,
    )


def register_api(app: ApiApp) -> None:
    """The parts of the API, its description and the page that shows it."""
    # Imported here, for the features import the package whose making calls this.
    from edu.accounts.api import bp as accounts
    from edu.api.docs import bp as docs
    from edu.assistant.api import bp as assistant
    from edu.captions.api import bp as captions
    from edu.catalog.api import bp as catalog
    from edu.collections.api import bp as collections
    from edu.demand.api import bp as demand
    from edu.library.api import bp as library
    from edu.materials.api import bp as materials
    from edu.moderation.api import bp as moderation
    from edu.notifications.api import bp as notifications
    from edu.plans.api import bp as plans
    from edu.registration.api import bp as registration
    from edu.reports.api import bp as reports
    from edu.search.api import bp as search
    from edu.sessions.api import bp as sessions
    from edu.subscriptions.api import bp as subscriptions
    from edu.tokens.api import bp as tokens
    from edu.trash.api import bp as trash
    from edu.versions.api import bp as versions

    for blueprint in (
        accounts,
        registration,
        sessions,
        tokens,
        materials,
        search,
        versions,
        captions,
        trash,
        moderation,
        reports,
        catalog,
        library,
        collections,
        assistant,
        plans,
        demand,
        notifications,
        subscriptions,
    ):
        app.register_api(blueprint)
    app.info.title = app.extensions["edu.settings"].site_name
    app.register_blueprint(docs)
