"""What looks wrong with an utterance, and why.

An utterance is *excluded* where nothing could be learned from it, and *flagged* where a person
should look: it stays in the corpus. A flag is ``"code: reason"``, a reason plain words with the
figures that led to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

#: A recording whose loudest sample stays below this is silent: 16-bit noise is at -90 dBFS.
SILENT_PEAK_DBFS = -60.0

#: A sample rate outside of these is a damaged header; nobody records speech with it.
LOWEST_RATE, HIGHEST_RATE = 4000, 400_000

#: Samples at or above this are at full scale; 127/128 is the top of 8-bit audio.
FULL_SCALE = 127 / 128

#: Share of samples at full scale from which clipping is heard, and from which speech is a buzz.
CLIPPED_SHARE, RUINED_SHARE = 0.001, 0.1

#: Longer utterances cost memory in training, and are often several sentences run together.
LONG_SECONDS = 20.0

#: Speech closer to its own background (the quietest 5 % of it) than this teaches a voice to hiss.
NOISY_RATIO_DB = 15.0

#: Speech this far below the level asked for is heard as a jump between utterances.
QUIET_DB = 3.0

#: Symbols (phonemes, spaces, punctuation) a second outside of which nobody reads aloud. English
#: read at ease has about 14; a pause after a single word counts much in short utterances.
SLOWEST_RATE, FASTEST_RATE = 3.0, 28.0

#: Where a symbol has less than a frame, no path can pass all symbols: nothing can be learned.
FEWEST_FRAMES_PER_SYMBOL = 1.0

#: Robust standard deviations from which a rate stands out among utterances of like length.
RATE_OUTLIER = 6.0

#: How much pace varies is taken from this many utterances of the same speaker, the nearest in
#: length; a speaker with fewer than the second number is held against the absolute limits only.
NEIGHBORS, FEWEST_NEIGHBORS = 100, 20

#: The spread of log rates is taken as no less than this (5 %): synthetic speech is too regular.
SMALLEST_SPREAD = 0.05

#: The median absolute deviation of a normal distribution, in standard deviations.
NORMAL_MAD = 0.6745


def exclusion_by_rate(sample_rate: int) -> str | None:
    """Return why a recording at ``sample_rate`` (Hz) can't be used, or None."""
    if LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        return None
    return f"unusable sample rate: {sample_rate} Hz"


def exclusion_by_sound(peak_dbfs: float, clipped_share: float) -> str | None:
    """Return why a recording can't be used, or None. ``clipped_share`` is of its samples."""
    if peak_dbfs < SILENT_PEAK_DBFS:
        return f"silent: its loudest sample is at {peak_dbfs:.0f} dBFS"
    if clipped_share >= RUINED_SHARE:
        return f"clipped beyond use: {clipped_share:.0%} of its samples are at full scale"
    return None


def exclusion_by_length(symbols: int, frames: int, seconds: float) -> str | None:
    """Return why so few frames can't hold so many symbols, or None."""
    if frames < symbols * FEWEST_FRAMES_PER_SYMBOL:
        rate = f" ({symbols / seconds:.0f} a second)" if seconds >= 0.01 else ""
        return f"too short for its text: {seconds:.2f} s of speech for {symbols} symbols{rate}"
    return None


def flags_of_utterance(
    *,
    seconds: float,
    symbols: int,
    levels: Mapping[str, float],
    target_dbfs: float,
    text_warnings: Sequence[str],
) -> list[str]:
    """Return what looks suspicious about one utterance by itself.

    ``levels`` are those of `tacotron.data.recording.prepare_recording`, ``target_dbfs`` is the
    level that speech was to be brought to.
    """
    flags = [f"text: {warning}" for warning in text_warnings]
    if levels["clipped_share"] >= CLIPPED_SHARE:
        flags.append(f"clipped: {levels['clipped_share']:.1%} of its samples are at full scale")
    if levels["speech_to_noise_db"] < NOISY_RATIO_DB:
        flags.append(
            f"noisy: speech is only {levels['speech_to_noise_db']:.0f} dB above its background"
        )
    short_of_target = target_dbfs - (levels["active_dbfs"] + levels["gain_db"])
    if short_of_target > QUIET_DB:
        flags.append(
            f"quiet: a loud peak, such as a click, keeps its speech {short_of_target:.0f} dB "
            "below the level"
        )
    if seconds > LONG_SECONDS:
        flags.append(f"long: {seconds:.1f} s; cut it where the reader pauses, if you can")
    pace = symbols / seconds
    if pace > FASTEST_RATE:
        flags.append(
            f"too fast: {pace:.0f} symbols a second; its text may be too long, or its end cut off"
        )
    elif pace < SLOWEST_RATE:
        flags.append(f"too slow: {pace:.1f} symbols a second; words may be missing from its text")
    return flags


