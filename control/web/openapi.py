"""OpenAPI from the endpoints and their request types, as a document and as a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec

from control.web.answers import encode
from control.web.endpoint import Access, Endpoint

PART: Final = re.compile(r"<(\w+)(?::\w+)?>")
REFERENCE: Final = "#/components/schemas/{name}"
STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#eef;padding:.1rem .3rem}pre{background:#f6f6f6;padding:1rem;overflow:auto}"
    "summary{cursor:pointer;padding:.3rem 0}b{display:inline-block;width:5rem}"
)

Schemas = dict[type[msgspec.Struct], dict[str, Any]]


def describe(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI document."""
    schemas, components = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        for path in endpoint.paths:
            operations = paths.setdefault(PART.sub(r"{\1}", path), {})
            operations[endpoint.method.lower()] = _operation(endpoint, path, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Geoscope", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def page(endpoints: Sequence[Endpoint], version: str) -> str:
    """The same for people: every endpoint, and what its body may hold."""
    document = describe(endpoints, version)
    components = document["components"]["schemas"]
    groups = list(dict.fromkeys(endpoint.group for endpoint in endpoints))
    sections = "".join(_section(group, endpoints, components) for group in groups)
    types = "".join(_type(name, schema) for name, schema in components.items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Geoscope {escape(version)}"
        f"</title><style>{STYLE}</style><h1>Geoscope {escape(version)}</h1>"
        "<p>The same for programs: <a href=/docs/openapi.json>OpenAPI</a>.</p>"
        f"{sections}<h2>types</h2>{types}</html>"
    )


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Schemas, dict[str, Any]]:
    kinds = [kind for e in endpoints for kind in (e.body, e.query) if kind is not None]
    unique = list(dict.fromkeys(kinds))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REFERENCE)
    return dict(zip(unique, schemas, strict=True)), components


def _operation(
    endpoint: Endpoint, path: str, schemas: Schemas, components: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [endpoint.group],
        "summary": endpoint.summary,
        "parameters": [*_path_parts(path), *_query_parts(endpoint, components)],
        "responses": {"200": {"description": "success"}, "default": {"description": "error"}},
    }
    if endpoint.body is not None:
        content = {"application/json": {"schema": schemas[endpoint.body]}}
        operation["requestBody"] = {"content": content}
    if endpoint.access is not Access.PUBLIC:
        operation["security"] = [{"token": []}]
    return operation


def _path_parts(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PART.findall(path)
    ]


def _query_parts(endpoint: Endpoint, components: dict[str, Any]) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = components[endpoint.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": facts}
        for name, facts in schema["properties"].items()
    ]


def _section(group: str, endpoints: Sequence[Endpoint], components: dict[str, Any]) -> str:
    found = [endpoint for endpoint in endpoints if endpoint.group == group]
    return f"<h2>{escape(group)}</h2>" + "".join(_entry(e, components) for e in found)


def _entry(endpoint: Endpoint, components: dict[str, Any]) -> str:
    paths = ", ".join(f"<code>{escape(path)}</code>" for path in endpoint.paths)
    kind = endpoint.body or endpoint.query
    shape = _json(components[kind.__name__]) if kind else ""
    return (
        f"<details><summary><b>{endpoint.method}</b> {paths} - {escape(endpoint.summary)}"
        f"</summary><p>access: {endpoint.access}</p>{shape}</details>"
    )


def _type(name: str, schema: dict[str, Any]) -> str:
    return f"<details><summary>{escape(name)}</summary>{_json(schema)}</details>"


def _json(schema: dict[str, Any]) -> str:
    text = msgspec.json.format(encode(schema), indent=2).decode()
    return f"<pre>{escape(text)}</pre>"
