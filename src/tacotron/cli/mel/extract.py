"""Write the mel spectrogram of a recording."""

from __future__ import annotations

import argparse
from pathlib import Path

from tacotron.cli.mel.inputs import add_convention


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand's arguments."""
    parser.add_argument("input", type=Path, metavar="IN", help="a wav, flac or ogg recording")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.npy",
        help="file to write: float32 [frames, n_mels]",
    )
    add_convention(parser)


def run(args: argparse.Namespace) -> None:
    """Extract the mel and say what was clipped."""
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
