"""The ``tacotron`` command: finds the subcommand, loads only that, and words its errors.

Each command is a module of this package with ``add_arguments(parser)`` and ``run(args)``. Exit
status is 0, or 2 with one line on standard error for what the user can mend; 130 and 143 after
Ctrl-C and a polite kill, 141 where whoever reads our output has gone.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any, NoReturn

from tacotron.cli.streams import OutputClosed
from tacotron.errors import TacotronError

# In the order of `tacotron --help`. The lines stand here so that help imports no command.
COMMANDS: Mapping[str, str] = {
    "say": "speak text into a file or a pipe",
    "voices": "list the voices there are, or show one",
    "serve": "serve a page, and the APIs that other software speaks",
    "text": "show how text is read: words, symbols and ids",
    "mel": "turn recordings into mel spectrograms and back",
    "prepare": "make a corpus ready for training, and report on it",
    "align": "find when each word and symbol of a corpus is spoken",
    "train": "train a voice, or go on from one",
    "export": "make a voice file of a training run",
    "import-keithito": "make a voice file of a checkpoint of keithito/tacotron",
}

# What only the extra [train] installs; whoever speaks does without.
TRAINING_MODULES = frozenset(
    {
        "apprise",
        "google_crc32c",
        "lightning",
        "matplotlib",
        "onnx",
        "pyloudnorm",
        "safetensors",
        "tensorboard",
        "torch",
    }
)

# And what only [serve] does.
SERVING_MODULES = frozenset(
    {"fastapi", "prometheus_client", "pydantic", "starlette", "uvicorn", "wyoming"}
)

# Commands that leave nothing to tidy up: their files are closed and their output is flushed.
LEAVING_AT_ONCE = frozenset({"say"})

_USER_MISTAKE = 2
_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM
_PIPE_CLOSED = 141  # 128 + SIGPIPE, which not every system's signal module names


def entry() -> NoReturn:
    """The process's command line, to its end.

    Taking libraries down in order takes Python a tenth of the time of a short sentence; the system
    frees them at once.
    """
    status = main()
    if _command(sys.argv[1:]) in LEAVING_AT_ONCE:
        os._exit(status)
    sys.exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (None: the process's own) and return the exit status."""
    try:
        with _polite_kill():
            status = _dispatch(list(sys.argv[1:] if argv is None else argv))
            _flush()
    except SystemExit as leaving:  # argparse after --help, and a polite kill
        status = leaving.code if isinstance(leaving.code, int) else 0
    except (TacotronError, OSError, OutputClosed, KeyboardInterrupt) as error:
        status = _status(error)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in TRAINING_MODULES | SERVING_MODULES:
            raise
        extra = "train" if module in TRAINING_MODULES else "serve"
        need = f"This command needs {error.name}: pip install 'tacotron-tts[{extra}]' brings it."
        status = _status(TacotronError(need))
    try:
        _flush()
    except OSError as error:
        status = status or _status(error)
        # What can't be written now can't be at exit either, where Python would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _flush() -> None:
    if sys.stdout is not None:  # None where the process was started without one
        sys.stdout.flush()


def _dispatch(arguments: list[str]) -> int:
    parser = _parser(_command(arguments))
    if not arguments:
        parser.print_help()
        return 0
    args = parser.parse_args(arguments)
    return args.run(args) or 0


def _command(arguments: Sequence[str]) -> str | None:
    """The first word that is no option: the command, if it is one."""
    return next((word for word in arguments if not word.startswith("-")), None)


def _parser(command: str | None) -> argparse.ArgumentParser:
    """The whole command line, with the arguments of ``command`` only: others stay unimported."""
    parser = _Parser(
        prog="tacotron",
        description="Text to speech in a voice of your own: learn it in minutes, speak it offline.",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name, line in COMMANDS.items():
        if name != command:
            commands.add_parser(name, help=line)
            continue
        module = import_module(f"tacotron.cli.{name.replace('-', '_')}")
        subparser = commands.add_parser(
            name,
            help=line,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser


class _Help(argparse.HelpFormatter):
    """Leaves room for the longest command's name, so that each has one line of a terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24)
        # Before Python 3.13 argparse forgot that it indents commands, and wrapped this one.
        self._action_max_length = 4 + max(map(len, COMMANDS))


class _Parser(argparse.ArgumentParser):
    """Complains as the rest of the program does: one line, exit status 2."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message} (see `{self.prog} --help`)")

    def print_help(self, file: IO[str] | None = None) -> None:
        # argparse's own is silent where it can't write.
        print(self.format_help(), end="", file=file)


class _UsageError(TacotronError):
    """A command line that can't be meant."""


class _Version(argparse.Action):
    """Looks the version up only when asked: finding it takes as long as all of the rest."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        import tacotron

        print(f"tacotron {tacotron.__version__}")
        parser.exit()


@contextmanager
def _polite_kill() -> Iterator[None]:
    """Leave through Python's cleanup on SIGTERM too, so that no temporary file stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(signum: int, frame: object) -> NoReturn:
        sys.exit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _status(error: BaseException) -> int:
    """Tell the user what ``error`` means, where it is news to them, and return the exit status."""
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    if isinstance(error, (BrokenPipeError, OutputClosed)):
        return _PIPE_CLOSED
    sentence = str(error)
    if isinstance(error, OSError):  # the system's word on a file or a stream
        reason = (error.strerror or str(error)).lower()
        sentence = f"{error.filename}: {reason}" if error.filename else f"could not write: {reason}"
    print("tacotron: " + " ".join(sentence.split()), file=sys.stderr)
    return _USER_MISTAKE


if __name__ == "__main__":
    entry()
