"""Speak text into a file or a pipe.

Without -o, the audio goes to speech.wav in this folder (speech-2.wav where that exists)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import fields
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from tacotron.cli.streams import BinaryOutput, open_output, read_lines, read_text
from tacotron.errors import TacotronError, TextError

if TYPE_CHECKING:
    from tacotron.speak import Chunk, Prosody, Voice

_LONG = 8  # pieces of text from which on a progress bar is worth its line
_MOST_WARNINGS = 10  # different ones that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text", nargs="*", metavar="TEXT", help="what to say; - reads standard input"
    )
    parser.add_argument("-f", "--file", metavar="FILE", help="read the text from FILE (UTF-8)")
    parser.add_argument("-o", "--output", metavar="FILE", help="audio file; - is standard output")
    parser.add_argument(
        "--raw",
        action="store_true",
        help="send samples to standard output while they are spoken, as -o - --format raw does: "
        "tacotron say - --raw | aplay -f S16_LE -r 22050",
    )
    parser.add_argument(
        "--format",
        choices=("wav", "flac", "raw"),
        help="of the audio (default: by the file's suffix, wav for a pipe); "
        "raw is 16-bit little-endian mono samples",
    )
    parser.add_argument(
        "--voice", metavar="NAME|FILE", help="a voice's name, see `tacotron voices`, or its file"
    )
    parser.add_argument("--speaker", metavar="NAME", help="one of the voice's speakers")
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="2 is twice as fast (0.25 to 4)"
    )
    _add_prosody(parser)
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another seed, another take (default: 0)"
    )
    parser.add_argument(
        "--lexicon",
        metavar="FILE",
        help="pronunciations that go before all others: a line a word, WORD  HH AH0 L OW1",
    )
    parser.add_argument(
        "--save-mel",
        metavar="FILE.npy",
        help="write the mel in the voice's normalized values: float32 [frames, n_mels]",
    )
    parser.add_argument(
        "--plot", metavar="FILE.png", help="draw the mel with words and durations (or .svg, .pdf)"
    )
    parser.add_argument(
        "--timings",
        metavar="FILE.srt|.vtt|.json",
        help="write when each word is spoken: a cue a word, captions with word times, or data",
    )


def _add_prosody(parser: argparse.ArgumentParser) -> None:
    for option, unit, help in (
        ("--pitch", "SEMITONES", "speak higher, or lower where below 0 (-12 to 12)"),
        ("--pitch-range", "X", "1 moves as far as the voice's own, 0 is monotone (0 to 3)"),
        ("--volume", "DB", "louder, or softer where below 0 (-60 to 20)"),
        ("--comma-pause", "SECONDS", "at commas, colons and dashes (default: as the voice does)"),
        ("--sentence-pause", "SECONDS", "after a sentence (default: 0.35)"),
        ("--paragraph-pause", "SECONDS", "after a paragraph (default: 0.7)"),
    ):
        parser.add_argument(option, type=float, metavar=unit, help=help)
    parser.add_argument(
        "--ssml",
        action="store_true",
        help="the text is SSML, as one that begins with <speak is in any case",
    )


def _prosody(args: argparse.Namespace) -> Prosody:
    from tacotron.speak import Prosody

    given = {field.name: getattr(args, field.name) for field in fields(Prosody)}
    return Prosody(**{name: value for name, value in given.items() if value is not None})


def run(args: argparse.Namespace) -> None:
    # numpy's matrices are small here: its threads, waiting for each other, take several times as
    # long as one, and starting them delays first audio. Heeded because numpy isn't loaded yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Whatever can be wrong is found before the first sentence is spoken.
    if args.raw:
        if args.output not in (None, "-") or args.format not in (None, "raw"):
            raise TacotronError(
                "--raw sends raw samples to standard output: leave -o and --format."
            )
        args.output, args.format = "-", "raw"
    if args.timings:
        from tacotron.speak.captions import check_format

        check_format(args.timings)
    if args.plot:
        from tacotron.speak.plot import check_plot

        check_plot(args.plot)
    if beside := [path for path in (args.save_mel, args.timings, args.plot) if path]:
        from tacotron.files import check_folder

        for path in beside:
            check_folder(path)
    lexicon = None
    if args.lexicon:
        from tacotron.text.lexicon import read_lexicon

        lexicon = read_lexicon(args.lexicon)

    from tacotron.speak import Voice

    prosody = _prosody(args)
    path = args.output or _free_name(args.format or "wav")
    with open_output(path) as target:
        # What is heard at once is spoken as it comes; whole sentences are a little less work.
        stream = isinstance(target, BinaryOutput) and not args.plot
        text = _text(args, arriving=stream)
        voice = Voice.load(args.voice)
        speak = voice.stream if stream else voice.synthesize
        chunks = speak(
            text,
            speaker=args.speaker,
            speed=args.speed,
            seed=args.seed,
            prosody=prosody,
            lexicon=lexicon,
            ssml=args.ssml or None,
        )
        with closing(chunks):
            _write(_with_progress(chunks), voice, target, args)
    if not args.output:
        print(path)


def _text(args: argparse.Namespace, *, arriving: bool) -> str | Iterator[str]:
    """The text to speak; lines as they come where it is ``arriving`` on standard input."""
    if args.file is not None:
        if args.text:
            raise TextError("There is a text and a --file: give one of them.")
        return read_text(args.file)
    if not args.text:
        raise TextError("There is no text: give it in quotes, as -f FILE, or as - to read a pipe.")
    if args.text != ["-"]:
        return " ".join(args.text)
    return read_lines() if arriving else read_text("-")


def _write(
    chunks: Iterable[Chunk], voice: Voice, target: Path | BinaryOutput, args: argparse.Namespace
) -> None:
    """Write all that was asked for in one pass, holding no more than a chunk's audio."""
    from tacotron.audio.files import audio_writer

    captions, plotted, warnings = None, [], {}
    with ExitStack() as stack:
        audio = stack.enter_context(audio_writer(target, voice.sample_rate, format=args.format))
        mel = None
        if args.save_mel:
            from tacotron.speak.mel_file import mel_writer

            mel = stack.enter_context(mel_writer(args.save_mel, voice.convention.n_mels))
        if args.timings:
            from tacotron.speak.captions import Captioner

            captions = Captioner()
        for chunk in chunks:
            audio.write(chunk.audio)
            if mel:
                mel.write(chunk.mel)
            if captions:
                captions.add(chunk)
            if args.plot:
                from tacotron.speak.plot import MOST_CHUNKS

                plotted = [*plotted, chunk][:MOST_CHUNKS]
            warnings |= dict.fromkeys(chunk.warnings)
        # Before the audio takes its place: where these can't be written, nothing is left behind.
        if captions:
            from tacotron.speak.captions import write_captions

            write_captions(args.timings, captions.finish())
        if args.plot:
            from tacotron.speak.plot import write_plot

            write_plot(args.plot, plotted, voice.convention)
    for warning in list(warnings)[:_MOST_WARNINGS]:
        print(f"tacotron: {warning}", file=sys.stderr)


def _with_progress(chunks: Iterator[Chunk]) -> Iterable[Chunk]:
    """Show a progress bar on a terminal where ``chunks`` are many."""
    if not sys.stderr.isatty():
        return chunks
    first = next(chunks)
    chunks = chain([first], chunks)
    if first.count is None or first.count < _LONG:
        return chunks
    from tqdm import tqdm

    return tqdm(chunks, total=first.count, unit="sentence", leave=False)


def _free_name(suffix: str) -> str:
    """A name in this folder that overwrites nothing: speech.wav, speech-2.wav, ..."""
    names = chain([f"speech.{suffix}"], (f"speech-{n}.{suffix}" for n in count(2)))
    return next(name for name in names if not Path(name).exists())
