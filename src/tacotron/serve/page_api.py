"""What the page asks for: the voices, and speech with its mel and word times as it is made."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter

from tacotron.audio.files import write_audio
from tacotron.audio.mel import scale
from tacotron.serve.response import SpokenResponse
from tacotron.serve.schemas import ERRORS, PageSpeech
from tacotron.serve.service import Service, Speaking
from tacotron.speak import Chunk, SpokenWord
from tacotron.speak.captions import Captioner, srt, vtt
from tacotron.speak.prosody import FASTEST, SLOWEST
from tacotron.voice import Manifest

_LINES = "application/x-ndjson"
_MOST_WARNINGS = 8

_STREAM = {
    200: {
        "description": "A JSON object a line: one `start`, `chunk`s, and one `end` or `error`.",
        "content": {_LINES: {"schema": {}}},
    }
}


def page_router(service: Service) -> APIRouter:
    """The routes below ``/page``."""
    router = APIRouter(prefix="/page", tags=["Page"])

    @router.get("/voices", responses=ERRORS)
    async def voices() -> dict[str, Any]:
        """The voices there are, and the bounds of a request."""
        offers = service.shelf.offers()
        convention = service.shelf.default.manifest.convention
        return {
            "voices": [
                {
                    "name": offer.name,
                    "language": offer.manifest.language,
                    "description": offer.description,
                    "speakers": list(offer.manifest.speakers),
                    "default": offer.name == service.shelf.default.name,
                }
                for offer in offers
            ],
            "limits": {"characters": service.settings.characters},
            "speed": {"min": SLOWEST, "max": FASTEST},
            "mel": {
                "hop_length": convention.hop_length,
                "n_mels": convention.n_mels,
                "sample_rate": convention.sample_rate,
            },
        }

    @router.post("/speak", responses=_STREAM | ERRORS)
    async def speak(request: PageSpeech) -> SpokenResponse:
        """Speak `text`: lines of JSON with samples, mel and word times, as they are made."""
        speaking = service.prepare(request.text, voice=request.voice, speed=request.speed)
        work = _lines(service, speaking)
        return SpokenResponse(service, speaking, work, media_type=_LINES, tell=_tell)

    return router


def mel_range(manifest: Manifest) -> tuple[float, float]:
    """The values of the voice's mel to draw darkest and brightest: those of its recordings, or
    silence and full scale where nothing was measured."""
    measured = manifest.statistics.get("mel", {})
    try:
        low, high = float(measured["percentiles"]["1"]), float(measured["max"])
    except (KeyError, TypeError, ValueError):
        c = manifest.convention
        low, high = (float(scale(np.full((1, c.n_mels), x, np.float32), c).max()) for x in (0, 1))
    return (low, high) if low < high else (low, low + 1)


def _lines(service: Service, speaking: Speaking) -> Iterator[bytes]:
    manifest = speaking.offer.manifest
    c = manifest.convention
    low, high = mel_range(manifest)
    start = {
        "type": "start",
        "sample_rate": c.sample_rate,
        "hop_length": c.hop_length,
        "n_mels": c.n_mels,
        "voice": speaking.offer.name,
    }
    opening = _line(start)  # sent with the first audio: until then the answer may be an error
    captioner = Captioner()
    sentence: list[Chunk] = []  # those so far of the one that is being spoken
    warnings: dict[str, None] = {}
    for chunk in service.speak(speaking):
        captioner.add(chunk)
        if sentence and sentence[0].index != chunk.index:
            sentence.clear()
        sentence.append(chunk)
        warnings |= dict.fromkeys(chunk.warnings)
        line = {
            "type": "chunk",
            "start": chunk.start,
            "audio": _base64(_samples(chunk)),
            "mel": _base64(_bytes(chunk.mel, low, high)),
            "frames": len(chunk.mel),
            "words": [
                {"text": word.text, "start": word.start, "end": word.end}
                for word in _words(sentence)[len(_words(sentence[:-1])) :]
            ],
        }
        yield opening + _line(line)
        opening = b""
    captions = captioner.finish()
    yield _line(
        {
            "type": "end",
            "seconds": speaking.audio_seconds,
            "elapsed": speaking.computing_seconds,
            "first_audio": speaking.first_audio_seconds,
            "srt": srt(captions),
            "vtt": vtt(captions),
            "warnings": list(warnings)[:_MOST_WARNINGS],
        }
    )


def _words(sentence: Sequence[Chunk]) -> Sequence[SpokenWord]:
    """The words of a sentence in chunks, with punctuation: seconds from the text's beginning."""
    captioner = Captioner()
    for chunk in sentence:
        captioner.add(chunk)
    return [word for caption in captioner.finish() for word in caption.words]


def _samples(chunk: Chunk) -> bytes:
    """int16 little-endian mono."""
    file = io.BytesIO()
    write_audio(file, chunk.audio, chunk.sample_rate, format="raw")
    return file.getvalue()


def _bytes(mel: np.ndarray, low: float, high: float) -> bytes:
    """``mel`` [frames, n_mels] as uint8: 0 at ``low`` and below, 255 at ``high`` and above."""
    scaled = np.rint((mel - low) * (255 / (high - low)))
    return np.clip(scaled, 0, 255).astype(np.uint8).tobytes()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _tell(message: str) -> bytes:
    return _line({"type": "error", "message": message})


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode() + b"\n"
