"""Write the sound of a mel spectrogram, through Griffin-Lim."""

from __future__ import annotations

import argparse
from pathlib import Path

from tacotron.cli.mel.inputs import add_convention


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    parser.add_argument("input", type=Path, metavar="IN.npy", help="a mel: [frames, n_mels]")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help=".wav, .flac or .raw file"
    )
    add_convention(parser)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first phases (default: 0)")


def run(args: argparse.Namespace) -> None:
    """Invert the mel."""
    from tacotron.audio import get_convention, mel_to_wave, read_mel, write_audio

    convention = get_convention(args.convention)
    wave = mel_to_wave(read_mel(args.input), convention, seed=args.seed)
    limited = write_audio(args.output, wave, convention.sample_rate)
    loud = f", {limited} samples limited to full scale" if limited else ""
    print(f"{args.output}: {len(wave) / convention.sample_rate:.2f} s{loud}")
