"""make a voice file of a trained run"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="RUN",
        type=Path,
        help="folder that was given to `tacotron train` as --run",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .voice file to write")
    parser.add_argument("--name", help="what --voice will call it (default: the file's name)")
    parser.add_argument("--license", default="unspecified", help="licence of the voice")
    parser.add_argument("--language", default="en-US", help="BCP 47 tag (default: en-US)")
    parser.add_argument("--card", type=Path, metavar="FILE", help="model card (Markdown) to put in")
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="pronunciations to put in")
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        help="which weights (default: the newest checkpoint of the run)",
    )
    parser.add_argument(
        "--without-weights",
        action="store_true",
        help="leave out the training weights: a third smaller, but no training goes on from it",
    )


def run(args: argparse.Namespace) -> None:
    from tacotron.voice.export import export_voice

    bundle = export_voice(
        args.folder,
        args.output,
        name=args.name or args.output.stem,
        license=args.license,
        language=args.language,
        card=args.card,
        lexicon=args.lexicon,
        checkpoint=args.checkpoint,
        with_weights=not args.without_weights,
    )
    size = args.output.stat().st_size / 1e6
    print(f"{args.output}: {size:.1f} MB, {bundle.manifest.provenance['updates']} updates")
    print(f'Hear it: tacotron say "Hello there." --voice {args.output} -o hello.wav')
