"""A page of curl commands out of the API's description: one for each operation."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

INTRODUCTION = """\
# The API by example

One command for each operation, made from the API's own description by `flask api examples`; a
test of the product runs every one of them. The description itself is at `/api/docs` and
`/api/openapi.json`. The commands take what differs between installations from the environment:

```sh
SITE=http://127.0.0.1:8000
TOKEN=…          # the access_token of «Sign in», or a personal token from the settings
REFRESH_TOKEN=…  # the refresh_token of «Sign in»
FILE=lecture.pdf
MATERIAL_ID=12   # and so on: CATEGORY_ID, KEY of a collection, …
```
"""
# Fields whose value differs between installations; the shell puts it in.
VARIABLES = (
    *("refresh_token", "material_id", "category_id", "parent_id", "material_ids"),
    "question_id",
)
Document = Mapping[str, Any]


def render_examples(document: Document) -> str:
    """The page in Markdown, in the order of the document's tags."""
    parts = [INTRODUCTION]
    for tag in document["tags"]:
        parts.append(f"## {tag['name']}\n\n{tag['description']}\n")
        parts += [_section(document, *found) for found in _operations(document, tag["name"])]
    return "\n".join(parts)


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["tags"][0] == tag:
                yield method, path, operation


def _section(document: Document, method: str, path: str, operation: dict[str, Any]) -> str:
    command = curl_command(document, method, path, operation)
    text = textwrap.fill(f"`{method.upper()} {path}`. {operation['description']}", 100)
    return f"### {operation['summary']}\n\n{text}\n\n```sh\n{command}\n```\n"


def curl_command(document: Document, method: str, path: str, operation: dict[str, Any]) -> str:
    """One command; ids are variables of the shell, named after the path's parameters."""
    address = re.sub(r"\{(\w+)\}", lambda found: f"${{{found[1].upper()}}}", path)
    words = ["curl -sS --fail-with-body"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if {"bearer": []} in operation.get("security", []):
        words.append('-H "Authorization: Bearer $TOKEN"')
    lines = [*words, *_body(document, operation), f'"$SITE{address}{_query(operation)}"']
    return " \\\n  ".join(lines)


def _query(operation: dict[str, Any]) -> str:
    pairs = {
        parameter["name"]: parameter["schema"]["examples"][0]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and "examples" in parameter["schema"]
    }
    return f"?{urlencode(pairs)}" if pairs else ""


def _body(document: Document, operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, described in content.items():
        schema = _resolve(document, described["schema"])
        if media_type == "application/json":
            example = json.dumps(_example(document, schema), ensure_ascii=False)
            return ["-H 'Content-Type: application/json'", f"-d {_with_variables(example)}"]
        return [f"-F {word}" for word in _fields(schema)]
    return []


def _with_variables(body: str) -> str:
    """The JSON as a word of the shell, quoted, with variables outside of the quotes."""

    def variable(found: re.Match[str]) -> str:
        name = f"${found['name'].removesuffix('s').upper()}"
        value = f"'\"{name}\"'"
        if found["text"]:
            value = f'"{value}"'
        if found["list"]:
            value = f"[{value}]"
        return f'"{found["name"]}": {value}'

    names = "|".join(VARIABLES)
    kinds = r'(?:(?P<text>"[^"]*")|(?P<list>\[[^\]]*\])|\d+)'
    return re.sub(rf'"(?P<name>{names})": {kinds}', variable, shlex.quote(body))


def _example(document: Document, schema: dict[str, Any]) -> Any:
    if "example" in schema:
        return schema["example"]
    if schema.get("examples"):
        return schema["examples"][0]
    properties = schema.get("properties", {})
    return {
        name: _example(document, _resolve(document, value))
        for name, value in properties.items()
        if name in schema.get("required", []) or "example" in value
    }


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    example = schema.get("example", {})
    for name, value in schema["properties"].items():
        if value.get("format") == "binary":
            yield f'"{name}=@$FILE"'
        elif name in VARIABLES:
            yield f'"{name}=${name.upper()}"'
        elif name in example:
            many = example[name] if isinstance(example[name], list) else [example[name]]
            yield from (shlex.quote(f"{name}={one}") for one in many)


def _resolve(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return dict(document["components"]["schemas"][name])
    return schema
