"""The voices a server speaks with: which there are, found by name alone, and loaded once each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tacotron.errors import VoiceError
from tacotron.serve.errors import UnknownVoice
from tacotron.speak import Voice
from tacotron.voice import DEFAULT_VOICE, Bundle, Manifest, find_voices, locate, locate_name
from tacotron.voice.bundle import MODEL_CARD

log = logging.getLogger("tacotron.serve")

_LONGEST_DESCRIPTION = 200  # characters
_SHOWN = 8  # names in a message


@dataclass(frozen=True)
class Offer:
    """A voice that can be asked for."""

    name: str
    path: Path
    manifest: Manifest
    description: str  # the first paragraph of its model card
    stamp: tuple[int, int]  # of the file: another one is another voice


class Shelf:
    """The voices of a server. Finding may be done on the event loop, loading on any thread."""

    def __init__(self, voices: Sequence[str] = ()) -> None:
        """Offer ``voices`` (names or files; the first is the default), or all there are for none.

        Raises `VoiceError` where one is missing or damaged, or two have one name.
        """
        self._offers: dict[Path, Offer] = {}
        self._loaded: dict[Path, tuple[Offer, Voice]] = {}
        self._loading = threading.Lock()
        self._fixed: dict[str, Offer] = {}
        for voice in voices:
            offer = self._open(locate(voice))
            if offer.name in self._fixed:
                raise VoiceError(f"Two voices are called {offer.name}: rename one of the files.")
            self._fixed[offer.name] = offer
        self._default = self.find(None)  # raises now rather than at the first request

    @property
    def default(self) -> Offer:
        """Spoken with where no voice is asked for."""
        return self._default

    def offers(self) -> list[Offer]:
        """All voices, the default first; a file that can't be read is left out, and logged."""
        if self._fixed:
            return list(self._fixed.values())
        found = []
        for path in find_voices().values():
            try:
                found.append(self._open(path))
            except VoiceError as error:
                log.warning("%s", error)
        return sorted(found, key=lambda offer: (offer.name != self._default.name, offer.name))

    def find(self, name: str | None) -> Offer:
        """Return the voice called ``name``, never a path; None is the default.

        Raises `UnknownVoice` where there is none, and `VoiceError` where its file is damaged.
        """
        if self._fixed:
            if name is None:
                return next(iter(self._fixed.values()))
            if name not in self._fixed:
                raise self._unknown(name)
            return self._fixed[name]
        try:
            path = locate_name(DEFAULT_VOICE if name is None else name)
        except VoiceError:
            if name is None:  # at the start: whoever starts a server must hear of it
                raise
            raise self._unknown(name) from None
        return self._open(path)

    def load(self, offer: Offer) -> Voice:
        """Return the voice behind ``offer``, loaded once. Raises `VoiceError` where it can't run.

        A file that was replaced since is another offer; the old one's voice is let go.
        """
        with self._loading:
            held = self._loaded.get(offer.path)
            if held is None or held[0] is not offer:
                held = (offer, Voice(Bundle.open(offer.path)))
                self._loaded[offer.path] = held
            return held[1]

    def _open(self, path: Path) -> Offer:
        try:
            status = path.stat()
        except OSError as error:
            raise VoiceError(f"There is no voice file {path}.") from error
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._offers.get(path)
        if known is None or known.stamp != stamp:
            bundle = Bundle.open(path)
            known = Offer(path.stem, path, bundle.manifest, _description(bundle), stamp)
            self._offers[path] = known
        return known

    def _unknown(self, name: str) -> UnknownVoice:
        names = [offer.name for offer in self.offers()]
        known = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        return UnknownVoice(f"There is no voice {name!r:.80}: choose {known}.", param="voice")


def _description(bundle: Bundle) -> str:
    if MODEL_CARD not in bundle:
        return ""
    for paragraph in bundle.read_text(MODEL_CARD).split("\n\n"):
        text = " ".join(paragraph.replace("*", "").replace("`", "").split())  # of its Markdown
        if text and not text.startswith("#"):
            return text if len(text) <= _LONGEST_DESCRIPTION else text[:_LONGEST_DESCRIPTION] + "…"
    return ""
