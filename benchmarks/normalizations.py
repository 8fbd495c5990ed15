"""Figures and pictures of docs/normalization.md: what recordings become, and what training makes
of four normalizations of the same mels.

    python benchmarks/normalizations.py --corpora CORPORA --limit 40 --figures docs/images
    python benchmarks/normalizations.py --train runs/corpora/heart --figures docs/images

CORPORA is a folder of folders of recordings. ``--train`` names a prepared and aligned corpus in
the convention nvidia: its mels are rescaled to [0, 1] with and without clipping, to [-4, 4] and to
mean 0 and variance 1, and the same model learns each, by the same recipe, seed and order, from the
values as they are (`tacotron train` itself standardizes whatever it is given, which would make
three of the four the same). Errors are compared in decibels, and free-running speech by the
verdict, on the corpus's own scale.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tacotron.audio import (
    Affine,
    MeanVariance,
    MelConvention,
    get_convention,
    mel_amplitude,
    mel_filterbank,
    read_audio,
    resample,
    scale,
    unscale,
)
from tacotron.audio.bounds import mel_bound, stft_bound
from tacotron.audio.conversion import decibels
from tacotron.audio.histogram_plot import plot_inspections
from tacotron.audio.inspection import Inspection, Inspector
from tacotron.cli.mel.inputs import find_recordings

NVIDIA = get_convention("nvidia")
MEASURED = ("keithito-issue98", "keithito", "nvidia", "mozilla")
# A decibel below which clipping is only rounding.
SLIGHT_DB = 0.01
# Widths of the default model, which --width scales.
WIDTHS = {"encoder_size": 256, "prenet_size": 128, "decoder_size": 384, "postnet_size": 256}
NAMES = ("[0, 1], clipped", "[0, 1]", "[-4, 4]", "mean-variance")


def measure(corpora: Path, limit: int) -> dict[str, dict[str, Inspection]]:
    """What each corpus becomes in each convention of `MEASURED`."""
    found: dict[str, dict[str, Inspection]] = {}
    for folder in sorted(path for path in corpora.iterdir() if path.is_dir()):
        inspectors = {name: Inspector(get_convention(name)) for name in MEASURED}
        for path in find_recordings([folder], limit):
            audio = read_audio(path)
            for name, inspector in inspectors.items():
                rate = get_convention(name).sample_rate
                inspector.add(resample(audio.wave, audio.sample_rate, rate))
        found[folder.name] = {name: each.result() for name, each in inspectors.items()}
    return found


def print_measured(found: dict[str, dict[str, Inspection]]) -> None:
    """The tables of the page, in Markdown."""
    keithito = get_convention("keithito")
    print("| corpus | largest STFT magnitude | largest mel amplitude | the same, dB |", end="")
    print(" mel clipped in issue 98 | after the reference level | floored before, after |", end="")
    print(" linear clipped |\n|---|---|---|---|---|---|---|---|")
    for name, by in found.items():
        before, after = by["keithito-issue98"], by["keithito"]
        stft, mel, level, _ = after.quantities
        linear = after.magnitudes.share_above(keithito.reference_db)
        print(
            f"| {name} | {stft.maximum:.1f} | {mel.maximum:.2f} | {level.maximum:+.1f} "
            f"| {before.clipped_share:.3%} | {after.clipped_share:.3%} "
            f"| {before.floored_share:.2%}, {after.floored_share:.2%} | {linear:.2%} |"
        )
    print(f"| no recording can exceed | {stft_bound(keithito).value:.0f} ", end="")
    print(f"| {mel_bound(keithito).value:.1f} | {20 * np.log10(mel_bound(keithito).value):+.1f} |")


def clipping_cost(corpora: Path, limit: int) -> None:
    """What issue 98's clip took from those recordings that it touched."""
    c = get_convention("keithito-issue98")
    free = replace(c, scaling=replace(c.scaling, clip=False))
    cells = clipped = 0
    lost: list[np.ndarray] = []
    for folder in sorted(path for path in corpora.iterdir() if path.is_dir()):
        for path in find_recordings([folder], limit):
            audio = read_audio(path)
            amplitude = mel_amplitude(resample(audio.wave, audio.sample_rate, c.sample_rate), c)
            excess = decibels(scale(amplitude, free), free) - decibels(scale(amplitude, c), c)
            cells += excess.size
            clipped += int((excess > SLIGHT_DB).sum())
            lost.append(excess[excess > SLIGHT_DB])
    excess = np.concatenate(lost) if clipped else np.zeros(1)
    print(
        f"clipping at 0 dB touches {clipped / cells:.3%} of {cells:,} cells: "
        f"{excess.mean():.1f} dB each in the mean, {excess.max():.1f} at most; "
        f"{excess.sum() / cells:.5f} dB over all cells"
    )


