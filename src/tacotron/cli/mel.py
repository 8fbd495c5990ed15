"""Turn recordings into mel spectrograms and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from tacotron.audio.convention import CONVENTIONS, DEFAULT_CONVENTION


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="mel_command", required=True, metavar="COMMAND")

    extract = commands.add_parser("extract", help="write the mel spectrogram of a recording")
    extract.set_defaults(mel_run=_extract)
    extract.add_argument("input", type=Path, metavar="IN", help="a wav, flac or ogg recording")
    extract.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.npy",
        help="file to write: float32 [frames, n_mels]",
    )
    _add_convention(extract)

    invert = commands.add_parser("invert", help="write the sound of a mel spectrogram")
    invert.set_defaults(mel_run=_invert)
    invert.add_argument("input", type=Path, metavar="IN.npy", help="a mel: [frames, n_mels]")
    invert.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help=".wav, .flac or .raw file"
    )
    _add_convention(invert)
    invert.add_argument("--seed", type=int, default=0, help="seed of the first phases (default: 0)")


def run(args: argparse.Namespace) -> None:
    args.mel_run(args)


def _add_convention(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--convention",
        default=DEFAULT_CONVENTION,
        metavar="NAME",
        help=f"{', '.join(CONVENTIONS)}, or a .json file (default: {DEFAULT_CONVENTION})",
    )


def _extract(args: argparse.Namespace) -> None:
    from tacotron.audio import (
        count_limits,
        get_convention,
        mel_spectrogram,
        read_audio,
        resample,
        write_mel,
    )

    convention = get_convention(args.convention)
    audio = read_audio(args.input)
    wave = resample(audio.wave, audio.sample_rate, convention.sample_rate)
    mel = mel_spectrogram(wave, convention)
    write_mel(args.output, mel)
    limits = count_limits(mel, convention)
    clipped = f", {limits.clipped_share:.2%} of it clipped" if limits.clipped else ""
    print(f"{args.output}: {len(mel)} frames of {convention.n_mels} bands{clipped}")


def _invert(args: argparse.Namespace) -> None:
    from tacotron.audio import get_convention, mel_to_wave, read_mel, write_audio

    convention = get_convention(args.convention)
    wave = mel_to_wave(read_mel(args.input), convention, seed=args.seed)
    limited = write_audio(args.output, wave, convention.sample_rate)
    loud = f", {limited} samples limited to full scale" if limited else ""
    print(f"{args.output}: {len(wave) / convention.sample_rate:.2f} s{loud}")
