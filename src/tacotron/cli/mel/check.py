"""Say whether mels of A may be used where mels of B are wanted, and name each field that differs.

Exit status: 0 where they are equal or exactly convertible, 1 where a conversion loses something or
can't be had.
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    handles = (
        "a convention by name or .json file, a voice (vocoder included), or a folder of features: "
        "a prepared corpus, a training run, anything with a convention.json"
    )
    parser.add_argument("first", metavar="A", help=handles)
    parser.add_argument("second", metavar="B", help="as A")
    parser.add_argument("--json", action="store_true", help="say it as one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Compare, report."""
    from tacotron.audio.compatibility import compare
    from tacotron.cli.mel.inputs import find_convention

    first, second = find_convention(args.first), find_convention(args.second)
    found = compare(first, second)
    if args.json:
        facts = {"first": args.first, "second": args.second, **found.to_dict()}
        print(json.dumps(facts))
    else:
        print(f"{args.first} -> {args.second}: {found.sentence()}")
        for line in found.differences:
            print(f"    {line}")
        for line in found.losses:
            print(f"    loss: {line}")
    return 0 if found.kind in ("equal", "exact") else 1
