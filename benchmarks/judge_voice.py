"""How well a voice is understood: speak sentences it was not trained on, and have them heard.

    python benchmarks/judge_voice.py --voice heart --judge JUDGE --sentences SENTENCES.tsv

SENTENCES.tsv has a line a sentence: id, text, and the words as spoken where they differ from the
text. JUDGE is a folder with a program ``judge.py`` (and ``venv/bin/python`` to run it, else this
Python) that takes a list of ``wav<TAB>words``, prints what it heard wrong, and ends with a line of
JSON: word error rates by recognizer, predicted naturalness.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def read_sentences(path: Path) -> list[tuple[str, str, str]]:
    """Id, text and spoken words of each line."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [(row[0], row[1], row[2] if len(row) > 2 else row[1]) for row in rows]


def judge_voice(
    voice: str | None,
    judge: Path,
    sentences: Path,
    out: Path,
    *,
    speaker: str | None = None,
    seed: int = 0,
    recognizers: str = "moonshine",
    rated: int = 10,
    quiet: bool = False,
) -> dict[str, float]:
    """Speak ``sentences`` with ``voice`` into ``out`` and return the judge's figures."""
    from tacotron import Voice

    speaking = Voice.load(voice)
    lines = []
    for name, text, words in read_sentences(sentences):
        path = out / f"{name}.wav"
        speaking.speak_to_file(text, path, speaker=speaker, seed=seed)
        lines.append(f"{path}\t{words}\n")
    return judge_files(lines, judge, out, recognizers=recognizers, rated=rated, quiet=quiet)


def judge_files(
    lines: list[str],
    judge: Path,
    out: Path,
    *,
    recognizers: str = "moonshine",
    rated: int = 10,
    quiet: bool = False,
) -> dict[str, float]:
    """The judge's figures on ``lines`` of wav<TAB>words; what it heard wrong is printed."""
    listing = out / "list.tsv"
    listing.write_text("".join(lines), "utf-8")
    python = judge / "venv" / "bin" / "python"
    command = [str(python) if python.exists() else sys.executable, str(judge / "judge.py")]
    command += [str(listing), "--asr", recognizers, "--mos-files", str(rated)]
    heard = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    *mistakes, last = heard.strip().splitlines()
    if mistakes and not quiet:
        print("\n".join(mistakes))
    return json.loads(last)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice", help="name or file (default: the default voice)")
    parser.add_argument("--speaker")
    parser.add_argument("--seed", type=int, default=0, help="of the voice's chance")
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--asr", default="moonshine", help="recognizers, with commas between them")
    parser.add_argument("--rated", type=int, default=10, help="sentences rated for naturalness")
    parser.add_argument("--keep", type=Path, help="folder for the spoken sentences")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = args.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        figures = judge_voice(
            args.voice,
            args.judge,
            args.sentences,
            out,
            speaker=args.speaker,
            seed=args.seed,
            recognizers=args.asr,
            rated=args.rated,
        )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
