"""``GET /docs``: the OpenAPI description as one page to read, without a script or another host.

FastAPI's own page loads Swagger UI from elsewhere; a server that speaks offline should be read so.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #8888; padding: 0.5rem 0 1rem; }
h2 { margin: 2rem 0 0.5rem; } h3 { font: 600 1rem ui-monospace, monospace; margin: 0.75rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.15rem 0.75rem 0.15rem 0; }
th { font-weight: 600; } pre { overflow-x: auto; padding: 0.75rem; background: #8882; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"


def docs_router(app: FastAPI) -> APIRouter:
    """``/docs``, of what ``app`` describes."""
    router = APIRouter()

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        page = render(app.openapi(), base=str(request.base_url).rstrip("/"))
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    return router


def render(openapi: Mapping[str, Any], *, base: str) -> str:
    """The description ``openapi`` as HTML; ``base`` is the server's address in examples."""
    groups: dict[str, list[str]] = {}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            article = "".join(_article(openapi, base, path, method.upper(), operation))
            groups.setdefault(operation.get("tags", ["Others"])[0], []).append(article)
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(of)}" for tag, of in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(openapi['info']['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(openapi['info']['title'])} {escape(openapi['info']['version'])}</h1>"
        f"<p>{_text(openapi['info']['description'])} For programs: "
        f'<a href="openapi.json">openapi.json</a>. <a href="./">The page</a>.</p>{sections}'
        "</body></html>"
    )


def _article(
    openapi: Mapping[str, Any], base: str, path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    yield f"<article><h3>{method} {escape(path)}</h3>"
    yield f"<p>{_text(operation.get('description', ''))}</p>"
    rows = [
        (item["name"], item["schema"], item.get("description", ""), item.get("required", False))
        for item in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    example: Any = None
    if body:
        schema = _resolve(openapi, body["schema"])
        example = schema.get("example", {})
        rows += [
            (name, field, field.get("description", ""), name in schema.get("required", ()))
            for name, field in schema["properties"].items()
        ]
    if rows:
        yield "<table><tr><th>field</th><th>type</th><th></th></tr>"
        for name, schema, description, required in rows:
            needed = "Required. " if required else ""
            yield (
                f"<tr><td><code>{escape(name)}</code></td>"
                f"<td>{escape(_type(openapi, schema))}</td>"
                f"<td>{needed}{_text(description)}</td></tr>"
            )
        yield "</table>"
    yield f"<pre>{escape(_curl(base, path, method, example))}</pre><table>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(response.get("content", ()))
        yield (
            f"<tr><td>{escape(status)}</td><td>{_text(response['description'])}</td>"
            f"<td>{escape(kinds)}</td></tr>"
        )
    yield "</table></article>"


def _resolve(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _type(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    schema = _resolve(openapi, schema)
    if "anyOf" in schema:
        kinds = [_type(openapi, kind) for kind in schema["anyOf"] if kind.get("type") != "null"]
        words = " or ".join(kinds)
    elif "enum" in schema:
        words = ", ".join(map(str, schema["enum"]))
    elif schema.get("type") == "object":
        fields = ", ".join(schema.get("properties", ()))
        words = "{" + fields + "}"
    else:
        words = schema.get("type", "anything")
    if "minimum" in schema:
        words += f" from {schema['minimum']:g} to {schema['maximum']:g}"
    if schema.get("default") is not None:
        words += f" ({schema['default']})"
    return words


def _curl(base: str, path: str, method: str, example: Any) -> str:
    if method == "GET":
        query = "?text=Hello%20there." if path == "/synthesize" else ""
        return f"curl '{base}{path}{query}'"
    return (
        f"curl '{base}{path}' -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(example)}' -o answer"
    )


def _text(text: str) -> str:
    """``text`` as HTML, with what stands between backquotes as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
