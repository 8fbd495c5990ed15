"""What training never hears: prompts set aside by the hash of their words.

A prompt's takes, and two speakers' readings of it, hash alike, so none straddles the split; and a
prompt keeps its side when a corpus grows, up to the few on the border.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from tacotron.errors import CorpusError

#: `Heldout.least` yields to this share in small corpora: 8 prompts from 96 on, 1 from 12 on.
LARGEST_SHARE = 1 / 12


@dataclass(frozen=True)
class Heldout:
    """How many prompts are held out."""

    share: float = 0.02  # of all prompts
    least: int = 8  # prompts, within `LARGEST_SHARE`
    most: int = 64  # prompts: enough to judge by, and every one more is missed in training

    @classmethod
    def parse(cls, value: str) -> Heldout:
        """Read "0.05" as a share of the prompts, "64" as a number of them, "0" as none.

        Raises `CorpusError` for anything else.
        """
        if value.isdecimal():
            return cls(share=1.0, least=0, most=int(value))
        with suppress(ValueError):
            if 0 < float(value) < 1:
                return cls(share=float(value), most=sys.maxsize)
        raise CorpusError(f"{value!r} can't be held out: give a share (0.02) or a number (64).")

    def count(self, prompts: int) -> int:
        """Return how many of ``prompts`` are held out: never more than half."""
        least = min(self.least, int(prompts * LARGEST_SHARE))
        return min(max(round(self.share * prompts), least), self.most, prompts // 2)


def prompt_key(normalized: str) -> str:
    """Return what takes of one prompt share: the letters and digits of its normalized text."""
    return "".join(filter(str.isalnum, normalized.lower()))


def heldout_prompts(normalized: Iterable[str], heldout: Heldout | None = None) -> frozenset[str]:
    """Return the keys (see `prompt_key`) of the prompts to hold out.

    Those are the prompts with the lowest hashes: no order, seed or platform plays a part.
    """
    keys = {prompt_key(text) for text in normalized}
    ranked = sorted(keys, key=lambda key: hashlib.sha256(key.encode()).digest())
    return frozenset(ranked[: (heldout or Heldout()).count(len(keys))])
