"""The HTTP application: its routes, what holds for all of them, and how errors are worded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import tacotron
from tacotron.errors import TacotronError
from tacotron.serve.docs_page import docs_router
from tacotron.serve.errors import BadRequest, Refusal, error_body
from tacotron.serve.middleware import LimitBody, Observe, RequireKey
from tacotron.serve.openai_api import openai_router
from tacotron.serve.page_api import page_router
from tacotron.serve.piper_api import piper_router
from tacotron.serve.response import as_refusal
from tacotron.serve.service import Service
from tacotron.serve.settings import Settings
from tacotron.serve.status_api import status_router

PAGE = Path(__file__).parent / "page"

# Newer FastAPIs give queries, which hold text, to whatever OpenTelemetry a process has set up.
_NO_TELEMETRY = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)

_DESCRIPTION = """Text to speech. Errors are OpenAI's: `{"error": {"message": ...}}`."""


def create_app(settings: Settings | None = None, *, service: Service | None = None) -> FastAPI:
    """Return the ASGI application. It warms its voices up where its server runs its lifespan.

    Raises `VoiceError` where a voice is missing or damaged.
    """
    service = service or Service(settings or Settings())
    settings = service.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.begin()
        yield
        service.end()

    app = FastAPI(
        title="Tacotron",
        version=tacotron.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own load their scripts from another host
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
    )
    app.state.service = service

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    app.mount("/static", StaticFiles(directory=PAGE), name="static")
    for router in (openai_router, piper_router, status_router, page_router):
        app.include_router(router(service))
    app.include_router(docs_router(app))
    app.openapi = partial(_openapi, app)

    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(TacotronError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_request)
    app.add_exception_handler(HTTPException, _refuse_route)

    # The last one added is the first to see a request.
    app.add_middleware(LimitBody, characters=settings.characters)
    if settings.api_key is not None:
        app.add_middleware(RequireKey, key=settings.api_key)
    if settings.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(Observe, service=service)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, without its own errors, which are worded otherwise here."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(name, None)
        if app.state.service.settings.api_key is not None:
            schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"key": []}]
        app.openapi_schema = schema
    return app.openapi_schema


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, (Refusal, TacotronError))
    refusal = as_refusal(error, "text")
    return JSONResponse(refusal.body(), refusal.status, refusal.headers())


async def _refuse_request(_: Request, error: Exception) -> JSONResponse:
    """A request that doesn't fit its schema: the first thing that is wrong, without its value."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    names = [str(part) for part in first["loc"] if part not in ("body", "query")]
    where = ".".join(names)
    message = f"{where}: {first['msg']}." if where else f"{first['msg']}."
    refusal = BadRequest(message, param=names[0] if names else None)
    return JSONResponse(refusal.body(), refusal.status)


async def _refuse_route(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    body = error_body(f"{error.detail}.", "invalid_request_error")
    return JSONResponse(body, error.status_code, error.headers)
