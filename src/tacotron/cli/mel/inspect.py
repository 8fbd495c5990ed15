"""Say what recordings become in a mel convention: maxima, bounds, what is floored and cut off.

Of recordings, or of a voice: for the STFT, the mel, its decibels and the scaled values the maximum,
percentiles and theoretical bound; one verdict, and the setting that cures it. Of a saved mel (.npy)
of unknown origin: which conventions it can be in, the likeliest first, and what rules out the
others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tacotron.audio.convention import CONVENTIONS, DEFAULT_CONVENTION
from tacotron.errors import AudioError

if TYPE_CHECKING:
    from tacotron.audio.definition import MelConvention
    from tacotron.audio.identification import Identification
    from tacotron.audio.inspection import Inspection

# Conventions this near the likeliest can't be told from it by a mel alone.
_AS_LIKELY = 0.15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="FILES|FOLDER|VOICE|MEL.npy",
        help="recordings, folders of them, a voice by name or file, or saved mels",
    )
    parser.add_argument(
        "--convention",
        action="append",
        metavar="NAME|FILE",
        help="by name or .json file; several may be given, to see them side by side "
        f"(default: a prepared corpus's or voice's own, else {DEFAULT_CONVENTION})",
    )
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")
    parser.add_argument(
        "--plot", type=Path, metavar="OUT.png", help="write a histogram of the values"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only N recordings, evenly spread")


def run(args: argparse.Namespace) -> None:
    """Look at whatever was given."""
    mels = [name for name in args.inputs if name.endswith(".npy")]
    if mels and len(mels) < len(args.inputs):
        raise AudioError("Give either mels (.npy) or recordings, not both at once.")
    if mels:
        _mels(args, mels)
    elif (voice := _voice(args.inputs)) is not None:
        _describe_voice(args, *voice)
    else:
        _recordings(args)


def _recordings(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from tacotron.audio import read_audio, resample
    from tacotron.audio.inspection import Inspector
    from tacotron.cli.mel.inputs import find_recordings

    inputs = [Path(name) for name in args.inputs]
    inspectors = {c: Inspector(c) for c in _conventions(args, inputs)}
    paths = find_recordings(inputs, args.limit)
    for path in tqdm(paths, desc="inspecting", unit=" files", disable=not sys.stderr.isatty()):
        audio = read_audio(path)
        for c, inspector in inspectors.items():
            inspector.add(resample(audio.wave, audio.sample_rate, c.sample_rate))
    found = [inspector.result() for inspector in inspectors.values()]
    if args.plot:
        from tacotron.audio.histogram_plot import plot_inspections

        plot_inspections(found, args.plot)
    if args.json:
        print(json.dumps([item.to_dict() for item in found]))
        return
    print("\n\n".join(_table(item) for item in found))


def _conventions(args: argparse.Namespace, inputs: Sequence[Path]) -> list[MelConvention]:
    from tacotron.cli.mel.inputs import find_convention

    names = args.convention
    if names is None:
        prepared = [path for path in inputs if (path / "corpus.json").is_file()]
        names = [str(prepared[0])] if prepared else [DEFAULT_CONVENTION]
    return [find_convention(name) for name in dict.fromkeys(names)]


def _table(found: Inspection) -> str:
    shown = ("50", "99", "99.9")
    lines = [
        f"{found.convention.name}: {found.recordings} recordings, {found.seconds / 60:.1f} "
        f"minutes, {found.cells:,} cells",
        f"    {'':16}{'median':>10}{'99 %':>10}{'99.9 %':>10}{'maximum':>10}{'bound':>10}",
    ]
    for item in found.quantities:
        figures = [item.percentiles[p] for p in shown] + [item.maximum, item.bound.value]
        columns = "".join(f"{figure:10.4g}" for figure in figures)
        lines.append(f"    {item.name:16}{columns}  {item.bound.origin}")
    shares = f"{found.floored_share:.3%} at the floor, {found.clipped_share:.3%} cut off at the top"
    if found.above_share:
        shares += f", {found.above_share:.3%} above the scale's end (kept)"
    return "\n".join([*lines, f"    {shares}", f"    {found.verdict}"])


def _voice(inputs: Sequence[str]) -> tuple[str, MelConvention, dict] | None:
    from tacotron.cli.mel.inputs import find_voice

    return find_voice(inputs[0]) if len(inputs) == 1 else None


def _describe_voice(
    args: argparse.Namespace, name: str, convention: MelConvention, mel: dict
) -> None:
    """A voice keeps what its corpus measured: no recording is at hand."""
    from tacotron.audio.bounds import value_bound

    if args.convention or args.plot:
        raise AudioError(
            f"The voice {name} keeps the figures of its own convention only: name recordings to "
            "see them in others, or as a picture."
        )
    bound = value_bound(convention)
    facts = {"voice": name, "convention": convention.to_dict(), "mel": mel, "bound": bound.value}
    if args.json:
        print(json.dumps(facts))
        return
    print(f"{name} speaks {convention.name}: values up to {bound.value:.4g} ({bound.origin})")
    if not mel:
        print("It doesn't keep what its corpus measured.")
        return
    spread = ", ".join(f"{p} %: {value:.3f}" for p, value in mel["percentiles"].items())
    print(f"Its corpus: from {mel['min']:.3f} to {mel['max']:.3f}; {spread}")
    print(f"{mel['floored']:.2%} of the cells at the floor, {mel['floor']:.3f}")
    print(_voice_verdict(convention, mel))


def _voice_verdict(convention: MelConvention, mel: dict) -> str:
    from tacotron.audio.definition import Affine
    from tacotron.audio.inspection import FLOORED_SHARE

    again = f"`tacotron mel calibrate CORPUS --convention {convention.name}`, and train on that"
    scaling = convention.scaling
    if isinstance(scaling, Affine) and scaling.clip and mel["max"] >= scaling.target_high:
        return f"Its loudest cells were cut off: raise the reference level ({again})."
    if mel["floored"] > FLOORED_SHARE:
        return f"Its floor is high for its corpus, or pauses were digital silence: {again}."
    return "It fits."


def _mels(args: argparse.Namespace, names: Sequence[str]) -> None:
    import numpy as np

    from tacotron.audio import read_mel
    from tacotron.audio.identification import identify
    from tacotron.cli.mel.inputs import find_convention

    if args.plot:
        raise AudioError("A histogram is drawn of recordings: leave --plot out for mels.")
    conventions = [find_convention(n) for n in args.convention or []] or list(CONVENTIONS.values())
    mels = [read_mel(name) for name in names]
    if len({mel.shape[1] for mel in mels}) > 1:
        raise AudioError("These mels have different numbers of bands: inspect them one by one.")
    found = identify(np.concatenate(mels), conventions)
    if args.json:
        print(
            json.dumps(
                {
                    "transposed": found.transposed,
                    "candidates": [item.to_dict() for item in found.candidates],
                }
            )
        )
        return
    _report(found, ", ".join(names))


def _report(found: Identification, what: str) -> None:
    if found.transposed:
        print(f"{what} lies on its side, [n_mels, frames]: transpose it.")
    if not found.consistent:
        print(f"{what} is in none of these conventions:")
    else:
        best = found.consistent[0]
        same = [c.name for c in found.consistent if c.distance <= best.distance + _AS_LIKELY]
        print(f"{what} is most likely in {best.name}", end="")
        print(f", or just as well in {', '.join(same[1:])}." if same[1:] else ".")
    for item in found.candidates:
        mark = f"{item.distance:6.2f}" if item.consistent else "    no"
        print(f"  {mark}  {item.name}: {item.reason}")
