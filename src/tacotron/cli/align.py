"""find when each word and symbol of a corpus is spoken"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", type=Path, help="folder that `tacotron prepare` wrote")
    parser.add_argument(
        "--from",
        dest="initial",
        metavar="VOICE",
        help="begin with the aligner of a voice (name or file) or of another aligned corpus; "
        "'scratch': with nothing (default: that of the default voice, if the corpus holds less "
        "than two hours and is prepared as that voice's was)",
    )
    parser.add_argument("--updates", type=int, default=None, help="training updates (default: 800)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training's chance")


def run(args: argparse.Namespace) -> None:
    from tacotron.align import AlignerTraining, align_corpus, starting_point
    from tacotron.data.corpus import PreparedCorpus
    from tacotron.data.report import write_report

    updates = {} if args.updates is None else {"updates": args.updates}
    settings = AlignerTraining(seed=args.seed, **updates)
    initial = starting_point(PreparedCorpus.open(args.corpus), args.initial)
    alignments = align_corpus(args.corpus, settings=settings, initial=initial)
    write_report(args.corpus)
    scores = sorted(alignments.scores.values())
    print(f"{len(scores)} utterances aligned; score {scores[len(scores) // 2]:.2f} in the middle")
    print("Lowest scores (listen to these: the transcript may be wrong):")
    for name in alignments.ranked()[:10]:
        print(f"  {alignments.scores[name]:6.2f}  {name}")
    print(f"TextGrid, JSON and durations: {args.corpus / 'alignment'}")
