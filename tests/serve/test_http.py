"""Every route through a real server: what it answers, and how it words what is wrong."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from tacotron import Voice
from tacotron.audio.files import write_audio

if TYPE_CHECKING:
    from .conftest import Running

TEXT = "Hello there. I am well, thank you."


def as_wav(text: str, voice: Voice, **options: object) -> bytes:
    """What `Voice` speaks, as a wav file."""
    audio = np.concatenate([chunk.audio for chunk in voice.synthesize(text, **options)])
    file = io.BytesIO()
    write_audio(file, audio, voice.sample_rate)
    return file.getvalue()


@pytest.fixture(scope="module")
def voice(hum_voice: object) -> Voice:
    return Voice.load(str(hum_voice))


def message(response: httpx.Response) -> str:
    """The sentence of an error, whose object must be OpenAI's."""
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert re.fullmatch(r"[^\n]+\.", error["message"])
    return error["message"]


class TestOriginal:
    def test_it_speaks(self, client: httpx.Client, voice: Voice) -> None:
        response = client.get("/synthesize", params={"text": TEXT})
        assert response.headers["content-type"] == "audio/wav"
        assert response.content == as_wav(TEXT, voice)

    @pytest.mark.parametrize("query", ["", "?text=", "?text=%20%0A"])
    def test_without_text(self, client: httpx.Client, query: str) -> None:
        response = client.get(f"/synthesize{query}")
        assert response.status_code == 400
        assert "no text" in message(response)

    def test_nothing_to_speak(self, client: httpx.Client) -> None:
        response = client.get("/synthesize", params={"text": "..."})
        assert response.status_code == 400
        assert "nothing to speak" in message(response)


class TestPiper:
    def test_it_speaks(self, client: httpx.Client, voice: Voice) -> None:
        request = {"text": TEXT, "speaker": "tenor", "length_scale": 2, "noise_scale": 0.6}
        response = client.post("/synthesize", json=request)
        assert response.headers["content-type"] == "audio/wav"
        assert response.content == as_wav(TEXT, voice, speaker="tenor", speed=0.5)

    def test_a_speakers_number_goes_before_its_name(
        self, client: httpx.Client, voice: Voice
    ) -> None:
        request = {"text": TEXT, "voice": "hum", "speaker": "alto", "speaker_id": 1}
        for path in ("/synthesize", "/"):  # older clients use the latter
            response = client.post(path, json=request)
            assert response.content == as_wav(TEXT, voice, speaker="tenor")

    def test_voices(self, client: httpx.Client) -> None:
        assert client.get("/voices").json() == {
            "hum": {
                "audio": {"sample_rate": 22050},
                "language": {"code": "en-US"},
                "num_speakers": 2,
                "speaker_id_map": {"alto": 0, "tenor": 1},
            }
        }

    @pytest.mark.parametrize(
        ("request_", "status", "expected"),
        [
            ({}, 400, "text: Field required"),
            ({"text": "hi", "length_scale": 9}, 400, "length_scale"),
            ({"text": "hi", "speaker_id": 2}, 400, "speakers 0 to 1"),
            ({"text": "hi", "speaker": "bass"}, 400, "no speaker 'bass'"),
            ({"text": "hi", "voice": "hem"}, 404, "no voice 'hem': choose hum"),
            ({"text": "a" * 5001}, 413, "5,001 characters"),
        ],
    )
    def test_errors(
        self, client: httpx.Client, request_: dict[str, object], status: int, expected: str
    ) -> None:
        response = client.post("/synthesize", json=request_)
        assert response.status_code == status
        assert expected in message(response)


