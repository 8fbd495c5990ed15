"""Bring a mel from one convention to another: exactly where that is possible, and else by estimate.

Prints what is lost on the way, and the expected error.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    parser.add_argument("input", type=Path, metavar="IN.npy", help="a mel: [frames, n_mels]")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.npy",
        help="file to write: float32 [frames, n_mels]",
    )
    handles = "a convention by name or .json file, a voice, or a prepared corpus"
    parser.add_argument("--from", dest="source", required=True, metavar="A", help=handles)
    parser.add_argument("--to", dest="target", required=True, metavar="B", help="as --from")
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")


def run(args: argparse.Namespace) -> None:
    """Convert, write, report."""
    from dataclasses import asdict

    from tacotron.audio import read_mel, write_mel
    from tacotron.audio.conversion import convert_mel
    from tacotron.cli.mel.inputs import find_convention

    source, target = find_convention(args.source), find_convention(args.target)
    mel = read_mel(args.input)
    done = convert_mel(mel, source, target)
    write_mel(args.output, done.mel)
    if args.json:
        facts = {
            "output": str(args.output),
            "frames": len(done.mel),
            "exact": done.exact,
            "expected_error_db": round(done.expected_error_db, 3),
            **asdict(done.losses),
        }
        print(json.dumps(facts))
        return
    how = "exact" if done.exact else f"about {done.expected_error_db:.1f} dB of error in the mean"
    print(
        f"{args.output}: {len(done.mel)} frames of {target.n_mels} bands, "
        f"{source.name} -> {target.name}: {how}"
    )
    for share, what in (
        (done.losses.source_floored, "lay at the source's floor: unknown what was below"),
        (done.losses.source_clipped, "lay at the source's ceiling: unknown what was above"),
        (done.losses.target_floored, "were raised to the target's floor"),
        (done.losses.target_clipped, "were cut off at the target's ceiling"),
    ):
        if share:
            print(f"    {share:.2%} of the cells {what}")
    if done.losses.uncovered_bands:
        low, high = source.band_limits
        print(
            f"    {done.losses.uncovered_bands} of {target.n_mels} bands reach out of the "
            f"source's {low:.0f} to {high:.0f} Hz and are guessed"
        )
