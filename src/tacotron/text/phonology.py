"""The sounds of English endings: what -s and -ed become after a stem."""

from __future__ import annotations

from tacotron.text.lexicon import Pronunciation

SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"})


def with_s(stem: Pronunciation) -> Pronunciation:
    """Return ``stem`` with the ending of a plural, a third person or a possessive."""
    if stem[-1] in SIBILANTS:
        return (*stem, "IH0", "Z")
    return (*stem, "S" if stem[-1] in VOICELESS else "Z")


def with_ed(stem: Pronunciation) -> Pronunciation:
    """Return ``stem`` with the ending of a past tense."""
    if stem[-1] in ("T", "D"):
        return (*stem, "IH0", "D")
    return (*stem, "T" if stem[-1] in VOICELESS else "D")
