"""What holds for every HTTP request: size, key, headers, and a line in the log without its text."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tacotron.serve.errors import BodyTimeout, Failed, NotAuthorized, Refusal, Stopping, TooLong
from tacotron.serve.service import Service, Speaking

log = logging.getLogger("tacotron.serve")

_OPEN_PATHS = frozenset({"/health", "/ready"})  # for whoever watches over the process
_BODY_SECONDS = 30.0  # for a request to arrive in
_OVERHEAD = 16 * 1024  # bytes of a request besides its text
_CHARACTER = 12  # bytes of one at most: JSON may write it as two surrogates, \\uXXXX\\uXXXX

# No other host, no inline script or style, no frame around it. Sound and pictures that the page
# makes itself are blobs.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Observe:
    """Counts and logs each request, gives every response its headers, and words defects.

    The log holds the route's pattern and figures, never a query, a body or an exception's text,
    unless the settings ask for the text.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:  # by uvicorn, at the limit of the shutdown
            if not self._service.pool.stopping:
                raise
            scope.setdefault("state", {})["outcome"] = "cut off by the shutdown"
            if not status:
                await _refuse(Stopping(), scope, sending)
        except Exception as error:
            self._service.log_defect(error)
            if not status:
                await _refuse(Failed("The server failed; its log says where."), scope, sending)
        finally:
            self._log(scope, status, time.monotonic() - began)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "(no route)"
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        state = scope.get("state", {})
        metrics = self._service.metrics
        metrics.requests.labels(route, method, status or "none").inc()
        metrics.request_seconds.labels(route).observe(seconds)
        parts = [f"{method} {route} {status or '-'} {seconds:.2f} s"]
        speaking: Speaking | None = state.get("speaking")
        if speaking is not None:
            parts.append(f"{len(speaking.text)} characters by {speaking.offer.name}")
            parts.append(f"{speaking.audio_seconds:.1f} s of speech")
        if state.get("outcome"):
            parts.append(state["outcome"])
        if speaking is not None and self._service.settings.log_text:
            parts.append(repr(speaking.text))
        log.info(", ".join(parts))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequireKey:
    """Asks for the API key: as a bearer token, or as the password that browsers ask for."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._digest = _digest(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _OPEN_PATHS:
            given = _given_key(Headers(scope=scope).get("authorization", ""))
            # Digests have one length, and comparing them takes one time, whatever was sent.
            if not hmac.compare_digest(_digest(given), self._digest):
                message = "This server asks for its API key: send it as a bearer token."
                await _refuse(NotAuthorized(message), scope, send)
                return
        await self._app(scope, receive, send)


class LimitBody:
    """Reads a request's body before anything else does, as far as a text may make it long."""

    def __init__(self, app: ASGIApp, characters: int) -> None:
        self._app = app
        self._most = _OVERHEAD + _CHARACTER * characters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await self._read(receive)
        except TimeoutError:
            await _refuse(BodyTimeout("The request came too slowly."), scope, send)
            return
        except TooLong as error:
            await _refuse(error, scope, send)
            return
        if body is None:  # the client left
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._most:
                raise TooLong(f"The request is longer than the {self._most:,} bytes taken at once.")
            if not message.get("more_body"):
                return bytes(body)


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    headers = refusal.headers() | ({"Connection": "close"} if refusal.status in (408, 413) else {})
    response = JSONResponse(refusal.body(), refusal.status, headers)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    await response(scope, nothing, send)


def _given_key(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