class TestPage:
    def test_voices(self, client: httpx.Client) -> None:
        assert client.get("/page/voices").json() == {
            "voices": [
                {
                    "name": "hum",
                    "language": "en-US",
                    "description": "It hums.",
                    "speakers": ["alto", "tenor"],
                    "default": True,
                }
            ],
            "limits": {"characters": 5000},
            "speed": {"min": 0.25, "max": 4.0},
            "mel": {"hop_length": 256, "n_mels": 80, "sample_rate": 22050},
        }

    def test_it_speaks_in_lines(self, client: httpx.Client, voice: Voice) -> None:
        response = client.post("/page/speak", json={"text": TEXT, "voice": "hum", "speed": 1.5})
        assert response.headers["content-type"] == "application/x-ndjson"
        start, *chunks, end = map(json.loads, response.text.splitlines())
        assert start == {
            "type": "start",
            "sample_rate": 22050,
            "hop_length": 256,
            "n_mels": 80,
            "voice": "hum",
        }
        assert {chunk["type"] for chunk in chunks} == {"chunk"}
        spoken = list(voice.synthesize(TEXT, speed=1.5))
        audio = b"".join(base64.b64decode(chunk["audio"]) for chunk in chunks)
        assert audio == as_wav(TEXT, voice, speed=1.5)[44:]
        mel = np.concatenate(
            [
                np.frombuffer(base64.b64decode(chunk["mel"]), np.uint8).reshape(
                    chunk["frames"], start["n_mels"]
                )
                for chunk in chunks
            ]
        )
        exact = np.concatenate([chunk.mel for chunk in spoken])
        assert len(audio) == 2 * 256 * len(mel)
        # From the floor to full scale; what is louder, louder.
        low, high = np.log(1e-5), 0.0
        np.testing.assert_allclose(mel, (exact - low) / (high - low) * 255, atol=0.51)
        words = [word for chunk in chunks for word in chunk["words"]]
        assert [word["text"] for word in words] == [
            "Hello",
            "there.",
            "I",
            "am",
            "well,",
            "thank",
            "you.",
        ]
        times = [time for word in words for time in (word["start"], word["end"])]
        assert times == sorted(times)
        assert times[-1] < end["seconds"] == pytest.approx(len(audio) / 2 / 22050)
        assert end["type"] == "end"
        assert end["elapsed"] > 0
        assert end["first_audio"] > 0
        assert end["srt"].startswith("1\n00:00:00,")
        assert end["srt"].count("-->") == len(words)
        assert end["vtt"].startswith("WEBVTT\n")
        assert "thank" in end["vtt"]
        assert end["warnings"] == []

    def test_a_sentence_comes_in_parts(
        self, start: Callable[..., Running], streaming_voice: Path
    ) -> None:
        """Each with the words that end in it, and none twice."""
        server = start(voices=(str(streaming_voice),))
        text = "Well, " + "as long as it takes, " * 8 + "no more."
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
            response = client.post("/page/speak", json={"text": text})
        _, *chunks, end = map(json.loads, response.text.splitlines())
        assert len(chunks) > 5
        audio = b"".join(base64.b64decode(chunk["audio"]) for chunk in chunks)
        voice = Voice.load(streaming_voice)
        (whole,) = voice.synthesize(text)
        np.testing.assert_allclose(
            np.frombuffer(audio, "<i2") / 2**15, np.clip(whole.audio, -1, 1), atol=1e-3
        )
        words = [word for chunk in chunks for word in chunk["words"]]
        assert [word["text"] for word in words] == text.split()
        assert [word["start"] for word in words] == pytest.approx([w.start for w in whole.words])
        starts = [chunk["start"] for chunk in chunks]
        assert starts == pytest.approx(
            np.cumsum([0, *(chunk["frames"] * 256 / 22050 for chunk in chunks)])[:-1]
        )
        assert end["srt"].count("-->") == len(words)

    def test_errors_come_before_the_stream(self, client: httpx.Client) -> None:
        for request, status in (
            ({"text": "?!"}, 400),
            ({"text": "hi", "voice": "nobody"}, 404),
            ({"text": "hi", "speed": 5}, 400),
            ({"text": "hi" * 4000}, 413),
        ):
            response = client.post("/page/speak", json=request)
            assert response.status_code == status
            message(response)

    def test_markup(self, client: httpx.Client) -> None:
        for text, status, expected in (
            ('<speak>Wait <break time="1s"/> for it.</speak>', 200, '"end"'),
            ("<speak>Wait", 400, "SSML"),
            ('Wait <break time="long"/> for it.', 400, "break's time"),
            ("Wait" + ' <break time="40s"/>' * 200 + " for it.", 400, "8000 s together"),
        ):
            response = client.post("/page/speak", json={"text": text})
            assert response.status_code == status
            assert expected in response.text

    def test_a_voice_and_its_speaker(self, client: httpx.Client) -> None:
        answer = client.post("/page/speak", json={"text": "hi", "voice": "hum:tenor"})
        assert answer.status_code == 200
        assert client.post("/page/speak", json={"text": "hi", "voice": "hum:"}).status_code == 400


