"""Which settings fit a prepared corpus, as sentences with the figures that they follow from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tacotron.data.checks import NOISY_RATIO_DB
from tacotron.data.corpus import PreparedCorpus

#: A recording is said to reach a frequency if this percentage of the corpus does: a few clicks or
#: lisps shouldn't speak for it.
TYPICAL_PERCENTILE = 50

#: Bandwidth is found in steps of this.
BANDWIDTH_STEP_HZ = 250.0

#: Speech this far above its background sounds like a studio.
CLEAN_RATIO_DB = 30.0

#: Level differences between utterances from which levelling mattered (P95 - P5).
EVEN_LEVELS_DB = 6.0

#: A voice learned from scratch wants this many hours; with less, begin from another voice.
HOURS_FROM_SCRATCH = 2.0

#: More of the mel than this at its floor says that the floor is too high, or that pauses are
#: digital silence.
FLOORED_SHARE = 0.02


@dataclass(frozen=True)
class Advice:
    """A finding about the corpus."""

    sentence: str
    fits: bool  # False: something to look at


def advice(corpus: PreparedCorpus) -> list[Advice]:
    """Return what fits the corpus, and what to look at."""
    found = [_bandwidth(corpus), _noise(corpus), _levels(corpus), _mel(corpus), _hours(corpus)]
    return [*found, *_sample_rates(corpus), *_heldout(corpus)]


def _typical(corpus: PreparedCorpus, level: str) -> float:
    values = [item.levels[level] for item in corpus.utterances]
    return float(np.percentile(values, TYPICAL_PERCENTILE))


def _bandwidth(corpus: PreparedCorpus) -> Advice:
    reach, fmax = _typical(corpus, "bandwidth_hz"), corpus.convention.fmax
    speech = f"Speech reaches {reach / 1000:.1f} kHz"
    if reach + BANDWIDTH_STEP_HZ >= fmax:
        return Advice(f"{speech}: fmax {fmax:.0f} Hz fits.", True)
    return Advice(
        f"{speech}, the mel goes up to {fmax:.0f} Hz: the bands above are empty, and a voice "
        "learned from this sounds dull beside others.",
        False,
    )


def _noise(corpus: PreparedCorpus) -> Advice:
    ratio = _typical(corpus, "speech_to_noise_db")
    sentence = f"Speech is {ratio:.0f} dB above its background (median)"
    if ratio >= CLEAN_RATIO_DB:
        return Advice(f"{sentence}: clean.", True)
    if ratio >= NOISY_RATIO_DB:
        return Advice(f"{sentence}: some hiss or room will be learned with the voice.", False)
    return Advice(f"{sentence}: noise will be learned with the voice; denoise it first.", False)


def _levels(corpus: PreparedCorpus) -> Advice:
    spread = corpus.header["levels"]["active_dbfs"]
    width, level = spread["p95"] - spread["p5"], corpus.header["level_dbfs"]
    sentence = (
        f"Speech was recorded at {spread['median']:.0f} dBFS, most of it within {width:.0f} dB"
    )
    done = f"levelled to {level:.0f} dBFS now"
    if width <= EVEN_LEVELS_DB:
        return Advice(f"{sentence}: even; {done}.", True)
    return Advice(f"{sentence}: uneven, perhaps several sessions; {done}.", False)


def _mel(corpus: PreparedCorpus) -> Advice:
    mel = corpus.header["mel"]
    low, high = mel["percentiles"]["1"], mel["percentiles"]["99"]
    sentence = (
        f"98 % of mel values lie from {low:.2f} to {high:.2f} (mean {mel['mean']:.2f}, "
        f"deviation {mel['std']:.2f}); {mel['floored']:.2%} are at the floor, {mel['floor']:.2f}"
    )
    if mel["floored"] <= FLOORED_SHARE:
        return Advice(f"{sentence}: the floor fits.", True)
    return Advice(f"{sentence}: pauses are digital silence, or the floor is too high.", False)


def _hours(corpus: PreparedCorpus) -> Advice:
    hours = corpus.header["seconds"] / 3600
    if hours >= HOURS_FROM_SCRATCH:
        return Advice(f"{hours:.1f} hours are enough to learn a voice from scratch.", True)
    return Advice(
        f"{hours * 60:.0f} minutes are few to learn a voice from scratch: begin from another "
        "voice (tacotron train --from).",
        False,
    )


def _sample_rates(corpus: PreparedCorpus) -> list[Advice]:
    rate = corpus.convention.sample_rate
    usual = _typical(corpus, "source_rate")
    if usual >= rate:
        return []
    return [
        Advice(
            f"Recorded at {usual:.0f} Hz and resampled to {rate} Hz: what lies above "
            f"{usual / 2000:.1f} kHz was never there.",
            False,
        )
    ]


def _heldout(corpus: PreparedCorpus) -> list[Advice]:
    if corpus.header["heldout"]["utterances"]:
        return []
    return [Advice("Nothing is held out: training can't be judged by text it hasn't seen.", False)]
