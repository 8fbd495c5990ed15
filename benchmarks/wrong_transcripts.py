"""Does alignment find wrong transcripts? Swap ten on purpose, align, and look for them.

    python benchmarks/wrong_transcripts.py CORPUS [--from VOICE|CORPUS|scratch]

CORPUS is what `tacotron prepare` wrote. In a copy of it, the texts of ten utterances move on by one
among themselves; the ten are neighbors in length, so that no text is too long or too short for its
recording. The copy is aligned as `tacotron align` does it, knowing nothing of the swap. Prints the
ranks of the ten from the lowest score, for each seed. With `--utterances 400 --updates 200`, a part
of a large corpus takes less than a minute of one core.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tacotron.align import AlignerTraining, Alignments, align_corpus, starting_point
from tacotron.data.corpus import CORPUS_FILE, MELS_FILE, UTTERANCES_FILE, PreparedCorpus

# What of an utterance belongs to its text and moves with it.
TEXT_FIELDS = ("text", "normalized", "symbols", "words")


def swapped_copy(
    corpus: PreparedCorpus, folder: Path, *, utterances: int | None, wrong: int, seed: int
) -> set[str]:
    """Write ``corpus``, or ``utterances`` of it, into ``folder`` with ``wrong`` texts swapped;
    return the ids of those. Mels are linked, not copied."""
    chance = random.Random(seed)
    rows = [utterance.to_dict() for utterance in corpus.utterances]
    if utterances is not None and utterances < len(rows):
        rows = [rows[n] for n in sorted(chance.sample(range(len(rows)), utterances))]
    ordered = sorted(range(len(rows)), key=lambda n: len(rows[n]["symbols"]))
    start = chance.randrange(len(rows) // 4, 3 * len(rows) // 4 - wrong)
    moved = ordered[start : start + wrong]
    texts = [{field: rows[n][field] for field in TEXT_FIELDS} for n in moved]
    for n, text in zip(moved, texts[1:] + texts[:1], strict=True):
        rows[n] = rows[n] | text
    lines = (json.dumps(row, ensure_ascii=False, default=dict) + "\n" for row in rows)
    (folder / UTTERANCES_FILE).write_text("".join(lines), "utf-8")
    header = dict(corpus.header) | {"utterances": len(rows)}
    (folder / CORPUS_FILE).write_text(json.dumps(header, ensure_ascii=False), "utf-8")
    (folder / MELS_FILE).symlink_to((corpus.folder / MELS_FILE).resolve())
    return {rows[n]["id"] for n in moved}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--from", dest="initial", help="as for `tacotron align`")
    parser.add_argument("--utterances", type=int, help="take only so many, by chance")
    parser.add_argument("--updates", type=int, default=AlignerTraining.updates)
    parser.add_argument("--wrong", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    args = parser.parse_args()
    corpus = PreparedCorpus.open(args.corpus)
    found = 0
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            wrong = swapped_copy(
                corpus, folder, utterances=args.utterances, wrong=args.wrong, seed=seed
            )
            start = time.process_time()
            initial = starting_point(PreparedCorpus.open(folder), args.initial)
            align_corpus(folder, settings=AlignerTraining(updates=args.updates), initial=initial)
            spent = time.process_time() - start
            ranked = Alignments.load(folder).ranked()
        ranks = sorted(ranked.index(name) + 1 for name in wrong)
        found += sum(rank <= args.wrong for rank in ranks)
        print(
            f"seed {seed}: {len(ranked)} utterances aligned in {spent:.0f} s of processor time; "
            f"ranks of the {args.wrong} wrong ones: {', '.join(map(str, ranks))}",
            flush=True,
        )
    total = args.wrong * len(args.seeds)
    print(f"{found} of {total} wrong transcripts are the very lowest scores")
    if found < 0.9 * total:
        sys.exit("fewer than nine in ten")


if __name__ == "__main__":
    main()
