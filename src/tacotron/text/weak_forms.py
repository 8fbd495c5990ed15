"""Small words that the next word changes: "the apple", "a pear", "go to", weak "of" and "was".

The dictionary lists words as they are said alone. Inside a phrase, English leaves its function
words unstressed and keeps the full form for the end ("what it is for"), and draws the stress of
numbers in -teen forward ("fifteen men").
"""

from __future__ import annotations

from collections.abc import Sequence

from tacotron.text.lexicon import Pronunciation
from tacotron.text.pronounce import letter_name
from tacotron.text.symbols import is_vowel

_WEAK = """
am AE0 M; an AE0 N; are AA0 R; as AE0 Z; at AE0 T; be B IY0; been B IH0 N; but B AH0 T;
by B AY0; can K AE0 N; could K UH0 D; for F AO0 R; from F R AH0 M; had HH AE0 D; has HH AE0 Z;
have HH AE0 V; he HH IY0; her HH ER0; him HH IH0 M; his HH IH0 Z; i AY0; if IH0 F; is IH0 Z;
it IH0 T; its IH0 T S; my M AY0; of AH0 V; or AO0 R; our AW0 ER0; shall SH AE0 L; she SH IY0;
should SH UH0 D; than DH AH0 N; that DH AE0 T; their DH EH0 R; them DH AH0 M; they DH EY0;
us AH0 S; was W AH0 Z; we W IY0; were W ER0; will W IH0 L; with W IH0 DH; would W UH0 D;
you Y UW0; your Y AO0 R; i'd AY0 D; i'll AY0 L; i'm AY0 M; i've AY0 V; it's IH0 T S;
he's HH IY0 Z; she's SH IY0 Z; that's DH AE0 T S; there's DH EH0 R Z; they're DH EH0 R;
we're W IH0 R; you're Y AO0 R; we'll W IY0 L; you'll Y UW0 L; he'll HH IY0 L; you've Y UW0 V
"""
WEAK: dict[str, Pronunciation] = {
    word: tuple(phonemes)
    for word, *phonemes in (entry.split() for entry in _WEAK.replace("\n", " ").split(";"))
}

# Before another word the first syllable is stressed, elsewhere the second.
_TEENS = {
    "thirteen": ("TH ER1 T IY2 N", "TH ER2 T IY1 N"),
    "fourteen": ("F AO1 R T IY2 N", "F AO2 R T IY1 N"),
    "fifteen": ("F IH1 F T IY2 N", "F IH2 F T IY1 N"),
    "sixteen": ("S IH1 K S T IY2 N", "S IH2 K S T IY1 N"),
    "seventeen": ("S EH1 V AH0 N T IY2 N", "S EH2 V AH0 N T IY1 N"),
    "eighteen": ("EY1 T IY2 N", "EY2 T IY1 N"),
    "nineteen": ("N AY1 N T IY2 N", "N AY2 N T IY1 N"),
}


def weak_form(tokens: Sequence[str], place: int, following: Pronunciation) -> Pronunciation | None:
    """Return the form that the word at ``place`` takes here, or None for the dictionary's.

    ``tokens`` are words and punctuation symbols; ``following`` are the phonemes of the next word,
    none before a pause. Single letters other than the article and "I" are given their names.
    """
    written = tokens[place]
    word = written.lower()
    if word == "the":
        return ("DH", "IY0" if following and is_vowel(following[0]) else "AH0")
    if word in _TEENS:
        return tuple(_TEENS[word][0 if following else 1].split())
    if following:
        if word == "to":
            return ("T", "UW0" if is_vowel(following[0]) else "AH0")
        if word == "a" and (written == "a" or _is_article(tokens, place)):
            return ("AH0",)
        if word in WEAK:
            return WEAK[word]
    return letter_name(word) if len(word) == 1 else None


def _is_article(tokens: Sequence[str], place: int) -> bool:
    """Tell whether the "A" at ``place`` is an article, and no letter as in "F A Q" or "plan A"."""
    neighbors = [tokens[other] for other in (place - 1, place + 1) if 0 <= other < len(tokens)]
    if any(len(each) == 1 and each.isupper() for each in neighbors):
        return False
    begins_phrase = place == 0 or not tokens[place - 1][0].isalpha()
    in_title = tokens[place + 1][0].isupper()
    return begins_phrase or in_title
