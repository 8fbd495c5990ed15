"""Minutes from a folder of recordings to a voice that is understood, everything included.

    python benchmarks/minutes_to_voice.py RECORDINGS --judge JUDGE --sentences SENTENCES.tsv

Prepares, aligns and trains with the commands that users run, and at each stop exports a voice and
has it judged (see judge_voice.py); judging is not counted, everything else is. Prints the curve:
minutes, updates, word error rate; ends when the rate is under --below.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from judge_voice import judge_voice


def run(*command: str) -> float:
    """Seconds that a `tacotron` command takes."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "tacotron.cli.main", *command], check=True)
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--out", type=Path, default=Path("runs/minutes"))
    parser.add_argument("--stops", default="2700", help="updates at which to judge")
    parser.add_argument("--below", type=float, default=0.05, help="word error rate to reach")
    args = parser.parse_args()
    corpus, voice = args.out / "corpus", args.out / "voice.voice"
    args.out.mkdir(parents=True, exist_ok=True)
    spent = run("prepare", str(args.recordings), str(corpus))
    print(f"prepared after {spent / 60:.1f} minutes", flush=True)
    spent += run("align", str(corpus))
    print(f"aligned after {spent / 60:.1f} minutes", flush=True)
    for stop in map(int, args.stops.split(",")):
        # A run of each length of its own, as a user would start it: the rate's course ends there.
        folder = args.out / f"run-{stop}"
        trained = run(
            "train",
            args.recipe,
            "--corpus",
            str(corpus),
            "--run",
            str(folder),
            "--updates",
            str(stop),
        )
        trained += run("export", str(folder), "-o", str(voice))
        heard = args.out / f"heard-{stop}"
        heard.mkdir(exist_ok=True)
        figures = judge_voice(str(voice), args.judge, args.sentences, heard, quiet=True)
        rate = figures["wer_moonshine"]
        print(
            f"{(spent + trained) / 60:.1f} minutes, {stop} updates: "
            f"word error rate {100 * rate:.1f} %",
            flush=True,
        )
        if rate < args.below:
            return
    sys.exit(f"still not under {args.below:.0%}: give more --stops")


if __name__ == "__main__":
    main()
