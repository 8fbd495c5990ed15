"""What converting a mel between conventions costs, against extracting it from the recording.

    python benchmarks/mel_conversion.py --corpora CORPORA --limit 25

CORPORA is a folder of folders of recordings; ``--limit`` takes as many of each, evenly spread. Each
recording's mel is extracted in both conventions, the first converted to the second, and the two
compared: mean absolute difference in decibels of amplitude over the bands that the source covers,
first over a corpus, then over corpora. Beside it the naive way that people go: the logarithms in
the other's unit and scale, bands and frames stretched to fit by straight lines; and what the
conversion itself expected, which it measures on a voice made of arithmetic. Fails where a pair of
`LIMITS` misses its limit, or where the naive way is as good.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from tacotron.audio import (
    CONVENTIONS,
    MelConvention,
    get_convention,
    mel_spectrogram,
    read_audio,
    resample,
    scale,
    unscale,
)
from tacotron.audio.conversion import (
    convert_mel,
    covered_bands,
    decibels,
    expected_error,
    is_exact,
)
from tacotron.cli.mel.inputs import find_recordings

LIMITS = {
    ("keithito", "nvidia"): 1.4,
    ("nvidia", "espnet"): 0.7,
    ("nvidia", "vocos"): 1.0,
    ("nvidia", "hifigan"): 0.9,
}
MORE = (
    ("keithito", "hifigan"),
    ("keithito", "vocos"),
    ("nvidia", "keithito"),
    ("nvidia", "matcha"),
    ("nvidia", "melgan"),
    ("nvidia", "speecht5"),
    ("nvidia", "styletts2"),
    ("nvidia", "bigvgan-24k"),
    ("hifigan", "nvidia"),
    ("hifigan", "vocos"),
    ("espnet", "nvidia"),
    ("vocos", "nvidia"),
    ("mozilla", "hifigan"),
    ("fatchord", "nvidia"),
    ("begeekmyfriend", "nvidia"),
    ("speecht5", "nvidia"),
    ("styletts2", "nvidia"),
    ("rayhane-mamah", "nvidia"),
    ("whisper", "nvidia"),
    ("librosa", "nvidia"),
)


def naive(mel: np.ndarray, source: MelConvention, target: MelConvention, frames: int) -> np.ndarray:
    """The same logarithms on the other scale, frames and bands stretched to the other's."""
    known = np.log(np.maximum(unscale(mel, source), 1e-30)) / source.power
    rate = source.frame_rate / target.frame_rate
    places = (np.arange(frames) * rate, np.linspace(0, source.n_mels - 1, target.n_mels))
    for axis, place in enumerate(places):
        place = np.minimum(place, known.shape[axis] - 1)
        left = np.minimum(place.astype(int), max(0, known.shape[axis] - 2))
        right = np.minimum(left + 1, known.shape[axis] - 1)
        part = np.expand_dims(place - left, 1 - axis)
        known = known.take(left, axis) * (1 - part) + known.take(right, axis) * part
    return scale(np.exp(known * target.power), target)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=25, help="recordings a corpus")
    parser.add_argument("--all-pairs", action="store_true", help="every pair of conventions")
    args = parser.parse_args()
    pairs = [*LIMITS, *MORE]
    if args.all_pairs:
        pairs = [(a, b) for a in CONVENTIONS for b in CONVENTIONS if a != b]
    names = sorted({name for pair in pairs for name in pair})
    # (pair) -> corpus -> recordings' errors: ours, naive
    errors: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for folder in sorted(path for path in args.corpora.iterdir() if path.is_dir()):
        for path in find_recordings([folder], args.limit):
            audio = read_audio(path)
            mels = {}
            for name in names:
                rate = get_convention(name).sample_rate
                wave = resample(audio.wave, audio.sample_rate, rate)
                mels[name] = mel_spectrogram(wave, get_convention(name))
            for pair in pairs:
                errors[pair][folder.name].append(compared(mels, *map(get_convention, pair)))
        print(f"{folder.name} done", file=sys.stderr)
    print("| from | to | bands covered | error, dB | naive | expected | by corpus |")
    print("|---|---|---|---|---|---|---|")
    failed = []
    for pair in pairs:
        source, target = map(get_convention, pair)
        means = {name: np.mean(of, axis=0) for name, of in errors[pair].items()}
        ours, plain = np.mean(list(means.values()), axis=0)
        each = ", ".join(f"{name} {mean[0]:.2f}" for name, mean in means.items())
        covered = covered_bands(source, target)
        print(
            f"| {source.name} | {target.name} | {covered.sum()} of {len(covered)} | {ours:.2f} "
            f"| {plain:.2f} | {expected_error(source, target):.2f} | {each} |"
        )
        if ours > LIMITS.get(pair, np.inf):
            failed.append(f"{pair[0]} -> {pair[1]}: {ours:.2f} dB, limit {LIMITS[pair]}")
        if not ours < plain and not is_exact(source, target):
            failed.append(f"{pair[0]} -> {pair[1]}: {ours:.2f} dB, naive {plain:.2f}")
    if failed:
        sys.exit("\n".join(failed))


def compared(
    mels: dict[str, np.ndarray], source: MelConvention, target: MelConvention
) -> tuple[float, float]:
    """Mean errors of a conversion and of the naive way, in decibels, over the covered bands."""
    wanted = mels[target.name]
    found = (
        convert_mel(mels[source.name], source, target).mel,
        naive(mels[source.name], source, target, len(wanted)),
    )
    covered = covered_bands(source, target)
    ours, plain = (
        np.abs(decibels(mel[: len(wanted)], target) - decibels(wanted[: len(mel)], target))
        for mel in found
    )
    return float(ours[:, covered].mean()), float(plain[:, covered].mean())


if __name__ == "__main__":
    main()
