"""Styles and pauses land on the symbols of the words that they were written around."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tacotron.speak.contour import Contour, make_contour
from tacotron.speak.pieces import cut_document
from tacotron.speak.prosody import (
    FASTEST,
    HIGHEST_PITCH,
    LONGEST_PAUSE,
    LOUDEST,
    NEUTRAL,
    SLOWEST,
    Prosody,
)
from tacotron.text import Encoded, NothingToSpeakError, Word, get_frontend
from tacotron.text.document import read_document


def contour(
    text: str, *, frontend: str = "english", speed: float = 1.0, prosody: Prosody = NEUTRAL
) -> tuple[Encoded, Contour]:
    (piece,) = cut_document(read_document(text), prosody)
    reader = get_frontend(frontend)

    def words(part: str) -> tuple[Word, ...]:
        try:
            return reader.encode(part).words
        except NothingToSpeakError:
            return ()

    encoded = reader.encode(piece.text)
    return encoded, make_contour(piece, encoded, words, prosody=prosody, speed=speed)


def by_word(encoded: Encoded, values: np.ndarray) -> list[tuple[str, float]]:
    """The one value that each word's symbols have."""
    found = []
    for word in encoded.words:
        (value,) = set(values[word.start : word.stop].tolist())
        found.append((word.text.rstrip(".,"), value))
    return found


@pytest.mark.parametrize("frontend", ["english", "keithito"])
def test_plain_text_is_even(frontend: str) -> None:
    encoded, even = contour("Hello, there.", frontend=frontend, speed=1.5)
    for values, value in ((even.speed, 1.5), (even.volume, 0.0), (even.pitch, 0.0)):
        assert values.tolist() == [value] * len(encoded.symbols)
    assert even.pauses == {}


@pytest.mark.parametrize("frontend", ["english", "keithito"])
def test_styles_are_on_their_words(frontend: str) -> None:
    encoded, found = contour(
        '<speak>Say <prosody rate="2" volume="-6dB">this, and</prosody> <prosody pitch="+1st">that'
        "</prosody>.</speak>",
        frontend=frontend,
        speed=0.5,
        prosody=Prosody(volume=2.0, pitch=-3.0),
    )
    words = ["this", "and"]
    assert [word for word, speed in by_word(encoded, found.speed) if speed == 1.0] == words
    assert [word for word, volume in by_word(encoded, found.volume) if volume == -4.0] == words
    assert [word for word, pitch in by_word(encoded, found.pitch) if pitch == -2.0] == ["that"]
    assert set(found.speed) == {0.5, 1.0}
    assert set(found.volume) == {2.0, -4.0}
    assert set(found.pitch) == {-3.0, -2.0}


@pytest.mark.parametrize(
    ("ssml", "words"),
    [
        # Read together they are other words than apart.
        ('It costs <prosody rate="2">$5</prosody> million.', ["five"]),
        ('On <prosody rate="2">March 3</prosody>, 1999.', ["March", "third"]),
        ('Dr. <prosody rate="2">Smith</prosody> St.', ["Smith"]),
        ('<prosody rate="2">"</prosody>Well,<prosody rate="2">" he said</prosody>', ["he", "said"]),
        ('un<prosody rate="2">believ</prosody>able', []),
        ('<prosody rate="2">All of it</prosody>', ["All", "of", "it"]),
        ('the the <prosody rate="2">the</prosody> the', ["the"]),
    ],
)
def test_words_are_found_whatever_they_became(ssml: str, words: list[str]) -> None:
    encoded, found = contour(f"<speak>{ssml}</speak>")
    fast = [word for word, speed in by_word(encoded, found.speed) if speed == 2.0]
    if words:
        assert fast == words


def test_markup_does_not_change_how_words_are_said() -> None:
    """ "read" is a past here, and "the" stands before a vowel."""
    plain, _ = contour("I have read the apple.")
    marked, _ = contour('<speak>I have <prosody rate="2">read the</prosody> apple.</speak>')
    assert marked == plain


def test_what_no_voice_can_is_bounded() -> None:
    encoded, found = contour(
        '<speak>a <prosody rate="99" volume="+99dB" pitch="+99st">b</prosody> '
        '<prosody rate="0.01" volume="silent" pitch="-99st">see</prosody></speak>'
    )
    assert [speed for _, speed in by_word(encoded, found.speed)] == [1.0, FASTEST, SLOWEST]
    assert [volume for _, volume in by_word(encoded, found.volume)] == [0.0, LOUDEST, -math.inf]
    pitches = [pitch for _, pitch in by_word(encoded, found.pitch)]
    assert pitches == [0.0, HIGHEST_PITCH, -HIGHEST_PITCH]


def test_breaks_at_one_place_are_bounded_together() -> None:
    _, found = contour("One " + "<break time='60s'/>" * 200 + " two.")
    assert list(found.pauses.values()) == [LONGEST_PAUSE]


@pytest.mark.parametrize("frontend", ["english", "keithito"])
@pytest.mark.parametrize(
    "text",
    [
        "One two <break time='2s'/> three four, five.",
        "One two, <break time='1s'/> <break time='1s'/> three four, five.",
        "<speak>One <prosody rate='2'>two</prosody><break time='2s'/> three four, five.</speak>",
    ],
)
def test_breaks_are_at_the_mark_behind_their_word(frontend: str, text: str) -> None:
    encoded, found = contour(text, frontend=frontend)
    ((symbol, seconds),) = found.pauses.items()
    assert seconds == 2.0
    assert encoded.symbols[symbol] == ","
    assert encoded.words[1].start < symbol < encoded.words[2].start


def test_comma_pauses() -> None:
    prosody = Prosody(comma_pause=0.5)
    encoded, found = contour("One, two; three \u2014 four: five,", speed=2.0, prosody=prosody)
    assert [encoded.symbols[i] for i in found.pauses] == [",", ";", "\u2014", ":"]
    assert set(found.pauses.values()) == {0.25}
    # A break goes before them, and does not depend on the speed.
    _, found = contour("One, <break time='2s'/> two, three.", speed=2.0, prosody=prosody)
    assert list(found.pauses.values()) == [2.0, 0.25]
