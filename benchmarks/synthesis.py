"""How fast a voice speaks on one thread, beside its peers, in one run.

    python benchmarks/synthesis.py [--voice heart] [--rounds 5]

Prints real-time factors (seconds of work a second of speech), the time to first audio, and the
time of a whole command from start to a finished short sentence. Peers that are installed are
measured between our own rounds, on the same sentences: espeak-ng, flite, and Piper (``piper-tts``;
give its voice with --piper VOICE.onnx). Times on a shared machine are noisy: read the ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

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
SHORT = "Good morning, and welcome."


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def seconds_of(path: Path) -> float:
    """How long a wav file lasts."""
    import soundfile

    return soundfile.info(path).duration


class Ours:
    def __init__(self, voice: str | None):
        from tacotron import Voice

        self.name = "tacotron"
        self.voice = Voice.load(voice)
        self.command = [sys.executable, "-m", "tacotron.cli.main", "say", SHORT]
        self.command += ["--voice", voice] if voice else []

    def speak(self, text: str, path: Path) -> float:
        """Seconds of speech; ``path`` is not written: only speaking counts."""
        return sum(chunk.seconds for chunk in self.voice.synthesize(text))

    def first_audio(self, text: str) -> float:
        return timed(lambda: next(iter(self.voice.synthesize(text))))

    def cold(self, path: Path) -> list[str]:
        return [*self.command, "-o", str(path)]


class Program:
    """A peer that is a program: every sentence pays its start, which is small."""

    def __init__(self, name: str, command: Callable[[str, Path], list[str]]):
        self.name = name
        self.command = command

    def speak(self, text: str, path: Path) -> float:
        subprocess.run(self.command(text, path), check=True, capture_output=True)
        return seconds_of(path)

    def cold(self, path: Path) -> list[str]:
        return self.command(SHORT, path)


class Piper:
    def __init__(self, model: Path):
        from piper import PiperVoice

        self.name = "piper"
        self.model = model
        self.voice = PiperVoice.load(model)

    def speak(self, text: str, path: Path) -> float:
        samples = sum(len(chunk.audio_float_array) for chunk in self.voice.synthesize(text))
        return samples / self.voice.config.sample_rate

    def first_audio(self, text: str) -> float:
        return timed(lambda: next(iter(self.voice.synthesize(text))))

    def cold(self, path: Path) -> list[str]:
        return [sys.executable, "-m", "piper", "-m", str(self.model), "-f", str(path), SHORT]


def peers(piper: Path | None) -> list[Program | Piper]:
    found: list[Program | Piper] = []
    if shutil.which("espeak-ng"):
        found.append(Program("espeak-ng", lambda t, p: ["espeak-ng", "-w", str(p), t]))
    if shutil.which("flite"):
        found.append(Program("flite", lambda t, p: ["flite", "-voice", "slt", "-t", t, str(p)]))
    if piper:
        found.append(Piper(piper))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--piper", type=Path, metavar="VOICE.onnx")
    args = parser.parse_args()
    speakers = [Ours(args.voice), *peers(args.piper)]
    factors: dict[str, list[float]] = {s.name: [] for s in speakers}
    first: dict[str, list[float]] = {s.name: [] for s in speakers}
    cold: dict[str, list[float]] = {s.name: [] for s in speakers}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spoken.wav"
        for speaker in speakers:  # caches and compiled kernels
            speaker.speak(SHORT, out)
        for _ in range(args.rounds):
            for speaker in speakers:
                spoken = 0.0
                start = time.perf_counter()
                for sentence in SENTENCES:
                    spoken += speaker.speak(sentence, out)
                factors[speaker.name].append((time.perf_counter() - start) / spoken)
                if hasattr(speaker, "first_audio"):
                    first[speaker.name].append(speaker.first_audio(" ".join(SENTENCES)))
                command = speaker.cold(out)
                cold[speaker.name].append(
                    timed(lambda c=command: subprocess.run(c, check=True, capture_output=True))
                )
    ours = median(factors["tacotron"])
    print(f"| {'':10} | real-time factor | times real time | to ours | first audio | cold start |")
    print("|---|---|---|---|---|---|")
    for name, values in factors.items():
        factor = median(values)
        early = f"{1000 * median(first[name]):.0f} ms" if first[name] else ""
        print(
            f"| {name:10} | {factor:.4f} | {1 / factor:.0f} | {factor / ours:.2f} | {early} | "
            f"{median(cold[name]):.2f} s |"
        )


if __name__ == "__main__":
    main()