def draw_filters(path: Path) -> None:
    """Each band's gain, with and without area normalization."""
    from matplotlib.figure import Figure

    c = get_convention("keithito")
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    bins = np.arange(c.n_bins) * c.sample_rate / c.n_fft / 1000
    for norm, color in (("none", "#b03a2e"), ("slaney", "#2e6fb0")):
        bank = mel_filterbank(replace(c, mel_norm=norm))
        label = "unit peak" if norm == "none" else "unit area (Slaney)"
        left.plot(bins, bank[::8].max(axis=0), color=color, label=label, linewidth=1)
        right.plot(np.arange(c.n_mels), 20 * np.log10(bank.sum(axis=1)), color=color, label=label)
    left.set_yscale("log")
    left.set_ylim(1e-4, 2)
    left.set_xlabel("kHz")
    left.set_ylabel("weight of a bin (every 8th band)")
    right.set_xlabel("band")
    right.set_ylabel("gain of the whole band, dB")
    right.axhline(0, color="#888", linewidth=0.8)
    left.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110)


@dataclass(frozen=True)
class Normalized:
    """A corpus's mels on one scale."""

    name: str
    convention: MelConvention
    decibels: float  # one unit of the values, in decibels of amplitude


def normalizations(mean: float, std: float) -> list[Normalized]:
    """The four, for mels whose natural logarithms have ``mean`` and ``std``."""
    db = replace(NVIDIA, log="db")
    neper = 20 / np.log(10)
    unit = Affine(-100.0, 0.0)
    return [
        Normalized(NAMES[0], replace(db, name="a", scaling=replace(unit, clip=True)), 100.0),
        Normalized(NAMES[1], replace(db, name="b", scaling=unit), 100.0),
        Normalized(NAMES[2], replace(db, name="c", scaling=Affine(-100.0, 0.0, -4.0, 4.0)), 12.5),
        Normalized(
            NAMES[3], replace(NVIDIA, name="d", scaling=MeanVariance(mean, std)), std * neper
        ),
    ]


