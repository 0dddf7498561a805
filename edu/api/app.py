"""Assembly of the JSON API: the application object that keeps its description, and its parts."""

from __future__ import annotations

from typing import Any

from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI

from edu.api.schemas import Problem

# Swagger UI shows a line break as one, so each paragraph is one line.
DESCRIPTION = "\n\n".join(
    (
        "The library of study materials for programs.",
        "Sign in with `POST /api/auth/login` and send the token as `Authorization: Bearer …`; "
        "cookies of the website count for nothing here. Published materials can be read without "
        "a token.",
        "Errors are `application/problem+json` (RFC 9457) with a stable `code`. Requests are "
        "limited per person, or per address without a token; a refused one says in `Retry-After` "
        "when to come back.",
    )
)


class ApiApp(OpenAPI):
    """Flask with an OpenAPI 3.1 document, `spec_json`, built once when all parts are registered."""

    def generate_spec_json(self) -> None:
        """Build the document, without the 422 that the library adds to every operation."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        for path in self.spec_json["paths"].values():
            for operation in path.values():
                if "application/json" in operation["responses"]["422"]["content"]:
                    del operation["responses"]["422"]


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
                description="The `access_token` of `POST /api/auth/login`.",
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
    from edu.materials.api import bp as materials

    for blueprint in (accounts, materials):
        app.register_api(blueprint)
    app.info.title = app.extensions["edu.settings"].site_name
    app.generate_spec_json()
    app.register_blueprint(docs)
