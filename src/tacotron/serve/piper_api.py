"""The two older ways to ask for a wav: Piper's HTTP API, and the demo server of keithito/tacotron.

See https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/API_HTTP.md for the former; the latter
has one route, ``GET /synthesize?text=``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from tacotron.serve.encode import FORMATS, encode
from tacotron.serve.errors import BadRequest
from tacotron.serve.response import SpokenResponse
from tacotron.serve.schemas import ERRORS, PiperSpeech, audio
from tacotron.serve.service import Service, Speaking
from tacotron.speak.prosody import FASTEST, SLOWEST

# These clients expect a file rather than a stream. Up to so much speech, which is 2.6 MB at 22,050
# Hz, is held back so that the header can tell its length.
HOLD_SECONDS = 60.0

_WAV = FORMATS["wav"].media_type


def piper_router(service: Service) -> APIRouter:
    """``/synthesize`` and ``/voices``."""
    router = APIRouter()

    @router.get("/synthesize", responses=audio(_WAV), tags=["keithito/tacotron"])
    async def synthesize_query(
        text: Annotated[str | None, Query(description="The text to speak.")] = None,
        voice: Annotated[str | None, Query(description="A voice's name.")] = None,
        speed: Annotated[float, Query(ge=SLOWEST, le=FASTEST)] = 1.0,
    ) -> SpokenResponse:
        """Speak `text`, as the original's demo server did."""
        return _wav(service, service.prepare(text, voice=voice, speed=speed))

    @router.post("/", include_in_schema=False)  # where older clients send it
    @router.post("/synthesize", responses=audio(_WAV), tags=["Piper"])
    async def synthesize(request: PiperSpeech) -> SpokenResponse:
        """Speak `text`."""
        speaker = request.speaker or None
        if request.speaker_id is not None:
            speakers = service.shelf.find(request.voice or None).manifest.speakers
            if not 0 <= request.speaker_id < len(speakers):
                raise BadRequest(
                    f"The voice has speakers 0 to {len(speakers) - 1}.", param="speaker_id"
                )
            speaker = speakers[request.speaker_id]
        speed = 1 / (request.length_scale or 1.0)
        return _wav(
            service,
            service.prepare(request.text, voice=request.voice, speaker=speaker, speed=speed),
        )

    @router.get("/voices", responses=ERRORS, tags=["Piper"])
    async def voices() -> dict[str, Any]:
        """The voices there are, each with what Piper's clients read of its configuration."""
        return {
            offer.name: {
                "audio": {"sample_rate": offer.manifest.convention.sample_rate},
                "language": {"code": offer.manifest.language},
                "num_speakers": len(offer.manifest.speakers),
                "speaker_id_map": {
                    speaker: number for number, speaker in enumerate(offer.manifest.speakers)
                },
            }
            for offer in service.shelf.offers()
        }

    return router


def _wav(service: Service, speaking: Speaking) -> SpokenResponse:
    rate = speaking.offer.manifest.convention.sample_rate
    waves = (chunk.audio for chunk in service.speak(speaking))
    work = encode(waves, rate, "wav", hold_seconds=HOLD_SECONDS)
    return SpokenResponse(service, speaking, work, media_type=_WAV)
