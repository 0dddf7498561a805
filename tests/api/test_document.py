"""The OpenAPI document, the page that shows it, and errors outside of views."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from tests.api.conftest import ProgramOf
from tests.conftest import MakeApp

UNDESCRIBED = {"api.openapi", "api.docs"}


@pytest.fixture
def document(program: ProgramOf) -> dict[str, Any]:
    answer = program().get("/openapi.json")
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def test_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_document_has_every_route_of_the_api(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and rule.endpoint not in UNDESCRIBED
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routes
    assert len(described) > 30


def test_every_operation_is_explained(document: dict[str, Any]) -> None:
    operations = [op for item in document["paths"].values() for op in item.values()]
    names = [op["operationId"] for op in operations]
    assert len(set(names)) == len(names)
    for op in operations:
        assert op["summary"]
        assert op["description"]
        assert "429" in op["responses"]
        assert op["tags"][0] in {tag["name"] for tag in document["tags"]}
        for status, response in op["responses"].items():
            assert response["description"]
            if status == "414":  # the server's own
                continue
            assert {"RateLimit-Limit", "RateLimit-Remaining"} <= response["headers"].keys()
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]
            else:
                assert bool(response.get("content")) == (status not in {"204", "304"})


def test_every_operation_says_what_its_kind_may_answer(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for op in item.values():
            statuses = op["responses"].keys()
            assert any(status < "300" for status in statuses), op["operationId"]
            if op["security"]:
                assert {"401", "403"} <= statuses, op["operationId"]
            if "requestBody" in op:
                assert {"413", "422"} <= statuses, op["operationId"]
            if "{" in path:
                assert "404" in statuses, op["operationId"]


def test_inputs_and_answers_have_examples(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def example_of(content: dict[str, Any]) -> bool:
        schema = content.get("schema", {})
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        return "example" in content or "example" in schema or "examples" in schema

    for item in document["paths"].values():
        for op in item.values():
            body = op.get("requestBody", {}).get("content", {})
            if "application/json" in body:
                assert example_of(body["application/json"]), op["operationId"]
            for status, response in op["responses"].items():
                if status >= "400":
                    assert all(example_of(kind) for kind in response["content"].values())


def test_the_document_says_whose_it_is(document: dict[str, Any]) -> None:
    assert document["info"]["license"]["identifier"] == "MIT"
    assert document["info"]["contact"]["name"] == document["info"]["title"]
    assert document["servers"][0]["url"] == "/"


def test_references_have_targets(document: dict[str, Any]) -> None:
    text = str(document)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    assert "$defs" not in text


def test_who_may_is_declared(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    paths = document["paths"]
    assert paths["/api/users/me"]["get"]["security"] == [{"bearer": []}]
    assert paths["/api/materials"]["post"]["security"] == [{"bearer": []}]
    assert paths["/api/materials"]["get"]["security"] == [{}, {"bearer": []}]
    assert paths["/api/auth/login"]["post"]["security"] == []


def test_document_bears_the_name_of_the_site(make_app: MakeApp) -> None:
    app = make_app(SITE_NAME="Библиотека физфака")
    answer = app.test_client().get("/api/openapi.json").json
    assert answer
    assert answer["info"]["title"] == "Библиотека физфака"


def test_docs_page_loads_only_own_files(program: ProgramOf) -> None:
    answer = program().get("/docs")
    assert answer.status_code == 200
    assert 'data-openapi="/api/openapi.json"' in answer.text
    sources = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', answer.text)
    assert any("swagger-ui-bundle" in source for source in sources)
    client = program().client
    for source in sources:
        assert source.startswith("/static/")
        loaded = client.get(source)
        assert loaded.status_code == 200
        loaded.close()
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self' 'unsafe-inline';" in policy


def test_other_pages_keep_the_strict_policy(program: ProgramOf) -> None:
    policy = program().get("/openapi.json").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/materials/abc", 404),
        ("DELETE", "/api/materials", 405),
        ("GET", "/api/auth/login", 405),
    ],
)
def test_errors_of_addresses_are_problems(app: Flask, method: str, path: str, status: int) -> None:
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["status"] == status
    assert (status == 405) == ("Allow" in answer.headers)


def test_own_mistakes_tell_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is 42")

    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    monkeypatch.setattr("edu.materials.api.find_materials", fail)
    answer = app.test_client().get("/api/materials")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "42" not in answer.text
