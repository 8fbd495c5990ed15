"""What a vocoder loses: held-out recordings, their mels made into sound again, and both judged.

    python benchmarks/copy_synthesis.py --run VOCODER_RUN --corpus CORPUS --judge JUDGE

RUN is a folder that `tacotron train vocoder` wrote, CORPUS the prepared corpus whose held-out
recordings are copied; JUDGE is as in judge_voice.py. Prints a table: the recordings, the copies as
the network makes them, with the F0 that it reads off the mel, and those held to the mel, which is
how voices speak.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from judge_voice import judge_files

from tacotron.audio.files import write_audio
from tacotron.audio.following import MelBands, held_to_mel
from tacotron.data.corpus import PreparedCorpus
from tacotron.voice.vocoder_parts import trained_vocoder

FIGURES = ("wer_moonshine", "nisqa_tts", "distillmos")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, help="of the run (default: the newest)")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24, help="held-out recordings to copy")
    parser.add_argument("--keep", type=Path, help="folder for the copies")
    args = parser.parse_args()
    torch.manual_seed(0)
    corpus = PreparedCorpus.open(args.corpus)
    vocoder, convention, updates = trained_vocoder(args.run, args.checkpoint)
    bands = MelBands(convention)
    chosen = [i for i in corpus.indices("heldout") if corpus.utterances[i].seconds > 2]
    chosen = chosen[: args.count]
    with tempfile.TemporaryDirectory() as scratch:
        out = args.keep or Path(scratch)
        lists: dict[str, list[str]] = {"recording": [], "as made": [], "copy": []}
        for i in chosen:
            mel = np.asarray(corpus.mel(i), dtype=np.float32)
            made = vocoder.infer(torch.from_numpy(mel)[None])[0].numpy()
            waves = {
                "recording": corpus.audio(i),
                "as made": made,
                "copy": held_to_mel(made, mel, bands),
            }
            for name, wave in waves.items():
                path = out / name / f"{i}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_audio(path, wave, convention.sample_rate)
                lists[name].append(f"{path}\t{corpus.utterances[i].normalized}\n")
        print(f"{len(chosen)} recordings; vocoder of {updates} updates")
        print(f"{'':12}{'word errors':>12}{'nisqa_tts':>11}{'distillmos':>12}")
        for name, lines in lists.items():
            figures = judge_files(lines, args.judge, out / name, quiet=True)
            wer, nisqa, distill = (figures[key] for key in FIGURES)
            print(f"{name:12}{wer:>12.1%}{nisqa:>11.2f}{distill:>12.2f}", flush=True)


if __name__ == "__main__":
    main()
