"""What each symbol of a piece is spoken with: how fast, how loud, how high, and how long a pause.

Markup tells styles for stretches of text. The text is normalized and pronounced as a whole, as if
it had no markup, and the styles are then laid on the words that each stretch became.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tacotron.speak.pieces import Piece
from tacotron.speak.prosody import (
    FASTEST,
    HIGHEST_PITCH,
    LONGEST_PAUSE,
    LOUDEST,
    PAUSE_MARKS,
    SLOWEST,
    Prosody,
)
from tacotron.text.frontend import Encoded, Word


@dataclass(frozen=True, eq=False)
class Contour:
    """What each symbol of a piece is spoken with."""

    speed: np.ndarray  # float64 [symbols], times as fast as the voice would
    volume: np.ndarray  # float64 [symbols], dB louder; minus infinity is silent
    pitch: np.ndarray  # float64 [symbols], semitones higher
    pauses: Mapping[int, float]  # seconds that a symbol lasts, where that is asked for


def make_contour(
    piece: Piece,
    encoded: Encoded,
    read_words: Callable[[str], Sequence[Word]],
    *,
    prosody: Prosody,
    speed: float,
) -> Contour:
    """The contour of ``piece``, which its front end made ``encoded`` of.

    ``read_words`` gives the words that any text has (none, where nothing in it can be spoken).
    What styles ask for beyond what a voice can is as near to it as it can.
    """
    stretches = piece.stretches
    owners = _owners(encoded.words, [stretch.text for stretch in stretches], read_words)
    # What is between words goes with the one before.
    starts = [word.start for word in encoded.words]
    spoken_by = [max(0, bisect_right(starts, i) - 1) for i in range(len(encoded.symbols))]
    styles = [stretches[owners[word]].style for word in spoken_by]
    speeds = np.clip([speed * style.rate for style in styles], SLOWEST, FASTEST)
    pauses: dict[int, float] = {}
    if prosody.comma_pause is not None:
        # A mark behind the last word ends the piece.
        for i, symbol in enumerate(encoded.symbols[: starts[-1]]):
            if symbol in PAUSE_MARKS:
                pauses[i] = prosody.comma_pause / float(speeds[i])
    for number, stretch in enumerate(stretches):
        if stretch.silence is not None:
            before = bisect_right(owners, number)  # words before the break
            pauses[_pause_symbol(encoded, before)] = min(stretch.silence, LONGEST_PAUSE)
    return Contour(
        speed=speeds,
        volume=np.minimum([prosody.volume + style.volume for style in styles], LOUDEST),
        pitch=np.clip([prosody.pitch + s.pitch for s in styles], -HIGHEST_PITCH, HIGHEST_PITCH),
        pauses=pauses,
    )


def _owners(
    words: Sequence[Word], texts: Sequence[str], read_words: Callable[[str], Sequence[Word]]
) -> list[int]:
    """Which of ``texts`` each of ``words``, the words of all of them together, comes from.

    Read alone, a text may have other words than among its neighbors ("$5" cut in two): the rest is
    matched, and such words are shared among the texts at their place. Ascending.
    """
    if len(texts) == 1:
        return [0] * len(words)
    from difflib import SequenceMatcher  # which plain text never needs

    apart = [(word.text, number) for number, text in enumerate(texts) for word in read_words(text)]
    if not apart:
        return [0] * len(words)
    owners: list[int] = []
    matcher = SequenceMatcher(
        None, [word.text.lower() for word in words], [text.lower() for text, _ in apart], False
    )
    for _, start, stop, low, high in matcher.get_opcodes():
        for i in range(start, stop):
            # Evenly among those that stand there, or with the one before.
            at = low + (i - start) * (high - low) // (stop - start) if high > low else low - 1
            owners.append(apart[max(0, at)][1])
    return owners


def _pause_symbol(encoded: Encoded, words: int) -> int:
    """The symbol that is the pause behind that many ``words``."""
    starts = [word.start for word in encoded.words]
    if words == 0:
        return max(0, starts[0] - 1)
    start = starts[words - 1]
    stop = starts[words] if words < len(starts) else len(encoded.symbols)
    marks = [i for i in range(start, stop) if encoded.symbols[i] in PAUSE_MARKS]
    return marks[-1] if marks else stop - 1
