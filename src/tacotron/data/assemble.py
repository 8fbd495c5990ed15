"""Recordings and texts brought together: checked, split, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tacotron.audio.mel import scale
from tacotron.data.checks import (
    exclusion_by_length,
    flags_of_rates,
    flags_of_sample_rates,
    flags_of_utterance,
)
from tacotron.data.corpus import FORMAT, Utterance, map_mels
from tacotron.data.listing import Entry, Listing
from tacotron.data.recording import SoundSettings
from tacotron.data.split import Heldout, heldout_prompts, prompt_key
from tacotron.data.statistics import MelTally, level_statistics, spread
from tacotron.errors import TextError
from tacotron.text.frontend import Frontend


@dataclass(frozen=True)
class Assembled:
    """What becomes of a listing: every entry is either an utterance or excluded."""

    header: dict[str, Any]  # corpus.json
    utterances: list[Utterance]
    excluded: list[dict[str, str]]  # id, audio (the source's path), text, reason


def assemble(
    listing: Listing,
    recordings: Sequence[Mapping[str, Any]],
    mels: Path,
    *,
    sound: SoundSettings,
    frontend: Frontend,
    lexicon: Mapping[str, Sequence[str]] | None,
    heldout: Heldout,
    speaker: str,
) -> Assembled:
    """Encode each entry's text and join it with what was made of its recording.

    ``recordings`` has a record for each entry, with the offset of its frames in ``mels``.
    """
    utterances, excluded = [], []
    names = sorted({entry.speaker or speaker for entry in listing.entries if not entry.problem})
    index = {name: number for number, name in enumerate(names)}
    for entry, record in zip(listing.entries, recordings, strict=True):
        number = index.get(entry.speaker or speaker, 0)
        result = _utterance(entry, record, number, frontend, lexicon, sound)
        if isinstance(result, Utterance):
            utterances.append(result)
        else:
            excluded.append(
                {"id": entry.id, "audio": entry.audio, "text": entry.text, "reason": result}
            )
    keys = heldout_prompts((item.normalized for item in utterances), heldout)
    flags = _flags_together(utterances)
    utterances = [
        replace(
            item,
            split="heldout" if prompt_key(item.normalized) in keys else "train",
            flags=item.flags + more,
        )
        for item, more in zip(utterances, flags, strict=True)
    ]
    header = {
        "format": FORMAT,
        "convention": sound.convention.to_dict(),
        "frontend": frontend.name,
        "symbols": list(frontend.symbols),
        "lexicon": {word: list(phonemes) for word, phonemes in (lexicon or {}).items()},
        "speakers": names,
        "level_dbfs": sound.level_dbfs,
        "mel": _mel_statistics(utterances, mels, sound),
        "listed": len(listing.entries),
        "utterances": len(utterances),
        "excluded": len(excluded),
        "heldout": {
            "prompts": len(keys),
            "utterances": sum(item.split == "heldout" for item in utterances),
        },
        "frames": sum(item.frames for item in utterances),
        "seconds": round(sum(item.seconds for item in utterances), 2),
        "lengths": spread(item.seconds for item in utterances),
        "levels": level_statistics([item.levels for item in utterances]),
        "source": {
            "list": str(listing.source),
            "layout": listing.layout,
            "notes": list(listing.notes),
        },
    }
    return Assembled(header, utterances, excluded)


def _utterance(
    entry: Entry,
    record: Mapping[str, Any],
    speaker: int,
    frontend: Frontend,
    lexicon: Mapping[str, Sequence[str]] | None,
    sound: SoundSettings,
) -> Utterance | str:
    """Return the utterance, or the reason why it can't be one."""
    if entry.problem:
        return entry.problem
    if "reason" in record:
        return record["reason"]
    if not entry.text:
        return "empty text"
    try:
        encoded = frontend.encode(entry.text, lexicon=lexicon)
    except TextError as error:
        return f"unspeakable text: {error}"
    symbols = len(encoded.symbols)
    if reason := exclusion_by_length(symbols, record["frames"], record["seconds"]):
        return reason
    levels = record["levels"]
    flags = flags_of_utterance(
        seconds=record["seconds"],
        symbols=symbols,
        levels=levels,
        target_dbfs=sound.level_dbfs,
        text_warnings=encoded.warnings,
    )
    return Utterance(
        id=entry.id,
        speaker=speaker,
        text=entry.text,
        normalized=encoded.normalized,
        symbols=encoded.symbols,
        words=encoded.words,
        audio=record["audio"],
        samples=record["samples"],
        seconds=record["seconds"],
        frames=record["frames"],
        offset=record["offset"],
        split="train",
        flags=(*entry.flags, *flags),
        levels=levels,
    )


def _flags_together(utterances: Sequence[Utterance]) -> list[tuple[str, ...]]:
    """Return the flags that only a look at all utterances can give."""
    by_pace = flags_of_rates(
        [len(item.symbols) for item in utterances],
        [item.seconds for item in utterances],
        [item.speaker for item in utterances],
    )
    by_sample_rate = flags_of_sample_rates([int(item.levels["source_rate"]) for item in utterances])
    return [
        tuple(flag for flag in flags if flag) for flags in zip(by_pace, by_sample_rate, strict=True)
    ]


def _mel_statistics(
    utterances: Sequence[Utterance], mels: Path, sound: SoundSettings
) -> dict[str, Any]:
    convention = sound.convention
    values = map_mels(mels, bands=convention.n_mels)
    tally = MelTally()
    for item in utterances:
        tally.add(values[item.offset : item.offset + item.frames])
    # The value of no energy at all; with a mean and deviation for each band it differs by band.
    floor = float(np.min(scale(np.zeros((1, convention.n_mels), np.float32), convention)))
    return tally.summary(floor)
