"""Make a voice file of a checkpoint that keithito/tacotron trained; TensorFlow isn't needed."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        type=Path,
        help="path that ends like model.ckpt-877000, beside which .index and .data files lie",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .voice file to write")
    parser.add_argument(
        "--hparams",
        default="",
        metavar="NAME=VALUE,...",
        help="what it was trained with in place of the defaults, such as sample_rate=22050",
    )
    parser.add_argument(
        "--cleaners",
        metavar="NAME,...",
        help="text cleaners (default: english_cleaners); transliteration_cleaners, basic_cleaners, "
        "single ones parted by commas, or none",
    )
    parser.add_argument("--name", help="what --voice will call it (default: the file's name)")
    parser.add_argument("--license", default="unspecified", help="licence of the voice")
    parser.add_argument("--language", default="en-US", help="BCP 47 tag (default: en-US)")
    parser.add_argument("--card", type=Path, metavar="FILE", help="model card (Markdown) to put in")


def run(args: argparse.Namespace) -> None:
    """Import the checkpoint and say how to hear it."""
    from tacotron.keithito.convert import import_keithito

    bundle = import_keithito(
        args.checkpoint,
        args.output,
        name=args.name or args.output.stem,
        hparams=args.hparams,
        cleaners=args.cleaners,
        license=args.license,
        language=args.language,
        card=args.card,
    )
    size = args.output.stat().st_size / 1e6
    updates = bundle.manifest.provenance["updates"]
    trained = f", {updates} updates" if updates is not None else ""
    print(f"{args.output}: {size:.1f} MB{trained}")
    print(f'Hear it: tacotron say "Hello there." --voice {args.output} -o hello.wav')
