"""The Wyoming protocol, through the official package's client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tacotron import Voice

if TYPE_CHECKING:
    from .conftest import Running

TEXT = "Hello there. I am well, thank you."


def talk(server: Running, conversation: Callable[[AsyncTcpClient], Awaitable[None]]) -> None:
    """Run ``conversation`` with a client that is connected."""

    async def run() -> None:
        async with AsyncTcpClient("127.0.0.1", server.wyoming_port) as client:
            await conversation(client)

    asyncio.run(asyncio.wait_for(run(), 60))


async def events(client: AsyncTcpClient, last: str) -> AsyncIterator[Event]:
    while True:
        event = await client.read_event()
        assert event is not None, "the server hung up"
        yield event
        if event.type == last:
            return


async def heard(client: AsyncTcpClient, last: str = "audio-stop") -> np.ndarray:
    """The int16 samples of an answer, which must begin and end as it should."""
    answer = [event async for event in events(client, last)]
    start = AudioStart.from_event(answer[0])
    assert (start.rate, start.width, start.channels) == (22_050, 2, 1)
    ends = 1 if last == "audio-stop" else 2
    assert AudioStop.is_type(answer[-ends].type)
    return np.concatenate(
        [np.frombuffer(AudioChunk.from_event(event).audio, "<i2") for event in answer[1:-ends]]
    )


def samples(voice: Voice, text: str, **options: str) -> np.ndarray:
    audio = np.concatenate([chunk.audio for chunk in voice.synthesize(text, **options)])
    return np.clip(np.rint(audio * 2**15), -(2**15), 2**15 - 1).astype("<i2")


@pytest.fixture(scope="module")
def voice(hum_voice: Path) -> Voice:
    return Voice.load(str(hum_voice))


def test_describe(hum_server: Running) -> None:
    async def conversation(client: AsyncTcpClient) -> None:
        await client.write_event(Describe().event())
        (program,) = Info.from_event(await client.read_event()).tts
        assert program.supports_synthesize_streaming
        (voice,) = program.voices
        assert (voice.name, voice.languages) == ("hum", ["en-US"])
        assert [speaker.name for speaker in voice.speakers] == ["alto", "tenor"]
        await client.write_event(Ping("there?").event())
        assert Pong.from_event(await client.read_event()).text == "there?"

    talk(hum_server, conversation)


@pytest.mark.parametrize(
    ("asked", "speaker"),
    [
        (None, "alto"),
        (SynthesizeVoice(name="hum"), "alto"),
        (SynthesizeVoice(name="hum", speaker="tenor"), "tenor"),
        (SynthesizeVoice(language="en_US"), "alto"),
        (SynthesizeVoice(language="xx"), "alto"),
    ],
)
def test_whole_texts(
    hum_server: Running, voice: Voice, asked: SynthesizeVoice | None, speaker: str
) -> None:
    async def conversation(client: AsyncTcpClient) -> None:
        for _ in range(2):  # one connection, several texts
            await client.write_event(Synthesize(TEXT, voice=asked).event())
            np.testing.assert_array_equal(
                await heard(client), samples(voice, TEXT, speaker=speaker)
            )

    talk(hum_server, conversation)


@asynccontextmanager
async def stream(client: AsyncTcpClient, parts: Iterable[str]) -> AsyncIterator[None]:
    """Send a text in ``parts``, and its end behind the block."""
    await client.write_event(SynthesizeStart().event())
    for part in parts:
        await client.write_event(SynthesizeChunk(part).event())
    yield
    await client.write_event(SynthesizeStop().event())


def test_texts_that_are_still_being_written(hum_server: Running, voice: Voice) -> None:
    async def conversation(client: AsyncTcpClient) -> None:
        parts = ["Hel", "lo there. ... I saw Dr", ". Who", ". And th", "en?"]
        async with stream(client, parts):
            # The first sentence is heard before the text has ended.
            assert AudioStart.is_type((await client.read_event()).type)
            first = AudioChunk.from_event(await client.read_event())
            # Home Assistant sends the whole again, for servers that can't stream.
            await client.write_event(Synthesize("".join(parts)).event())
        answer = [event async for event in events(client, "synthesize-stopped")]
        assert SynthesizeStopped.is_type(answer.pop().type)
        assert AudioStop.is_type(answer.pop().type)
        audio = [first.audio, *(AudioChunk.from_event(event).audio for event in answer)]
        streamed = np.frombuffer(b"".join(audio), "<i2")
        spoken = [samples(voice, text) for text in ("Hello there.", "I saw Dr. Who.", "And then?")]
        pause = np.zeros(round(0.35 * 22_050), np.int16)
        np.testing.assert_array_equal(
            streamed, np.concatenate([spoken[0], pause, spoken[1], pause, spoken[2]])
        )
        # And the connection is as good as new.
        await client.write_event(Synthesize(TEXT).event())
        np.testing.assert_array_equal(await heard(client), samples(voice, TEXT))

    talk(hum_server, conversation)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Synthesize("...").event(), "nothing to speak"),
        (Synthesize("").event(), "nothing to speak"),
        (Synthesize("hi", voice=SynthesizeVoice(name="../hum")).event(), "no voice '../hum'"),
        (Synthesize("hi", voice=SynthesizeVoice("hum", speaker="bass")).event(), "no speaker"),
        (Synthesize("a" * 5001).event(), "longer than the 5,000"),
        (Event("synthesize", {"text": 5}), "Can't read the event 'synthesize'"),
        (Event("synthesize", {}), "Can't read the event"),
        (Event("synthesize", {"text": "hi", "voice": {"name": ["hum"]}}), "Can't read the event"),
        (Event("synthesize-start", {"voice": 5}), "Can't read the event 'synthesize-start'"),
    ],
)
def test_errors_end_the_connection(hum_server: Running, event: Event, expected: str) -> None:
    """A client that waits for audio would wait forever otherwise."""

    async def conversation(client: AsyncTcpClient) -> None:
        await client.write_event(event)
        answer = await client.read_event()
        assert answer.type == "error"
        assert expected in answer.data["text"]
        assert await client.read_event() is None

    talk(hum_server, conversation)
    assert hum_server.service.pool.open == 0


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b"[]\n",
        b'{"type": "synthesize", "payload_length": 99999999999}\n',
        b'{"type": "synthesize", "data_length": "many"}\n',
        b"{" * 200_000 + b"\n",
    ],
)
def test_nonsense_ends_the_connection(hum_server: Running, line: bytes) -> None:
    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", hum_server.wyoming_port)
        try:
            writer.write(line)
            assert await reader.read() == b""
        except ConnectionError:  # it hung up before it had read all
            pass
        finally:
            writer.close()

    asyncio.run(asyncio.wait_for(send(), 60))


def test_who_leaves_ends_the_work(start: Callable[..., Running]) -> None:
    server = start(characters=100_000, seconds=600)

    async def conversation(client: AsyncTcpClient) -> None:
        await client.write_event(Synthesize("Hello there, my friend. " * 1500).event())
        assert AudioStart.is_type((await client.read_event()).type)

    talk(server, conversation)
    server.wait_until(lambda: server.service.pool.open == 0)
    server.wait_until(lambda: server.metric("tacotron_audio_seconds_total") > 0)
    assert server.metric("tacotron_audio_seconds_total") < 900


def test_the_end_of_the_server_finishes_what_is_spoken(start: Callable[..., Running]) -> None:
    server = start()

    async def conversation(client: AsyncTcpClient) -> None:
        async with AsyncTcpClient("127.0.0.1", server.wyoming_port) as idle:
            await idle.write_event(Describe().event())
            await idle.read_event()
            async with stream(client, ["Hello there. I"]):
                await client.read_event()
                server.server.should_exit = True
                assert await idle.read_event() is None
            assert len(await heard_rest(client)) > 0
            assert await client.read_event() is None

    async def heard_rest(client: AsyncTcpClient) -> list[Event]:
        return [event async for event in events(client, "synthesize-stopped")]

    talk(server, conversation)
    server.thread.join(60)
    assert not server.thread.is_alive()


def test_a_full_queue_is_told(start: Callable[..., Running]) -> None:
    server = start(queue=0)

    async def conversation(client: AsyncTcpClient) -> None:
        await client.write_event(Synthesize(TEXT).event())
        answer = await client.read_event()
        assert answer.data["code"] == "busy"

    with server.held_workers():
        talk(server, conversation)
