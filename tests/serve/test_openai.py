"""OpenAI's own client against the server."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openai
import pytest
import soundfile

from tacotron import Voice

if TYPE_CHECKING:
    from .conftest import Running

TEXT = "Hello there. I am well, thank you."


@pytest.fixture(scope="module")
def api(hum_server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{hum_server.url}/v1", api_key="unused", max_retries=0) as api:
        yield api


@pytest.fixture(scope="module")
def spoken(hum_voice: Path) -> np.ndarray:
    """What the voice says, as int16."""
    audio = np.concatenate([c.audio for c in Voice.load(str(hum_voice)).synthesize(TEXT)])
    return np.clip(np.rint(audio * 2**15), -(2**15), 2**15 - 1).astype("<i2")


def test_mp3_is_the_default(api: openai.OpenAI, spoken: np.ndarray) -> None:
    answer = api.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert answer.response.headers["content-type"] == "audio/mpeg"
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert file.format == "MP3"
        assert len(file.read()) / file.samplerate == pytest.approx(len(spoken) / 22_050, abs=0.15)


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_lossless(api: openai.OpenAI, spoken: np.ndarray, format: str) -> None:
    answer = api.audio.speech.create(
        model="tacotron", voice="hum", input=TEXT, response_format=format
    )
    assert answer.response.headers["content-type"] == f"audio/{format}"
    decoded, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert rate == 22_050
    np.testing.assert_array_equal(decoded, spoken)


def test_opus(api: openai.OpenAI, spoken: np.ndarray) -> None:
    answer = api.audio.speech.create(
        model="tacotron", voice="hum", input=TEXT, response_format="opus"
    )
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert (file.format, file.subtype) == ("OGG", "OPUS")
        assert file.frames / file.samplerate == pytest.approx(len(spoken) / 22_050, abs=0.05)


def test_streaming_pcm(api: openai.OpenAI, spoken: np.ndarray) -> None:
    with api.audio.speech.with_streaming_response.create(
        model="tacotron", voice="hum", input=TEXT, response_format="pcm"
    ) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        parts = list(answer.iter_bytes())
    samples = b"".join(parts)
    # 24,000 Hz, since OpenAI's clients expect that.
    assert len(samples) // 2 == -(-len(spoken) * 160 // 147)


def test_speed_and_speaker(api: openai.OpenAI, spoken: np.ndarray) -> None:
    fast = api.audio.speech.create(
        model="tacotron", voice="hum:tenor", input=TEXT, response_format="wav", speed=2.0
    )
    decoded, _ = soundfile.read(io.BytesIO(fast.content))
    assert len(decoded) == pytest.approx(len(spoken) / 2, rel=0.15)
    with pytest.raises(openai.BadRequestError, match="speed"):
        api.audio.speech.create(model="tacotron", voice="hum", input=TEXT, speed=9.0)


def test_events(api: openai.OpenAI, spoken: np.ndarray) -> None:
    with api.audio.speech.with_streaming_response.create(
        model="tacotron",
        voice={"id": "hum"},
        input=TEXT,
        response_format="wav",
        stream_format="sse",
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert done["type"] == "speech.audio.done"
    file = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert file[44:] == spoken.tobytes()


def test_models_and_voices(api: openai.OpenAI, hum_server: Running) -> None:
    assert [model.id for model in api.models.list()] == ["tacotron"]
    answer = api.get("/audio/voices", cast_to=dict)
    assert [voice["id"] for voice in answer["voices"]] == ["hum", "hum:alto", "hum:tenor"]


@pytest.mark.parametrize(
    ("request_", "error", "param"),
    [
        ({"voice": "nobody"}, openai.NotFoundError, "voice"),
        ({"input": ""}, openai.BadRequestError, "input"),
        ({"input": "..."}, openai.BadRequestError, "input"),
        ({"response_format": "aac"}, openai.BadRequestError, "response_format"),
        ({"voice": "../hum"}, openai.NotFoundError, "voice"),
    ],
)
def test_errors(
    api: openai.OpenAI, request_: dict[str, str], error: type[openai.APIStatusError], param: str
) -> None:
    with pytest.raises(error) as raised:
        api.audio.speech.create(**{"model": "tacotron", "voice": "hum", "input": TEXT} | request_)
    assert raised.value.type == "invalid_request_error"
    assert raised.value.param == param


def test_too_long(api: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        api.audio.speech.create(model="tacotron", voice="hum", input="Too long. " * 600)
    assert raised.value.status_code == 413
    assert raised.value.code == "text_too_long"
