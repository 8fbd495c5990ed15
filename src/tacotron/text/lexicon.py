"""Dictionaries: the packed CMU Pronouncing Dictionary, and the lexicon files that users write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tacotron.errors import TextError
from tacotron.text.symbols import BARE_VOWELS, is_phoneme

CMUDICT = Path(__file__).parent / "data" / "cmudict.txt"

Pronunciation = tuple[str, ...]


class PackedDictionary:
    """Words and their pronunciations in one sorted text, searched where it lies.

    Reading the file is all that opening costs (a dict of its 126,000 words would take a hundred
    times as long as looking up a sentence's). The first line lists the phonemes; the n-th is
    written as the character ``!`` + n. Each other line is a word, a tab, and its pronunciations
    parted by spaces, the commonest first; lines are in byte order. scripts/pack_cmudict.py
    writes it.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._start = self._text.index(b"\n") + 1
        phonemes = self._text[: self._start - 1].decode("ascii").split(" ")
        self._phonemes = {ord("!") + code: phoneme for code, phoneme in enumerate(phonemes)}

    def get(self, word: str) -> tuple[Pronunciation, ...]:
        """Return the pronunciations of the lower-case ``word``, none where it is not known."""
        if not word.isascii() or "\t" in word:
            return ()
        key = word.encode("ascii") + b"\t"
        text, low, high = self._text, self._start, len(self._text)
        while low < high:
            # The line around the middle; every line ends in a newline, the last one too.
            line = text.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = text.index(b"\n", line)
            if text.startswith(key, line):
                return self._decode(text[line + len(key) : end])
            if text[line:end] < key:
                low = end + 1
            else:
                high = line
        return ()

    def _decode(self, codes: bytes) -> tuple[Pronunciation, ...]:
        return tuple(
            tuple(self._phonemes[code] for code in variant) for variant in codes.split(b" ")
        )

    def items(self) -> Iterator[tuple[str, tuple[Pronunciation, ...]]]:
        """Yield every word with its pronunciations."""
        for line in self._text[self._start :].splitlines():
            word, _, codes = line.partition(b"\t")
            yield word.decode("ascii"), self._decode(codes)

    def __contains__(self, word: str) -> bool:
        return bool(self.get(word))


@cache
def cmudict() -> PackedDictionary:
    """Return the CMU Pronouncing Dictionary that travels with the package."""
    return PackedDictionary(CMUDICT.read_bytes())


def read_lexicon(path: str | Path) -> dict[str, Pronunciation]:
    """Read a lexicon file: a line a word, ``WORD  PH ON EM ES`` as in the CMU dictionary.

    Case of the word does not matter; ``;;;`` and ``#`` begin comments; of several entries of one
    word (``WORD(2)``), the first is used. Returns lower-case word -> phonemes. Raises `TextError`
    naming the file and line that can't be used.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TextError(f"Could not read the lexicon {path}: {reason}.") from error
    return parse_lexicon(text, str(path))


def parse_lexicon(text: str, name: str) -> dict[str, Pronunciation]:
    """Read the ``text`` of a lexicon file called ``name``: see `read_lexicon`."""
    lexicon: dict[str, Pronunciation] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split(";;;")[0].split(" #")[0].strip()
        if not content or content.startswith("#"):
            continue
        word, *phonemes = content.split()
        if not phonemes:
            raise TextError(
                f"{name}, line {number}: {word!r} has no phonemes; "
                "write the word, two spaces and its phonemes (HELLO  HH AH0 L OW1)."
            )
        check_phonemes(phonemes, f"{name}, line {number}")
        if word.endswith(")") and "(" in word:
            word = word[: word.rindex("(")]
        lexicon.setdefault(word.lower(), tuple(phonemes))
    return lexicon


def check_phonemes(phonemes: Iterable[str], where: str) -> None:
    """Raise `TextError` that begins with ``where`` and names the first that is no phoneme."""
    for phoneme in phonemes:
        if is_phoneme(phoneme):
            continue
        if phoneme.upper() in BARE_VOWELS:
            advice = f"a vowel carries its stress ({phoneme}0, {phoneme}1 or {phoneme}2)"
        else:
            advice = "use ARPAbet as in the CMU dictionary, such as HH AH0 L OW1"
        raise TextError(f"{where}: {phoneme!r} is no phoneme; {advice}.")
