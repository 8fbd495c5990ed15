# ruff: noqa: RUF001, RUF002 - phonetic letters look like others
"""The International Phonetic Alphabet, as far as English goes, in stressed ARPAbet.

The correspondence is that of the CMU Pronouncing Dictionary, as IPA dictionaries of American and
British English write the same words; sounds that English lacks have no ARPAbet and are refused.
"""

from __future__ import annotations

import re
import unicodedata

from tacotron.errors import TextError
from tacotron.text.lexicon import Pronunciation

PRIMARY, SECONDARY = "ˈ", "ˌ"

# Longer spellings are found before shorter ones. A vowel's stress is added behind it.
_VOWELS = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɔj": "OY", "aj": "AY",
    "aw": "AW", "ej": "EY", "ow": "OW", "ɪə": "IH", "ʊə": "UH", "ɛə": "EH", "eə": "EH", "ɜɹ": "ER",
    "ɜr": "ER", "əɹ": "ER", "ər": "ER", "ɝ": "ER", "ɚ": "ER", "ɜ": "ER", "ɑ": "AA", "ɒ": "AA",
    "a": "AA", "æ": "AE", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɔ": "AO", "ɛ": "EH", "e": "EH",
    "ɪ": "IH", "ɨ": "IH", "i": "IY", "o": "OW", "ʊ": "UH", "u": "UW", "ʉ": "UW",
}  # fmt: skip
_CONSONANTS = {
    "tʃ": "CH", "ʧ": "CH", "dʒ": "JH", "ʤ": "JH", "b": "B", "d": "D", "ð": "DH", "f": "F",
    "ɡ": "G", "g": "G", "h": "HH", "k": "K", "l": "L", "ɫ": "L", "m": "M", "n": "N", "ŋ": "NG",
    "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH", "t": "T", "ɾ": "T", "θ": "TH", "v": "V",
    "w": "W", "ʍ": "W", "j": "Y", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
# Never stressed: what a word without stress marks isn't stressed on.
_WEAK = frozenset({"ə", "ɐ", "ɚ", "ɨ", "əɹ", "ər"})
_SYLLABIC = "\u0329"  # a consonant that is a syllable of its own, as the n of "button"

# Length, syllable breaks, linking, ties between the halves of one sound, aspiration, release.
_SILENT = re.compile("[ːˑ.‿\u0361\u035c\u0306ʰ\u031a\u032f]")
_SOUND = re.compile("|".join(sorted({**_VOWELS, **_CONSONANTS}, key=len, reverse=True)))


def ipa_to_arpabet(ipa: str) -> Pronunciation:
    """Return the ARPAbet phonemes of one word in ``ipa``, such as ``təˈmeɪtoʊ``.

    A stress mark stands before its syllable. Without a primary one, the first vowel that can be
    stressed is. Raises `TextError` for a sound that has no ARPAbet, and where there is no sound.
    """
    text = _SILENT.sub("", unicodedata.normalize("NFD", ipa.strip().strip("/[]")))
    text = text.replace("'", PRIMARY).replace(",", SECONDARY)
    phonemes: list[str] = []
    strong: list[int] = []  # places of vowels that may be stressed
    stress, stressed = "0", False
    place = 0
    while place < len(text):
        if text[place] in PRIMARY + SECONDARY:
            stress = "1" if text[place] == PRIMARY else "2"
            place += 1
            continue
        match = _SOUND.match(text, place)
        if match is None:
            name = unicodedata.name(text[place], "")
            raise TextError(
                f"The IPA {ipa!r:.80} has {text[place]!r} ({name.lower()}), which is no sound of "
                "English: write the nearest one."
            )
        sound, place = match[0], match.end()
        if sound in _VOWELS:
            if sound not in _WEAK:
                strong.append(len(phonemes))
            phonemes.append(_VOWELS[sound] + stress)
            stressed |= stress == "1"
            stress = "0"
        elif text[place : place + 1] == _SYLLABIC:
            place += 1
            phonemes += ["AH" + stress, _CONSONANTS[sound]]
            stress = "0"
        else:
            phonemes.append(_CONSONANTS[sound])
    if not phonemes:
        raise TextError(f"The IPA {ipa!r:.80} has no sound: write one, such as təˈmeɪtoʊ.")
    if strong and not stressed:
        phonemes[strong[0]] = phonemes[strong[0]][:-1] + "1"
    return tuple(phonemes)
