"""What the protocols' requests hold and errors look like, as OpenAPI tells it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tacotron.speak.prosody import FASTEST, SLOWEST

_SPEED = Field(1.0, ge=SLOWEST, le=FASTEST, description="2 is twice as fast.")
_VOICE = Field(None, description="A voice's name, or voice:speaker; the default voice if left out.")


class ErrorDetail(BaseModel):
    """What is wrong."""

    message: str = Field(description="One sentence for people.")
    type: str
    param: str | None = Field(description="The field of the request that is wrong.")
    code: str | None


class ErrorBody(BaseModel):
    """An error, as OpenAI words it."""

    error: ErrorDetail


class VoiceId(BaseModel):
    """A voice, as newer OpenAI clients may name it."""

    id: str


class OpenAISpeech(BaseModel):
    """OpenAI's `POST /v1/audio/speech`. What only its own models know is taken and not heeded."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"input": "Hello there.", "response_format": "wav"}}
    )

    input: str = Field(description="The text to speak.")
    model: str = Field("tacotron", description="Any name: the voice decides.")
    voice: str | VoiceId | None = Field(
        None,
        description="A voice's name, or voice:speaker. OpenAI's own names mean the default voice.",
    )
    response_format: Literal["mp3", "opus", "flac", "wav", "pcm"] = Field(
        "mp3", description="pcm is 16-bit little-endian mono at 24,000 Hz."
    )
    speed: float = _SPEED
    stream_format: Literal["audio", "sse"] = Field(
        "audio", description="sse: events with the audio in base64."
    )
    instructions: str | None = Field(None, description="Not heeded.")


class PiperSpeech(BaseModel):
    """Piper's `POST /synthesize`. Its noise scales are taken and not heeded."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Hello there."}})

    text: str
    voice: str | None = _VOICE
    speaker: str | None = Field(None, description="One of the voice's speakers.")
    speaker_id: int | None = Field(None, description="Its number, from 0; goes before `speaker`.")
    length_scale: float | None = Field(
        None,
        ge=1 / FASTEST,
        le=1 / SLOWEST,
        description="2 is half as fast; 1 if left out.",
    )
    noise_scale: float | None = Field(None, description="Not heeded.")
    noise_w_scale: float | None = Field(None, description="Not heeded.")


class PageSpeech(BaseModel):
    """What the page asks for."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Hello there."}})

    text: str
    voice: str | None = _VOICE
    speed: float = _SPEED


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in (
        (400, "The request can't be meant, or its text has nothing to speak."),
        (401, "The API key is missing or another."),
        (404, "There is no such voice."),
        (408, "The request came too slowly."),
        (413, "The text is longer than is taken at once."),
        (500, "A voice that can't speak, or a defect of the server."),
        (503, "Busy, or shutting down: try again after `Retry-After` seconds."),
    )
}


def audio(*media_types: str, events: str | None = None) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that answers with audio of these types, or with ``events``."""
    content: dict[str, Any] = {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types
    }
    if events is not None:
        content[events] = {"schema": {}}
    return {200: {"description": "Speech, sent as it is made.", "content": content}} | ERRORS
