"""Turn recordings into mel spectrograms and back; inspect, fit, convert and compare conventions."""

from __future__ import annotations

import argparse

from tacotron.cli.mel import calibrate, check, convert, extract, inspect, invert

# In the order of `tacotron mel --help`.
_COMMANDS = {
    "extract": (extract, "write the mel spectrogram of a recording"),
    "invert": (invert, "write the sound of a mel spectrogram"),
    "inspect": (inspect, "say what recordings become in a convention, or what a mel is in"),
    "calibrate": (calibrate, "fit a convention to a corpus, for prepare and train to take"),
    "convert": (convert, "bring a mel from one convention to another"),
    "check": (check, "say whether mels of one may be used as mels of another"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands and their arguments."""
    commands = parser.add_subparsers(dest="mel_command", required=True, metavar="COMMAND")
    for name, (module, line) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=line, description=module.__doc__)
        module.add_arguments(subparser)
        subparser.set_defaults(mel_run=module.run)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand."""
    return args.mel_run(args) or 0
