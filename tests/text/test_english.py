"""English text to symbols, as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacotron.errors import TextError
from tacotron.text import ENGLISH_SYMBOLS, Encoded, NothingToSpeakError, get_frontend
from tacotron.text.english import split_pieces
from tacotron.text.symbols import PUNCTUATION, is_phoneme

FRONTEND = get_frontend("english")
SQL = {"sql": ("S", "IY1", "K", "W", "AH0", "L")}


def said(encoded: Encoded) -> list[tuple[str, str]]:
    """The words and what is said for each."""
    return [
        (word.text, " ".join(encoded.symbols[word.start : word.stop])) for word in encoded.words
    ]


def pauses(text: str) -> str:
    """The symbols between words, and a dot for each word."""
    encoded = FRONTEND.encode(text)
    starts = {word.start for word in encoded.words}
    shown = ""
    for place, symbol in enumerate(encoded.symbols):
        shown += "·" if place in starts else "" if is_phoneme(symbol) else symbol
    return shown


def check(encoded: Encoded) -> None:
    """What holds of every encoding."""
    symbols = encoded.symbols
    assert set(symbols) <= set(ENGLISH_SYMBOLS)
    assert (symbols[0], symbols[-1]) == ("^", "$")
    assert not {"_", "^", "$"} & set(symbols[1:-1])
    assert is_phoneme(symbols[1])
    covered = [place for word in encoded.words for place in range(word.start, word.stop)]
    assert covered == [place for place, symbol in enumerate(symbols) if is_phoneme(symbol)]
    assert all(word.text and word.start < word.stop for word in encoded.words)
    # One symbol between words, at most one after the last.
    for word, following in zip(encoded.words, encoded.words[1:], strict=False):
        assert following.start - word.stop == 1
    assert len(symbols) - encoded.words[-1].stop <= 2


def test_a_sentence() -> None:
    encoded = FRONTEND.encode("Hello, world.")
    assert " ".join(encoded.symbols) == "^ HH AH0 L OW1 , W ER1 L D . $"
    assert encoded.normalized == "Hello, world."
    assert [(word.text, word.start, word.stop) for word in encoded.words] == [
        ("Hello", 1, 5),
        ("world", 6, 10),
    ]
    assert encoded.warnings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", "^· ·$"),
        ("one, two; three: four.", "^·,·;·:·.$"),
        ("Really?! Yes!?", "^·?·?$"),
        ("wait... what", "^·.·$"),
        ("one (or two) three", "^·,· ·,·$"),
        ("one (or two).", "^·,· ·.$"),
        ("one — two \u2013 three", "^·—·—·$"),
        ("one - two", "^·—·$"),
        ("well-known words", "^· · ·$"),
        ('"One," he said, "two."', "^·,· ·,·.$"),
        (", one", "^·$"),
        ("one,,, two.,", "^·,·.$"),
        ("one\ntwo", "^· ·$"),
    ],
)
def test_pauses(text: str, expected: str) -> None:
    assert pauses(text) == expected


@pytest.mark.parametrize("mark", PUNCTUATION)
def test_every_mark_is_a_symbol_of_its_own(mark: str) -> None:
    assert f"^·{mark}·$" == pauses(f"one{mark} two")


def test_words_keep_the_spelling_of_the_normalized_text() -> None:
    encoded = FRONTEND.encode("The owner's 'Dryad' isn't here.")
    spellings = [word.text for word in encoded.words]
    assert spellings == ["The", "owner's", "Dryad", "isn't", "here"]


def test_small_words_hear_the_next_word() -> None:
    assert said(FRONTEND.encode("The apple, the pear, to eat a B.")) == [
        ("The", "DH IY0"),
        ("apple", "AE1 P AH0 L"),
        ("the", "DH AH0"),
        ("pear", "P EH1 R"),
        ("to", "T UW0"),
        ("eat", "IY1 T"),
        ("a", "AH0"),
        ("B", "B IY1"),
    ]


def test_braces_hold_phonemes() -> None:
    encoded = FRONTEND.encode("Say {HH AH0 L OW1}, the {AE1 P} again.")
    assert said(encoded) == [
        ("Say", "S EY1"),
        ("{HH AH0 L OW1}", "HH AH0 L OW1"),
        ("the", "DH IY0"),
        ("{AE1 P}", "AE1 P"),
        ("again", "AH0 G EH1 N"),
    ]
    assert encoded.normalized == "Say {HH AH0 L OW1}, the {AE1 P} again."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{HH QQ}", "In {HH QQ}: 'QQ' is no phoneme; use ARPAbet"),
        (
            "Say {HH AH L OW1}",
            r"'AH' is no phoneme; a vowel carries its stress \(AH0, AH1 or AH2\)",
        ),
        ("the {SQL} server", "In {SQL}: 'SQL' is no phoneme"),
    ],
)
def test_what_is_no_phoneme_in_braces_is_named(text: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        FRONTEND.encode(text)


def test_precedence_is_braces_then_the_given_lexicon_then_the_voice_s_then_the_dictionary() -> None:
    voice = get_frontend("english", {"live": ("V",), "gif": ("F", "AA1")})
    given = {"live": ("L", "AA1")}
    assert [way for _, way in said(voice.encode("{B IY1} live gif dog", lexicon=given))] == [
        "B IY1",
        "L AA1",
        "F AA1",
        "D AO1 G",
    ]
    assert [way for _, way in said(voice.encode("live gif"))] == ["V", "F AA1"]


def test_a_lexicon_speaks_of_words_that_would_be_spelled_or_read_otherwise() -> None:
    lexicon = SQL | {"c++": ("S", "IY1"), "2b": ("T", "UW1", "B", "IY1")}
    encoded = FRONTEND.encode('"SQL", C++ (2B).', lexicon=lexicon)
    assert said(encoded) == [
        ("SQL", "S IY1 K W AH0 L"),
        ("{S IY1}", "S IY1"),
        ("{T UW1 B IY1}", "T UW1 B IY1"),
    ]
    check(encoded)


def test_a_lexicon_leaves_its_neighbors_to_the_normalizer() -> None:
    plain = FRONTEND.encode("On May 4th, 1980, Smith paid $3.50.")
    same = FRONTEND.encode(
        "On May 4th, 1980, Smith paid $3.50.", lexicon={"smith": ("S", "M", "IH1", "TH")}
    )
    assert plain == same


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "—", '""', "{}", "\n\n", "()"])
def test_a_text_with_nothing_to_speak_says_so(text: str) -> None:
    with pytest.raises(NothingToSpeakError, match="has nothing to speak: it needs a letter"):
        FRONTEND.encode(text)


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyzAI")
def test_a_single_letter_is_called_by_its_name(letter: str) -> None:
    encoded = FRONTEND.encode(letter)
    assert len(encoded.words) == 1
    assert encoded.symbols == FRONTEND.encode(f"{letter}").symbols
    check(encoded)


def test_a_word_repeated_is_said_each_time() -> None:
    encoded = FRONTEND.encode("no " * 20)
    assert len(encoded.words) == 20
    assert {way for _, way in said(encoded)} == {"N OW1"}
    check(encoded)


def test_a_long_text_is_spoken_whole() -> None:
    sentence = "The quick brown fox jumps over the lazy dog, and reads it. "
    encoded = FRONTEND.encode(sentence * 1700)
    assert len(sentence) * 1700 > 100_000
    assert len(encoded.words) == 12 * 1700
    check(encoded)


def test_known_words_need_no_network() -> None:
    script = (
        "import sys; from tacotron.text import get_frontend; "
        "get_frontend('english').encode('She read the live record at 7:15.'); "
        "print({'numpy', 'onnxruntime', 'torch'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert run.stdout.strip() == b"set()"


def test_pieces_of_a_normalized_text() -> None:
    pieces = split_pieces("He said: {AA1} 'yes' -- no-one…")
    assert " ".join(piece.text for piece in pieces) == "He said : {AA1} yes — no one ."


PARTS = "read the live use a A to record SQL , . ? — ( ) 's ' {AA1}"
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("abc AIXyz'.,?!;:—\u2013-()[]\"“”\u2019 0159$%&@/\n{}é…", max_size=60),
    st.lists(st.sampled_from(PARTS.split(" ")), max_size=12).map(" ".join),
)


@settings(max_examples=300)
@given(TEXTS)
def test_every_text_is_encoded_or_refused_for_a_reason(text: str) -> None:
    for lexicon in (None, SQL):
        try:
            encoded = FRONTEND.encode(text, lexicon=lexicon)
        except NothingToSpeakError:
            continue
        except TextError:
            assert "{" in text
            continue
        check(encoded)
