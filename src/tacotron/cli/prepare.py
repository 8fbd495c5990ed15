"""make recordings and their texts ready for training"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tacotron.data.corpus import PreparedCorpus

#: Speech levelled lower drowns in 16-bit noise; higher, its peaks keep it from getting there.
LOWEST_LEVEL_DBFS, HIGHEST_LEVEL_DBFS = -50.0, -10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "corpus",
        type=Path,
        metavar="CORPUS",
        help="folder in LJSpeech layout or of the Blizzard Challenge 2012, or a list: path|text, "
        "path|speaker|text, or JSON lines",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write, new or unfinished")
    parser.add_argument(
        "--convention",
        default="nvidia",
        metavar="NAME|FILE",
        help="mel convention, by name or as a .json file (default: %(default)s)",
    )
    parser.add_argument(
        "--frontend",
        default="english",
        metavar="NAME",
        help="text front end: english, keithito or keithito:CLEANERS (default: %(default)s)",
    )
    parser.add_argument(
        "--lexicon", type=Path, metavar="FILE", help="pronunciations: a line 'WORD  PH ON EM' each"
    )
    parser.add_argument(
        "--speaker", metavar="NAME", help="who reads, where the list doesn't say (default: CORPUS)"
    )
    parser.add_argument(
        "--heldout",
        metavar="SHARE|COUNT",
        help="prompts that training never sees: 0.05 for a share, 64 for a number, 0 for none "
        "(default: 2%%, 8 to 64 prompts)",
    )
    parser.add_argument(
        "--level",
        type=float,
        default=-23.0,
        metavar="DBFS",
        help="level that active speech is brought to (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one for each core)"
    )


def run(args: argparse.Namespace) -> int:
    """Prepare the corpus, write its report, print its summary."""
    from tacotron.audio.convention import get_convention
    from tacotron.data.prepare import prepare
    from tacotron.data.recording import SoundSettings
    from tacotron.data.report import write_report
    from tacotron.data.split import Heldout
    from tacotron.errors import CorpusError
    from tacotron.text.lexicon import read_lexicon

    if args.workers is not None and args.workers < 1:
        raise CorpusError(f"{args.workers} workers can't prepare anything: give 1 or more.")
    if not LOWEST_LEVEL_DBFS <= args.level <= HIGHEST_LEVEL_DBFS:
        raise CorpusError(
            f"A level of {args.level:g} dBFS is no use to speech: give one from "
            f"{LOWEST_LEVEL_DBFS:g} to {HIGHEST_LEVEL_DBFS:g} (-23 is usual)."
        )
    corpus = prepare(
        args.corpus,
        args.out,
        sound=SoundSettings(convention=get_convention(args.convention), level_dbfs=args.level),
        frontend=args.frontend,
        lexicon=read_lexicon(args.lexicon) if args.lexicon else None,
        heldout=Heldout.parse(args.heldout) if args.heldout else None,
        speaker=args.speaker,
        workers=args.workers,
        progress=sys.stderr.isatty(),
    )
    print(summary(corpus))
    print(f"report: {write_report(args.out)}")
    return 0


def summary(corpus: PreparedCorpus) -> str:
    """Return what was found, in a dozen lines; the counts add up to what was listed."""
    from tacotron.data.checks import flag_code

    header = corpus.header
    flags = Counter(flag_code(flag) for item in corpus.utterances for flag in item.flags)
    flagged = sum(bool(item.flags) for item in corpus.utterances)
    reasons = Counter(item["reason"].partition(":")[0] for item in corpus.excluded())
    lines = [
        f"{header['source']['list']}: {header['source']['layout']}",
        *header["source"]["notes"],
        f"{header['listed']} utterances listed = {header['utterances']} prepared "
        f"+ {header['excluded']} excluded",
        *(f"    excluded  {count:5}  {reason}" for reason, count in reasons.most_common()),
        f"{flagged} of the prepared have something to look at (they stay in)",
        *(f"    flagged   {count:5}  {code}" for code, count in flags.most_common()),
        f"{_duration(header['seconds'])}, {len(corpus.speakers)} "
        f"speaker{'s' * (len(corpus.speakers) > 1)}, "
        f"{header['heldout']['utterances']} utterances of {header['heldout']['prompts']} prompts "
        "held out",
        f"mel: {corpus.convention.name}, mean {corpus.mean:.2f}, deviation {corpus.std:.2f}",
    ]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.2f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
