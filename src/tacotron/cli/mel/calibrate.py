"""Fit a convention to recordings: reference level and floor, or mean and variance, in one pass.

Writes a convention file, which `tacotron prepare --convention` takes, and with the corpus that it
prepares so does training.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tacotron.audio.convention import DEFAULT_CONVENTION
from tacotron.errors import AudioError

if TYPE_CHECKING:
    from tacotron.audio.calibration import Calibration, Tally
    from tacotron.audio.definition import MelConvention

# Recordings that one process tallies at a time: enough that what it sends back is small beside it.
_CHUNK = 16

# Silence kept at both ends where recordings are levelled, as `tacotron prepare` keeps it.
_MARGIN_SECONDS = 0.06


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    parser.add_argument(
        "corpus",
        type=Path,
        nargs="+",
        metavar="CORPUS",
        help="recordings, folders of them, or a prepared corpus",
    )
    parser.add_argument(
        "--convention",
        default=DEFAULT_CONVENTION,
        metavar="NAME|FILE",
        help="what to start from (default: %(default)s)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.json",
        help="convention file to write (default: NAME-calibrated.json)",
    )
    parser.add_argument(
        "--fit",
        choices=("range", "mean-variance"),
        help="what to fit (default: the range where there is one, else mean and variance)",
    )
    parser.add_argument(
        "--per-band", action="store_true", help="a mean and variance for each band, not for all"
    )
    parser.add_argument(
        "--outside",
        type=float,
        default=1e-3,
        metavar="SHARE",
        help="share of the cells that may lie outside the range (default: %(default)s)",
    )
    parser.add_argument(
        "--level",
        type=float,
        metavar="DBFS",
        help="trim silence and bring speech to this level first, as `tacotron prepare` does with "
        "its --level -23; by default recordings are taken as they are",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only N recordings, evenly spread")
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")


def run(args: argparse.Namespace) -> None:
    """Tally, fit, write, report."""
    from tacotron.audio.calibration import calibrate
    from tacotron.audio.convention import get_convention
    from tacotron.cli.mel.inputs import find_recordings
    from tacotron.files import atomic_write

    if args.workers < 1:
        raise AudioError(f"{args.workers} workers can't calibrate anything: give 1 or more.")
    if args.per_band and args.fit == "range":
        raise AudioError("A range is fitted to all bands: leave --per-band or --fit range out.")
    convention = get_convention(args.convention)
    output = args.output or Path(f"{convention.name}-calibrated.json")
    if output.suffix != ".json":
        raise AudioError(f"{output} must end with .json, by which a convention file is known.")
    paths = find_recordings(args.corpus, args.limit)
    target = "mean-variance-per-band" if args.per_band else args.fit
    tallies = _tallies(paths, convention, args.level, args.workers)
    found = calibrate(tallies, convention, target=target, outside=args.outside, name=output.stem)
    with atomic_write(output, "w") as file:
        json.dump(found.convention.to_dict(), file, indent=1)
        file.write("\n")
    if args.json:
        print(json.dumps({"output": str(output), **found.to_dict()}))
    else:
        _report(found, convention)
        print(_next_step(args, output))


def _tallies(
    paths: Sequence[Path], c: MelConvention, level: float | None, workers: int
) -> Iterator[Tally]:
    """A tally for each chunk of recordings, in their order: sums don't depend on ``workers``."""
    from tqdm import tqdm

    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    with tqdm(
        total=len(paths), desc="measuring", unit=" recordings", disable=not sys.stderr.isatty()
    ) as bar:
        if workers == 1 or len(chunks) == 1:
            done = (_tally(chunk, c, level) for chunk in chunks)
            for chunk, tally in zip(chunks, done, strict=True):
                bar.update(len(chunk))
                yield tally
            return
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # Spawned: forking a process with threads may hang.
        with ProcessPoolExecutor(min(workers, len(chunks)), get_context("spawn")) as pool:
            jobs = [pool.submit(_tally, chunk, c, level) for chunk in chunks]
            for chunk, job in zip(chunks, jobs, strict=True):
                yield job.result()
                bar.update(len(chunk))


def _tally(paths: Sequence[Path], c: MelConvention, level: float | None) -> Tally:
    """The sum of the recordings' tallies, in their order."""
    from functools import reduce
    from operator import add

    from tacotron.audio import set_level, trim_silence
    from tacotron.audio.calibration import Tally
    from tacotron.cli.mel.inputs import read_waves

    tallies = []
    for wave in read_waves(paths, c.sample_rate):
        if level is not None:
            start, stop = trim_silence(wave, c.sample_rate, margin_seconds=_MARGIN_SECONDS)
            wave = set_level(wave[start:stop], level, sample_rate=c.sample_rate)
        tallies.append(Tally.of(wave, c))
    return reduce(add, tallies)


def _report(found: Calibration, before: MelConvention) -> None:
    c = found.convention
    print(f"{found.recordings} recordings, {found.cells:,} cells, in {before.name}'s logarithm:")
    print(f"    mean {found.mean:.6f}, deviation {found.std:.6f}")
    print(
        f"    all but {found.outside:.2%} of the cells lie from {found.bottom_db:.2f} to "
        f"{found.top_db:.2f} dB of amplitude"
    )
    if found.silent_share:
        print(f"    {found.silent_share:.2%} of the cells are digital silence, below any floor")
    for line in before.differences(c):
        field, values = line.split(": ", 1)
        old, new = values.split(" != ", 1)
        if not new.startswith(("[", "(")):
            print(f"    {field}: {old} -> {new}")


def _next_step(args: argparse.Namespace, output: Path) -> str:
    """How to prepare a corpus in the fitted convention, so that it holds what was measured."""
    level = "" if args.level is None else f" --level {args.level:g}"
    step = f"{output}: tacotron prepare RECORDINGS CORPUS --convention {output}{level}"
    if args.level is None and not all((path / "corpus.json").is_file() for path in args.corpus):
        step += (
            "\n    This fits the recordings as they are. `tacotron prepare` levels them: calibrate "
            "with --level -23 to fit what it makes of them."
        )
    return step
