"""Make a voice file of a trained run, or of another voice with another vocoder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tacotron.errors import VoiceError

if TYPE_CHECKING:
    from tacotron.voice.bundle import Bundle
    from tacotron.voice.vocoders import VocoderPart


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="RUN|VOICE",
        help="folder that was given to `tacotron train` as --run, or a voice's name or file",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .voice file to write")
    parser.add_argument("--name", help="what --voice will call it (default: the file's name)")
    parser.add_argument("--license", help="licence of the voice (default: unspecified)")
    parser.add_argument("--language", help="BCP 47 tag (default: en-US)")
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

    parser.add_argument(
        "--vocoder",
        metavar="RUN|VOICE|FILE.onnx",
        help="what makes the sound: a vocoder's training run, the vocoder of another voice, or any "
        "ONNX file that takes a mel and gives a waveform (default: the voice's own; Griffin-Lim)",
    )
    parser.add_argument(
        "--vocoder-convention",
        metavar="NAME|FILE.json",
        help="the mels that an ONNX file was trained on, such as hifigan: see `tacotron mel`",
    )
    parser.add_argument(
        "--quantize",
        action="store_true",
        help="store the graphs' weights in eight bits: a quarter of the size, and faster",
    )


def run(args: argparse.Namespace) -> None:
    from tacotron.voice.vocoders import read_vocoder

    vocoder = None
    if args.vocoder is not None:
        vocoder = read_vocoder(
            args.vocoder,
            convention=args.vocoder_convention,
            with_weights=not args.without_weights,
        )
    elif args.vocoder_convention is not None:
        raise VoiceError("There is a --vocoder-convention and no --vocoder: give the file, too.")
    write = _of_run if Path(args.source).is_dir() else _of_voice
    bundle, warnings = write(args, vocoder)
    if args.quantize:
        bundle = _quantized(bundle, args.output)
    for warning in warnings:
        print(f"tacotron: {warning}", file=sys.stderr)
    size = args.output.stat().st_size / 1e6
    updates = bundle.manifest.provenance.get("updates", "unknown")
    print(f"{args.output}: {size:.1f} MB, {updates} updates")
    print(f'Hear it: tacotron say "Hello there." --voice {args.output} -o hello.wav')


def _quantized(bundle: Bundle, output: Path) -> Bundle:
    from tacotron.speak.rehearsal import rehearse
    from tacotron.voice.writing import quantize_voice

    return quantize_voice(bundle, output, rehearse(bundle))


def _of_run(
    args: argparse.Namespace, vocoder: VocoderPart | None
) -> tuple[Bundle, tuple[str, ...]]:
    from tacotron.voice.bundle import ALIGNER
    from tacotron.voice.export import export_voice

    bundle, warnings = export_voice(
        Path(args.source),
        args.output,
        name=args.name or args.output.stem,
        license=args.license or "unspecified",
        language=args.language or "en-US",
        card=args.card,
        lexicon=args.lexicon,
        checkpoint=args.checkpoint,
        with_weights=not args.without_weights,
        vocoder=vocoder,
    )
    if not args.without_weights and ALIGNER not in bundle:
        print("It carries no aligner: the corpus of this run is no longer where it was.")
    return bundle, warnings


def _of_voice(
    args: argparse.Namespace, vocoder: VocoderPart | None
) -> tuple[Bundle, tuple[str, ...]]:
    from tacotron.voice.bundle import Bundle
    from tacotron.voice.registry import locate
    from tacotron.voice.writing import rewrite_voice

    if args.checkpoint is not None:
        raise VoiceError("A voice has no checkpoints: give the run to choose among its own.")
    changes = {"license": args.license, "language": args.language}
    return rewrite_voice(
        Bundle.open(locate(args.source)),
        args.output,
        card=args.card,
        lexicon=args.lexicon,
        with_weights=not args.without_weights,
        vocoder=vocoder,
        name=args.name or args.output.stem,
        **{field: value for field, value in changes.items() if value is not None},
    )