def rescaled(source: Path, to: Path, normalized: Normalized, limit: int) -> None:
    """A prepared corpus like ``source``, its first ``limit`` utterances, on another scale.

    Its header says mean 0 and deviation 1, so that a model sees the values as they are.
    """
    from tacotron.data.corpus import PreparedCorpus

    corpus = PreparedCorpus.open(source)
    if corpus.convention.differences(NVIDIA):
        sys.exit(f"{source} must be prepared in the convention nvidia")
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    heldout = corpus.indices("heldout")
    places = sorted({*heldout, *corpus.indices("train")[:limit]})
    offset, lowest, lines = 0, np.inf, []
    with (to / "mels.f16").open("wb") as file:
        for place in places:
            mel = unscale(np.asarray(corpus.mel(place), np.float32), NVIDIA)
            values = scale(mel, normalized.convention).astype("<f2")
            lowest = min(lowest, float(values.min()))
            file.write(values.tobytes())
            lines.append(replace(corpus.utterances[place], offset=offset).to_dict())
            offset += len(values)
    header = dict(corpus.header)
    header["convention"] = normalized.convention.to_dict()
    header["mel"] = {**header["mel"], "mean": 0.0, "std": 1.0, "min": lowest}
    header["utterances"] = len(lines)
    (to / "corpus.json").write_text(json.dumps(header), "utf-8")
    (to / "utterances.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines), "utf-8")
    (to / "excluded.jsonl").write_text("", "utf-8")
    for name in ("alignment", "audio"):
        (to / name).symlink_to((source / name).resolve(), target_is_directory=True)


def curve(run: Path, unit: float) -> list[tuple[int, float]]:
    """(update, held-out error in decibels) of a run, from what it logged."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    return [(e.step, e.value * unit) for e in events.Scalars("heldout/mel")]


def verdict(source: Path, model: Any, normalized: Normalized, listened: int, run: Path) -> Any:
    """How ``model`` speaks by itself, judged on the corpus's own scale by its own aligner."""
    import torch

    from tacotron.align.alignments import Alignments
    from tacotron.align.run import load_aligner
    from tacotron.data.batches import PieceDataset
    from tacotron.data.corpus import PreparedCorpus
    from tacotron.data.pieces import pieces_of
    from tacotron.train.kinds import KINDS
    from tacotron.train.listener import Listener

    corpus, alignments = PreparedCorpus.open(source), Alignments.load(source)
    pieces = []
    for place in corpus.indices("heldout"):
        item = corpus.utterances[place]
        durations = alignments.durations.get(item.id)
        if durations is not None and len(item.words) > 1 and item.frames < 1000:
            pieces += pieces_of(place, item.symbols, durations, 1000)
    dataset = PieceDataset(
        corpus, pieces[:listened], reduction_factor=model.config.reduction_factor
    )
    kind = KINDS["non-attentive"]
    listener = Listener(dataset, kind, load_aligner(source, corpus), run)
    spoken = []
    model.eval()
    for piece in dataset.pieces:
        ids = torch.from_numpy(corpus.ids(piece.utterance))
        torch.manual_seed(0)
        with torch.no_grad():
            speech = kind.speak(model, ids, corpus.utterances[piece.utterance].speaker)
        mel = unscale(speech.mel.float().numpy(), normalized.convention)
        spoken.append(replace(speech, mel=torch.from_numpy(scale(mel, NVIDIA))))
    return listener.judge(spoken)


def train_all(source: Path, out: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train on each scale; curves and verdicts by name.

    What an earlier call with the same settings finished is kept, and what it began goes on.
    """
    import torch

    from tacotron.data.corpus import PreparedCorpus
    from tacotron.train.recipe import read_recipe
    from tacotron.train.run import train

    torch.set_num_threads(args.threads)
    corpus = PreparedCorpus.open(source)
    overrides = {
        "updates": args.updates,
        "validate_every": max(1, args.updates // args.looks),
        "checkpoint_every": max(1, args.updates // args.looks),
        "frames_per_batch": args.frames,
        "warmup": max(1, args.updates // 8),
        "sentences": (),
        "listen_to": 0,  # its aligner knows the corpus's own scale only; the end is judged below
    }
    # An average over 1 / (1 - x) updates: a tenth of the run.
    overrides["averaging"] = 1 - 10 / max(args.updates, 20)
    recipe = read_recipe("quick", overrides)
    widths = {name: round(size * args.width / 16) * 16 for name, size in WIDTHS.items()}
    recipe = replace(recipe, model={**recipe.model, **widths})
    asked = ("updates", "frames", "looks", "listen", "utterances", "width")
    settings = {"corpus": str(source), **{name: getattr(args, name) for name in asked}}
    kept = out / "results.json"
    results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    if results.get("settings") != settings:
        results = {"settings": settings, "by": {}}
        out.mkdir(parents=True, exist_ok=True)
        for number in range(len(NAMES)):
            shutil.rmtree(out / f"run-{number}", ignore_errors=True)
        kept.write_text(json.dumps(results), "utf-8")
    for number, normalized in enumerate(normalizations(corpus.mean, corpus.std)):
        if normalized.name in results["by"]:
            print_result(normalized.name, results["by"][normalized.name])
            continue
        folder, run = out / f"corpus-{number}", out / f"run-{number}"
        rescaled(source, folder, normalized, args.utterances)
        start = time.process_time()
        module = train(recipe, folder, run)
        seconds = time.process_time() - start
        heard = verdict(source, module.model, normalized, args.listen, run)
        results["by"][normalized.name] = {
            "curve": curve(run, normalized.decibels),
            "score": heard.score,
            "recognized": heard.recognized,
            "length": heard.length,
            "seconds": seconds,
        }
        kept.write_text(json.dumps(results, indent=1), "utf-8")
        print_result(normalized.name, results["by"][normalized.name])
    return results


def print_result(name: str, found: dict[str, Any]) -> None:
    """A line of the table."""
    print(
        f"| {name} | {found['curve'][-1][1]:.2f} dB | {found['score']:.2f} "
        f"| {found['recognized']:.0%} | {found['seconds']:.0f} s |",
        flush=True,
    )


def draw_curves(results: dict[str, Any], path: Path) -> None:
    """Held-out error over updates, a line a normalization."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, found in results["by"].items():
        updates, errors = zip(*found["curve"], strict=True)
        # Dashed where clipped: the line of what isn't may lie under it.
        style = "--" if "clipped" in name else "-"
        axes.plot(updates, errors, style, marker="o", markersize=3, label=name)
    axes.set_xlabel("updates")
    axes.set_ylabel("held-out error, dB (teacher-forced)")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, help="measure the recordings in these folders")
    parser.add_argument("--limit", type=int, default=40, help="recordings a folder")
    parser.add_argument("--figures", type=Path, help="folder to draw into")
    parser.add_argument("--shown", default="linda", help="the corpus that the histogram shows")
    parser.add_argument("--train", type=Path, metavar="CORPUS", help="train on this corpus")
    parser.add_argument("--out", type=Path, default=Path("runs/normalizations"))
    parser.add_argument("--updates", type=int, default=400)
    parser.add_argument("--frames", type=int, default=4000, help="a batch")
    parser.add_argument("--looks", type=int, default=8, help="validations")
    parser.add_argument("--listen", type=int, default=8, help="held-out utterances to speak")
    parser.add_argument("--utterances", type=int, default=1000, help="to learn from")
    parser.add_argument("--width", type=float, default=1.0, help="of the default model's layers")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(arguments)
    if not args.corpora and not args.train:
        parser.error("give --corpora, --train or both")
    if args.figures:
        args.figures.mkdir(parents=True, exist_ok=True)
    if args.corpora:
        found = measure(args.corpora, args.limit)
        print_measured(found)
        clipping_cost(args.corpora, args.limit)
        if args.figures:
            shown = [found[args.shown][name] for name in MEASURED[:3]]
            plot_inspections(shown, args.figures / "normalization-histogram.png")
            draw_filters(args.figures / "normalization-filters.png")
    if args.train:
        print(
            "| normalization | held-out error | verdict | recognized | CPU |\n|---|---|---|---|---|"
        )
        results = train_all(args.train, args.out, args)
        if args.figures:
            draw_curves(results, args.figures / "normalization-training.png")


if __name__ == "__main__":
    main()
