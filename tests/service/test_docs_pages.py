"""GET /docs and its OpenAPI document."""

from __future__ import annotations

import re

from control.app import all_endpoints
from tests.service.client import Server


async def test_every_path_and_method_is_described(server: Server) -> None:
    reply = await server.nobody.get("/docs/openapi.json")
    document = reply.body

    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    expected = {
        (endpoint.method, re.sub(r"<(\w+)(:\w+)?>", r"{\1}", path))
        for endpoint in all_endpoints()
        for path in endpoint.paths
    }
    assert described == expected


async def test_bodies_are_the_types_that_validate(server: Server) -> None:
    document = (await server.nobody.get("/docs/openapi.json")).body

    operation = document["paths"]["/command"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Command"}
    assert document["components"]["schemas"]["Command"]["required"] == ["scope", "command"]


async def test_the_page_needs_nothing_from_elsewhere(server: Server) -> None:
    reply = await server.nobody.get("/docs")
    text = reply.raw.decode()

    assert "/pointmap" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
