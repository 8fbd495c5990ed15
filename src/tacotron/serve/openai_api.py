"""OpenAI's speech API, for the programs that speak it: chat apps, e-book readers, its own client.

See https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from tacotron.serve.encode import FORMATS, encode
from tacotron.serve.errors import error_body
from tacotron.serve.response import SpokenResponse
from tacotron.serve.schemas import ERRORS, OpenAISpeech, VoiceId, audio
from tacotron.serve.service import Service

MODEL = "tacotron"

# Programs that were made for OpenAI ask for these until they are told of others; a voice of ours
# that is called so goes first.
OPENAI_VOICES = frozenset(
    {
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
        *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
    }
)

_EVENTS = "text/event-stream"


def openai_router(service: Service) -> APIRouter:
    """The routes below ``/v1``."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])
    media_types = {format.media_type for format in FORMATS.values()}

    @router.post("/audio/speech", responses=audio(*sorted(media_types), events=_EVENTS))
    async def speech(request: OpenAISpeech) -> SpokenResponse:
        """Speak `input`; the audio comes as it is made."""
        speaking = service.prepare(
            request.input,
            voice=_voice_name(request.voice, service),
            speed=request.speed,
            param="input",
        )
        chunks = service.speak(speaking)
        rate = speaking.offer.manifest.convention.sample_rate
        work = encode((chunk.audio for chunk in chunks), rate, request.response_format)
        if request.stream_format == "sse":
            return SpokenResponse(
                service, speaking, _events(work), media_type=_EVENTS, tell=_tell, param="input"
            )
        media_type = FORMATS[request.response_format].media_type
        return SpokenResponse(service, speaking, work, media_type=media_type, param="input")

    @router.get("/models", responses=ERRORS)
    async def models() -> dict[str, Any]:
        """The one model there is; what differs are its voices."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "tacotron"}
        return {"object": "list", "data": [model]}

    @router.get("/audio/voices", responses=ERRORS)
    async def voices() -> dict[str, Any]:
        """The voices there are, the default first, and each speaker of those with several."""
        listed = []
        for offer in service.shelf.offers():
            manifest = offer.manifest
            speakers = manifest.speakers if len(manifest.speakers) > 1 else ()
            for name in (offer.name, *(f"{offer.name}:{speaker}" for speaker in speakers)):
                listed.append({"id": name, "name": name, "language": manifest.language})
        return {"voices": listed}

    return router


def _voice_name(voice: str | VoiceId | None, service: Service) -> str | None:
    name = voice.id if isinstance(voice, VoiceId) else voice
    if name in OPENAI_VOICES and all(offer.name != name for offer in service.shelf.offers()):
        return None
    return name


def _events(work: Iterator[bytes]) -> Iterator[bytes]:
    """OpenAI's server-sent events; they count tokens, of which speech here has none."""
    for data in work:
        if data:
            audio = base64.b64encode(data).decode()
            yield _event({"type": "speech.audio.delta", "audio": audio})
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _tell(message: str) -> bytes:
    return _event({"type": "error"} | error_body(message, "server_error"))


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
