"""The Wyoming protocol, in which Home Assistant speaks with its voices.

See https://github.com/OHF-Voice/wyoming. A client asks for a whole text (``synthesize``), or sends
it as it is written (``synthesize-start``, ``-chunk``, ``-stop``) and hears each sentence as soon as
it is complete. The protocol has no keys: it belongs into networks that are trusted.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

import tacotron
from tacotron.errors import TacotronError
from tacotron.serve.encode import pcm
from tacotron.serve.errors import BadRequest, Refusal, TooLong
from tacotron.serve.pool import Turns
from tacotron.serve.response import as_refusal
from tacotron.serve.service import Service
from tacotron.speak.prosody import SENTENCE_PAUSE
from tacotron.text.document import is_ssml
from tacotron.text.frontend import NothingToSpeakError
from tacotron.text.sentences import split_sentences

log = logging.getLogger("tacotron.serve")

_LONGEST_LINE = 64 * 1024  # bytes of an event's first line
_LONGEST_PART = 1024 * 1024  # bytes of its data or payload: a text is the largest there is
_EVENT_SAMPLES = 4096  # in one audio-chunk: a fifth of a second at 22,050 Hz
_SAMPLE_BYTES = 2


class WyomingServer:
    """Listens, and speaks with each client that connects."""

    def __init__(self, service: Service, listening: socket.socket) -> None:
        """Accept connections on ``listening``, once `start` is called."""
        self.listening = listening
        self._service = service
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to accept connections."""
        self._server = await asyncio.start_server(
            self._connected, sock=self.listening, limit=_LONGEST_LINE
        )

    async def stop(self) -> None:
        """Accept no more, hang up on those who ask for nothing, and wait for what is spoken."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.stop()
        if self._connections:
            seconds = self._service.settings.shutdown_seconds
            _, late = await asyncio.wait(set(self._connections), timeout=seconds)
            for task in late:
                task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._service.settings.open_requests:
            writer.close()
            return
        connection = _Connection(self._service, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = connection
        try:
            await connection.run()
        finally:
            del self._connections[task]


class _Connection:
    """One client, which asks for one thing after another."""

    def __init__(
        self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._stack = AsyncExitStack()  # holds the accepted request
        self._stream: _TextStream | None = None  # what is being sent and spoken
        self._turns: Turns[bytes | None]  # its steps
        self._busy = False

    async def run(self) -> None:
        """Answer until one of both hangs up."""
        try:
            # The client hanging up is the usual end.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while (event := await self._read()) is not None:
                    self._busy = True
                    if not await self._answer(event):
                        break
                    self._busy = self._stream is not None
                    if self._service.pool.stopping and not self._busy:
                        break
        finally:
            await self._stack.aclose()
            self._writer.close()

    def stop(self) -> None:
        """Hang up, unless something is being spoken; that is finished first."""
        if not self._busy:
            self._writer.close()
            self._reader.feed_eof()

    async def _read(self) -> Event | None:
        """The next event; None where there is none, or nonsense, or none comes amid a text."""
        seconds = self._service.settings.stall_seconds if self._stream else None
        try:
            async with asyncio.timeout(seconds):
                return await async_read_event(_BoundedReader(self._reader))
        except (TimeoutError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    async def _answer(self, event: Event) -> bool:
        """Answer ``event``; False to hang up, which ends the client's waiting after an error."""
        try:
            await self._handle(event)
        except (TacotronError, Refusal) as error:
            refusal = as_refusal(error, "text")
            self._service.metrics.refused.labels(refusal.code or type(refusal).__name__).inc()
            await self._send(Error(str(refusal), refusal.code).event())
            return False
        except (ConnectionError, asyncio.IncompleteReadError):
            raise
        except Exception as error:
            self._service.log_defect(error)
            await self._send(Error("The server failed; its log says where.").event())
            return False
        return True

    async def _handle(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(describe(self._service).event())
        elif Ping.is_type(event.type):
            await self._send(Pong(_parsed(Ping, event).text).event())
        elif SynthesizeStart.is_type(event.type):
            if self._stream is not None:
                raise BadRequest("A text is being sent already: end it before another.")
            await self._begin(_parsed(SynthesizeStart, event).voice)
        elif SynthesizeChunk.is_type(event.type) and self._stream is not None:
            self._stream.add(_parsed(SynthesizeChunk, event).text)
            await self._speak_what_is_complete()
        elif SynthesizeStop.is_type(event.type) and self._stream is not None:
            await self._end()
        # Amid a stream, clients send the whole text once more for servers that can't stream.
        elif Synthesize.is_type(event.type) and self._stream is None:
            whole = _parsed(Synthesize, event)
            await self._begin(whole.voice)
            assert self._stream is not None
            self._stream.add(whole.text, whole=True)
            await self._end(streamed=False)

    async def _begin(self, voice: SynthesizeVoice | None) -> None:
        """Take a request in: its texts follow."""
        self._stream = _TextStream(self._service, voice)
        self._turns = await self._stack.enter_async_context(
            self._service.pool.accept(self._stream.speak(), self._stream.due)
        )

    async def _speak_what_is_complete(self) -> None:
        """Send the speech of all complete sentences so far."""
        stream = self._stream
        assert stream is not None
        if not stream.complete:
            return
        async for data in self._turns:
            if data is None:
                return
            if self._reader.at_eof():
                raise ConnectionResetError  # nobody listens any more
            if stream.heard_from is None:
                stream.heard_from = time.monotonic()
                await self._send(AudioStart(stream.rate, _SAMPLE_BYTES, 1).event())
            size = _EVENT_SAMPLES * _SAMPLE_BYTES
            for at in range(0, len(data), size):
                audio = data[at : at + size]
                await self._send(AudioChunk(stream.rate, _SAMPLE_BYTES, 1, audio).event())

    async def _end(self, *, streamed: bool = True) -> None:
        """Speak the rest, and let the request out."""
        stream = self._stream
        assert stream is not None
        stream.finish()
        await self._speak_what_is_complete()
        if stream.heard_from is None:
            raise BadRequest("The text has nothing to speak: give it a word.")
        await self._send(AudioStop().event())
        if streamed:
            await self._send(SynthesizeStopped().event())
        log.info(
            "Wyoming, %d characters by %s, %.1f s of speech",
            stream.characters,
            stream.voice_name,
            stream.audio_seconds,
        )
        self._service.metrics.requests.labels("wyoming", "synthesize", "ok").inc()
        self._stream = None
        await self._stack.aclose()

    async def _send(self, event: Event) -> None:
        try:
            async with asyncio.timeout(self._service.settings.stall_seconds):
                await async_write_event(event, self._writer)
        except TimeoutError:
            raise ConnectionResetError("The reader stopped reading.") from None


def _parsed(kind: type[Eventable], event: Event) -> Any:
    """``event`` as what it is called. Raises `BadRequest` where it lacks what that must hold."""
    try:
        read = kind.from_event(event)
    except (KeyError, TypeError, AttributeError):
        raise BadRequest(f"Can't read the event {event.type!r:.40}.") from None
    voice = getattr(read, "voice", None) or SynthesizeVoice()
    texts = (getattr(read, "text", None), voice.name, voice.language, voice.speaker)
    if not all(text is None or isinstance(text, str) for text in texts):
        raise BadRequest(f"Can't read the event {event.type!r:.40}: it holds no text.")
    return read


class _TextStream:
    """A text that comes in parts, and its speech: one sentence after another, as they end."""

    def __init__(self, service: Service, voice: SynthesizeVoice | None) -> None:
        """Raises what `Service.prepare` does for a voice that isn't there."""
        self._service = service
        name = voice.name if voice is not None else None
        if name is None and voice is not None and voice.language is not None:
            name = _voice_of(voice.language, service)
        self._name = name
        self._speaker = voice.speaker if voice is not None else None
        offer = service.shelf.find(name)
        self.voice_name = offer.name
        self.rate = offer.manifest.convention.sample_rate
        self.complete: deque[str] = deque()  # sentences to speak
        self._rest = ""  # the text of a sentence that may go on
        self.characters = 0
        self._began = time.monotonic()
        self.heard_from: float | None = None  # when the first of it was sent
        self.audio_seconds = 0.0

    def add(self, text: str, *, whole: bool = False) -> None:
        """Append ``text``. Raises `TooLong`. The ``whole`` of a text is spoken as one."""
        self.characters += len(text)
        most = self._service.settings.characters
        if self.characters > most:
            raise TooLong(f"The text is longer than the {most:,} characters taken at once.")
        self._rest += text
        # A sentence has ended where another has begun: "Dr." may be the end of one, or a title.
        whole = whole or is_ssml(self._rest)
        sentences = [] if whole else split_sentences(self._rest)
        at = 0
        for sentence in sentences[:-1]:
            found = self._rest.find(sentence, at)
            if found < 0:
                return  # not as it was written: it waits for the end
            at = found + len(sentence)
        self.complete.extend(sentences[:-1])
        self._rest = self._rest[at:]

    def due(self) -> float:
        """As `Speaking.due`."""
        return self._began if self.heard_from is None else self.heard_from + self.audio_seconds

    def finish(self) -> None:
        """No more text comes."""
        if self._rest.strip():
            self.complete.append(self._rest)
        self._rest = ""

    def speak(self) -> Iterator[bytes | None]:
        """Yield 16-bit samples of what is complete, and None whenever nothing is."""
        while True:
            while self.complete:
                yield from self._spoken(self.complete.popleft())
            yield None

    def _spoken(self, text: str) -> Iterator[bytes]:
        speaking = self._service.prepare(text, voice=self._name, speaker=self._speaker)
        # Sentences that are spoken one by one have no pause between them.
        pause = bytes(_SAMPLE_BYTES * round(SENTENCE_PAUSE * self.rate))
        before = pause if self.audio_seconds else b""
        waves = (chunk.audio for chunk in self._service.speak(speaking))
        with suppress(NothingToSpeakError):  # "..." amid a text is passed over
            for data in pcm(waves, self.rate):
                data = before + data
                before = b""
                self.audio_seconds += len(data) / (_SAMPLE_BYTES * self.rate)
                yield data


class _BoundedReader:
    """A reader of events whose sender does not decide how much memory they take."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readline(self) -> bytes:
        return await self._reader.readline()  # which raises ValueError beyond the stream's limit

    async def readexactly(self, size: int) -> bytes:
        if size > _LONGEST_PART:
            raise ValueError(f"an event of {size} bytes")
        return await self._reader.readexactly(size)


def describe(service: Service) -> Info:
    """What the server says it can do."""
    ours = Attribution("Tacotron", "https://github.com/keithito/tacotron")
    voices = [
        TtsVoice(
            name=offer.name,
            attribution=ours,
            installed=True,
            description=offer.description or offer.name,
            version=None,
            languages=[offer.manifest.language],
            speakers=[TtsVoiceSpeaker(speaker) for speaker in offer.manifest.speakers],
        )
        for offer in service.shelf.offers()
    ]
    program = TtsProgram(
        name="tacotron",
        attribution=ours,
        installed=True,
        description="Tacotron text to speech",
        version=tacotron.__version__,
        voices=voices,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def _voice_of(language: str, service: Service) -> str | None:
    """The first voice of ``language`` ("en" or "en_US"); None, the default, where there is none."""
    wanted = language.replace("_", "-").lower()
    for offer in service.shelf.offers():
        known = offer.manifest.language.lower()
        if known == wanted or known.partition("-")[0] == wanted.partition("-")[0]:
            return offer.name
    return None