def flags_of_rates(
    symbols: Sequence[int], seconds: Sequence[float], speakers: Sequence[int]
) -> list[str | None]:
    """Return, per utterance, how its pace stands out among its speaker's of like length.

    A speaker's time for a text is taken as a constant and a time for each symbol, fitted by
    medians (Theil and Sen's estimator). The score is the logarithm of the ratio between that and
    the time taken, over its median absolute deviation among neighbors in length. Utterances that
    `flags_of_utterance` calls too fast or too slow are left to it.
    """
    flags: list[str | None] = [None] * len(symbols)
    counts, lengths = np.asarray(symbols, float), np.asarray(seconds, float)
    by_speaker = np.asarray(speakers)
    for speaker in np.unique(by_speaker):
        members = np.flatnonzero(by_speaker == speaker)
        if len(members) < FEWEST_NEIGHBORS:
            continue
        members = members[np.argsort(counts[members], kind="stable")]
        expected = _expected_seconds(counts[members], lengths[members])
        distances = np.log(expected / lengths[members])
        spreads = _rolling_median(np.abs(distances)) / NORMAL_MAD
        scores = distances / np.maximum(spreads, SMALLEST_SPREAD)
        rates = counts[members] / lengths[members]
        for index in np.flatnonzero(np.abs(scores) > RATE_OUTLIER):
            rate, usual = float(rates[index]), float(counts[members[index]] / expected[index])
            if not SLOWEST_RATE <= rate <= FASTEST_RATE:
                continue
            code, cause = (
                ("fast", "its text may be too long, or its end cut off")
                if scores[index] > 0
                else ("slow", "words may be missing from its text, or it has a long pause")
            )
            flags[members[index]] = (
                f"{code} for its text: {rate:.1f} symbols a second, where utterances of its "
                f"length have {usual:.1f}; {cause}"
            )
    return flags


def _expected_seconds(
    counts: NDArray[np.float64], lengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the time that each of the sorted ``counts`` of symbols takes, by the median reader."""
    half = len(counts) // 2
    runs = counts[half:] - counts[: len(counts) - half]
    rises = (lengths[half:] - lengths[: len(counts) - half])[runs > 0]
    slope = max(float(np.median(rises / runs[runs > 0])), 0.0) if len(rises) else 0.0
    constant = float(np.median(lengths - slope * counts))
    # Never less than a fifth of what is usual, should the fit cross zero for the shortest texts.
    return np.maximum(constant + slope * counts, 0.2 * np.median(lengths / counts) * counts)


def _rolling_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each value's `NEIGHBORS`; at the ends, of the first or last of them."""
    size = min(NEIGHBORS, len(values))
    medians = np.median(np.lib.stride_tricks.sliding_window_view(values, size), axis=1)
    return medians[np.clip(np.arange(len(values)) - size // 2, 0, len(medians) - 1)]


def flags_of_sample_rates(rates: Sequence[int]) -> list[str | None]:
    """Return, per utterance, how its sample rate differs from most of the corpus's."""
    if len(set(rates)) < 2:
        return [None] * len(rates)
    usual = Counter(rates).most_common(1)[0][0]
    return [
        None
        if rate == usual
        else f"sample rate: {rate} Hz, where most of the corpus has {usual} Hz"
        for rate in rates
    ]


def flag_code(flag: str) -> str:
    """Return the part of a flag that names its kind."""
    return flag.partition(":")[0]