class TestStatus:
    def test_health_and_readiness(self, client: httpx.Client) -> None:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/ready").json() == {"status": "ready"}

    def test_metrics_count(self, client: httpx.Client, hum_server: Running) -> None:
        names = (
            "tacotron_requests_total",
            "tacotron_audio_seconds_total",
            "tacotron_real_time_factor_count",
            "tacotron_first_audio_seconds_count",
        )
        before = {name: hum_server.metric(name) for name in names}

        def grown(name: str) -> float:
            return hum_server.metric(name) - before[name]

        wav = client.get("/synthesize", params={"text": TEXT}).content
        hum_server.wait_until(lambda: grown("tacotron_requests_total") >= 1)  # behind the answer
        with wave.open(io.BytesIO(wav)) as file:
            seconds = file.getnframes() / file.getframerate()
        assert grown("tacotron_audio_seconds_total") == pytest.approx(seconds)
        assert grown("tacotron_real_time_factor_count") == 1
        assert grown("tacotron_first_audio_seconds_count") == 1
        text = client.get("/metrics").text
        assert 'tacotron_requests_total{method="GET",route="/synthesize",status="200"}' in text
        assert "tacotron_queue 0.0" in text

    def test_the_docs_load_nothing(self, client: httpx.Client) -> None:
        page = client.get("/docs")
        paths = client.get("/openapi.json").json()["paths"]
        for path in paths:
            assert path in page.text
        assert set(paths) >= {
            "/synthesize",
            "/v1/audio/speech",
            "/v1/models",
            "/v1/audio/voices",
            "/voices",
            "/health",
            "/ready",
            "/metrics",
        }
        assert "<script" not in page.text
        assert not re.search(r"(src|href)=[\"']?(https?:)?//", page.text)
        assert "url(" not in page.text

    def test_docs_are_allowed_their_own_style(self, client: httpx.Client) -> None:
        import hashlib

        page = client.get("/docs")
        style = re.search("<style>(.*?)</style>", page.text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]


class TestHeaders:
    def test_the_page_may_load_from_here_alone(self, client: httpx.Client) -> None:
        response = client.get("/")
        assert response.headers["content-type"].startswith("text/html")
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        "path",
        [
            "/static/../app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static//etc/passwd",
        ],
    )
    def test_static_files_are_the_pages(
        self, client: httpx.Client, hum_server: Running, path: str
    ) -> None:
        url = httpx.URL(hum_server.url, raw_path=path.encode())
        assert client.get(url).status_code == 404

    def test_no_origin_is_allowed_unasked(self, client: httpx.Client) -> None:
        response = client.get("/voices", headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in response.headers

    def test_unknown_routes_and_methods(self, client: httpx.Client) -> None:
        assert client.get("/nothing").status_code == 404
        message(client.get("/nothing"))
        response = client.put("/synthesize")
        assert response.status_code == 405
        assert response.headers["allow"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"text": 5}',
            b'{"text": "\\ud800"}',
            b"\xff\xfe",
            b"[" * 9999,
        ],
    )
    def test_bodies_that_are_no_request(self, client: httpx.Client, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        response = client.post("/synthesize", content=body, headers=headers)
        assert response.status_code == 400
        message(response)

    def test_a_huge_body_is_not_read(self, client: httpx.Client) -> None:
        response = client.post("/synthesize", content=(b" " * 65536 for _ in range(1000)))
        assert response.status_code == 413
        message(response)
