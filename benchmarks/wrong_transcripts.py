"""Does alignment find wrong transcripts? Shuffle ten on purpose, and look for them.

    python benchmarks/wrong_transcripts.py CORPUS [--wrong 10]

CORPUS is in LJSpeech layout. A copy of its list, in which the texts of ten utterances of like
length have changed places, is prepared and aligned with the commands that users run; prints the
rank of each among the lowest scores.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def shuffled(lines: list[str], wrong: int, seed: int) -> tuple[list[str], set[str]]:
    """The list with ``wrong`` texts moved on by one among neighbors in length, and their ids."""
    rows = [line.split("|") for line in lines]
    ordered = sorted(range(len(rows)), key=lambda n: len(rows[n][1]))
    start = random.Random(seed).randrange(len(rows) // 4, 3 * len(rows) // 4 - wrong)
    moved = ordered[start : start + wrong]
    texts = [rows[n][1] for n in moved]
    for place, text in zip(moved, texts[1:] + texts[:1], strict=True):
        rows[place] = [rows[place][0], text]
    return ["|".join(row[:2]) for row in rows], {rows[n][0] for n in moved}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--wrong", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    lines = (args.corpus / "metadata.csv").read_text("utf-8").splitlines()
    lines, wrong = shuffled([line for line in lines if line], args.wrong, args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "shuffled", Path(scratch) / "corpus"
        folder.mkdir()
        (folder / "wavs").symlink_to((args.corpus / "wavs").resolve())
        (folder / "metadata.csv").write_text("\n".join(lines) + "\n", "utf-8")
        for command in (["prepare", str(folder), str(out)], ["align", str(out)]):
            subprocess.run(
                [sys.executable, "-m", "tacotron.cli.main", *command],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        scores = json.loads((out / "alignment" / "scores.json").read_text("utf-8"))
    ranks = {row["id"]: rank for rank, row in enumerate(scores, 1)}
    found = sorted(ranks[name] for name in wrong)
    print(f"{len(scores)} utterances, {len(wrong)} with a wrong text")
    print(f"their ranks from the lowest score: {', '.join(map(str, found))}")
    print(f"{sum(rank <= len(wrong) for rank in found)} of {len(wrong)} are the very lowest")


if __name__ == "__main__":
    main()
