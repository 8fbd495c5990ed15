"""What every protocol asks of a server: check a request, speak it, and keep the figures."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field

from tacotron.errors import TextError
from tacotron.serve.errors import BadRequest, TooLong, UnknownVoice
from tacotron.serve.metrics import Metrics
from tacotron.serve.pool import Pool
from tacotron.serve.settings import Settings
from tacotron.serve.voices import Offer, Shelf
from tacotron.speak import Chunk
from tacotron.speak.prosody import FASTEST, SLOWEST
from tacotron.text.document import LONGEST_BREAK, Break, read_document

log = logging.getLogger("tacotron.serve")

WARMING_TEXT = "Ready."
_SPEAKER_MARK = ":"  # in "voice:speaker"; no voice's name holds one


@dataclass
class Speaking:
    """One request to speak: what is asked for, and what came of it."""

    text: str
    offer: Offer
    speaker: str | None  # None is the voice's first
    speed: float
    began: float = field(default_factory=time.monotonic)
    computing_seconds: float = 0.0  # of a worker
    audio_seconds: float = 0.0  # of speech made
    first_audio_seconds: float | None = None  # from the request to its first speech
    heard_from: float | None = None  # when the first of it was sent (`time.monotonic`)
    complete: bool = False  # all of it is made

    def due(self) -> float:
        """When a listener has heard all there is (`time.monotonic`): at once, until something was
        sent, and where only the end is left to be told."""
        if self.heard_from is None or self.complete:
            return self.began
        return self.heard_from + self.audio_seconds


class Service:
    """A server's voices, workers and figures; shared by HTTP and Wyoming."""

    def __init__(self, settings: Settings) -> None:
        """Raises `VoiceError` where a voice is missing or damaged. Call it where a loop runs."""
        self.settings = settings
        self.shelf = Shelf(settings.voices)
        self.pool = Pool(
            workers=settings.workers,
            queue=settings.queue,
            open_requests=settings.open_requests,
            seconds=settings.seconds,
        )
        self.metrics = Metrics(self.pool)
        self.ready = False  # the voices have spoken
        self.warming: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Warm up, on the running loop; how that ends is the result of `warming`."""
        self.warming = asyncio.ensure_future(self._warm_up())

    def end(self) -> None:
        """Give back what `begin` took."""
        if self.warming is not None:
            self.warming.cancel()
        self.pool.close()

    async def _warm_up(self) -> None:
        """Load the voices that were asked for by name, and speak with each, so that the first
        listener doesn't wait for it. Raises `TacotronError` where one can't speak."""
        offers = self.shelf.offers() if self.settings.voices else [self.shelf.default]
        for offer in offers:
            future = await self.pool.start(lambda offer=offer: self._try(offer))
            await asyncio.shield(future)
        self.ready = True

    def _try(self, offer: Offer) -> None:
        for _ in self.shelf.load(offer).stream(WARMING_TEXT):
            pass

    def prepare(
        self,
        text: str | None,
        *,
        voice: str | None = None,
        speaker: str | None = None,
        speed: float = 1.0,
        param: str = "text",
    ) -> Speaking:
        """Check a request before it waits for a worker.

        ``voice`` is a voice's name, or one and a speaker's as "voice:speaker"; None the default.
        ``param`` is what the protocol calls the text. Raises `BadRequest` where there is no text,
        or the voice lacks the speaker or the speed; `TooLong`; `UnknownVoice`; and `VoiceError`
        where the voice's file is damaged.
        """
        if not text or text.isspace():
            raise BadRequest("There is no text to speak.", param=param)
        most = self.settings.characters
        if len(text) > most:
            raise TooLong(
                f"The text has {len(text):,} characters, {most:,} are taken at once: "
                "send it in parts.",
                param=param,
            )
        self._check_breaks(text, param)
        if not SLOWEST <= speed <= FASTEST:
            raise BadRequest(
                f"Can't speak at speed {speed:g}: choose from {SLOWEST} to {FASTEST:g}.",
                param="speed",
            )
        try:
            offer = self.shelf.find(voice or None)
        except UnknownVoice:
            name, mark, named = (voice or "").rpartition(_SPEAKER_MARK)
            if not mark or speaker is not None:
                raise
            offer, speaker = self.shelf.find(name), named
        if speaker is not None and speaker not in offer.manifest.speakers:
            raise BadRequest(
                f"The voice {offer.name} has no speaker {speaker!r:.80}.", param="speaker"
            )
        return Speaking(text, offer, speaker, speed)

    def _check_breaks(self, text: str, param: str) -> None:
        """Refuse a text whose breaks together are long: a few words can ask for hours of them."""
        try:
            items = read_document(text).items
        except TextError as error:
            raise BadRequest(str(error), param=param) from error
        seconds = sum(item.seconds for item in items if isinstance(item, Break))
        if seconds > LONGEST_BREAK:
            raise BadRequest(
                f"The breaks of the text last {seconds:g} s together, {LONGEST_BREAK:g} s are the "
                "most: shorten them.",
                param=param,
            )

    def speak(self, speaking: Speaking) -> Iterator[Chunk]:
        """Speak; to be run step by step on a worker, and closed.

        Raises `TextError` where nothing in the text can be spoken, `VoiceError` where the voice
        fails.
        """
        began = time.perf_counter()
        try:
            chunks = self.shelf.load(speaking.offer).stream(
                speaking.text, speaker=speaking.speaker, speed=speaking.speed
            )
            for chunk in chunks:
                speaking.computing_seconds += time.perf_counter() - began
                speaking.audio_seconds += chunk.seconds
                if speaking.first_audio_seconds is None:
                    speaking.first_audio_seconds = time.monotonic() - speaking.began
                yield chunk
                began = time.perf_counter()
            speaking.complete = True
        finally:
            self._count(speaking)

    def log_defect(self, error: Exception) -> None:
        """Log where an error that nobody expected came from, and its words only where the log may
        hold text: they may quote it."""
        frames = "".join(traceback.format_tb(error.__traceback__))
        words = f": {error}" if self.settings.log_text else ""
        log.error("%s%s\n%s", type(error).__name__, words, frames)

    def _count(self, speaking: Speaking) -> None:
        voice = speaking.offer.name
        if speaking.audio_seconds:
            self.metrics.audio_seconds.labels(voice).inc(speaking.audio_seconds)
            self.metrics.computing_seconds.labels(voice).inc(speaking.computing_seconds)
            factor = speaking.computing_seconds / speaking.audio_seconds
            self.metrics.real_time_factor.observe(factor)
        if speaking.first_audio_seconds is not None:
            self.metrics.first_audio_seconds.observe(speaking.first_audio_seconds)
