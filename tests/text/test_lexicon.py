"""The packed dictionary finds what it holds, and lexicon files say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.errors import TextError
from tacotron.text.lexicon import PackedDictionary, cmudict, parse_lexicon, read_lexicon
from tacotron.text.symbols import PHONEMES

WORDS = st.text("abcxyz'", min_size=1, max_size=6)


def test_every_word_of_the_dictionary_is_found_with_all_its_pronunciations() -> None:
    entries = list(cmudict().items())
    assert len(entries) > 120_000
    known = set(PHONEMES)
    for word, pronunciations in entries[::20] + entries[:5] + entries[-5:]:
        assert cmudict().get(word) == pronunciations
        assert all(phonemes and set(phonemes) <= known for phonemes in pronunciations)


def test_a_word_with_variants_begins_with_the_first_of_the_original() -> None:
    assert cmudict().get("hello")[0] == ("HH", "AH0", "L", "OW1")
    assert len(cmudict().get("record")) == 3
    assert cmudict().get("'tis") == (("T", "IH1", "Z"),)


@pytest.mark.parametrize("word", ["", "hell0", "xqzzy", "zzzzzz", "!", "naïve", "Hello", "a\tb"])
def test_a_word_that_is_not_there_has_no_pronunciation(word: str) -> None:
    assert cmudict().get(word) == ()
    assert word not in cmudict()


@given(st.sets(WORDS), WORDS)
def test_search_finds_exactly_what_was_packed(words: set[str], other: str) -> None:
    lines = "".join(f"{word}\t!\n" for word in sorted(words, key=str.encode))
    packed = PackedDictionary(("B CH\n" + lines).encode())
    assert [word for word, _ in packed.items()] == sorted(words, key=str.encode)
    for word in words:
        assert packed.get(word) == (("B",),)
    assert (other in packed) == (other in words)


def test_a_lexicon_file_is_read_as_the_cmu_dictionary_is(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text(
        ";;; our names\n"
        "\n"
        "NGUYEN  W IH1 N\n"
        "nguyen(2)  N UW0 Y EH1 N\n"
        "Müller  M Y UW1 L ER0  ;;; from Bern\n"
        "at&t  EY1 T IY1  # short\n",
        encoding="utf-8",
    )
    assert read_lexicon(path) == {
        "nguyen": ("W", "IH1", "N"),
        "müller": ("M", "Y", "UW1", "L", "ER0"),
        "at&t": ("EY1", "T", "IY1"),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("HELLO", r"names.txt, line 2: 'HELLO' has no phonemes"),
        ("HELLO  HH AH L OW1", r"names.txt, line 2: 'AH' is no phoneme; a vowel carries its"),
        ("HELLO  HH QX", r"names.txt, line 2: 'QX' is no phoneme; use ARPAbet"),
        ("HELLO  hh ah0", r"names.txt, line 2: 'hh' is no phoneme"),
    ],
)
def test_a_wrong_line_is_named(line: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        parse_lexicon(f"A  EY1\n{line}\n", "names.txt")


def test_a_lexicon_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"Could not read the lexicon .*missing.txt"):
        read_lexicon(tmp_path / "missing.txt")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9  K AE0\n")
    with pytest.raises(TextError, match=r"latin.txt: it is not UTF-8"):
        read_lexicon(tmp_path / "latin.txt")
