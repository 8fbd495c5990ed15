"""Why a request is not answered with speech: each reason with its HTTP status and one sentence.

    Refusal
    ├── BadRequest       400   what is asked for can't be meant
    ├── NotAuthorized    401   the API key is missing or another
    ├── UnknownVoice     404
    ├── BodyTimeout      408   the request came too slowly
    ├── TooLong          413
    ├── Failed           500   a defect: of a voice file, or of ours
    └── Unavailable      503   try again after `retry_after` seconds
        ├── Busy               the queue is full
        ├── TimeUp             the request took longer than it may
        └── Stopping           the server is shutting down

The body is OpenAI's error object, which says enough for every client.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """Base of all reasons; its text is for the client."""

    status = 400
    kind = "invalid_request_error"  # OpenAI's "type"
    code: str | None = None
    retry_after: int | None = None  # seconds

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param  # the field of the request that is wrong

    def body(self) -> dict[str, Any]:
        """The error object: ``{"error": {"message", "type", "param", "code"}}``."""
        return error_body(str(self), self.kind, self.param, self.code)

    def headers(self) -> dict[str, str]:
        """HTTP headers that go with it."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class BadRequest(Refusal):
    """What is asked for can't be meant."""


class NotAuthorized(Refusal):
    """The API key is missing or another."""

    status = 401
    code = "invalid_api_key"

    def headers(self) -> dict[str, str]:
        """Browsers ask for a password then, which is the key; programs send it as a bearer."""
        return {"WWW-Authenticate": 'Basic realm="tacotron", charset="UTF-8"'}


class UnknownVoice(Refusal):
    """There is no voice of that name."""

    status = 404
    code = "voice_not_found"


class BodyTimeout(Refusal):
    """The request came too slowly."""

    status = 408


class TooLong(Refusal):
    """The text, or the request around it, is longer than the server takes."""

    status = 413
    code = "text_too_long"


class Failed(Refusal):
    """A voice that can't speak, or a defect of ours."""

    status = 500
    kind = "server_error"


class Unavailable(Refusal):
    """Not now."""

    status = 503
    kind = "server_error"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(Unavailable):
    """As many requests as the server takes are waiting or open."""

    code = "busy"


class TimeUp(Unavailable):
    """The request took longer than it may."""

    code = "timeout"


class Stopping(Unavailable):
    """The server is shutting down."""

    code = "stopping"

    def __init__(self) -> None:
        super().__init__("The server is shutting down: try again later.", retry_after=5)


def error_body(
    message: str, kind: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """OpenAI's error object."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
