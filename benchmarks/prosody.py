"""How near a voice comes to the pitch it was asked for, and how well it is understood there.

    python benchmarks/prosody.py --voice heart --sentences SENTENCES.tsv [--judge JUDGE]

For each pitch and pitch range, the sentences (as in judge_voice.py) are spoken and their F0 is
tracked. What is wished for follows from the F0 of the same sentences at the voice's own pitch,
frame by frame where both are voiced. A judge adds word error rate and predicted naturalness.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from judge_voice import judge_files, read_sentences

from tacotron import Prosody, Voice
from tacotron.audio.pitch import Pitch, track_pitch


def speak(voice: Voice, prosody: Prosody, texts: list[str], out: Path) -> list[Pitch]:
    """Speak ``texts`` into ``out`` and return the pitch of each."""
    tracks = []
    for number, text in enumerate(texts):
        wave = np.concatenate([c.audio for c in voice.synthesize(text, prosody=prosody)])
        soundfile.write(out / f"{number}.wav", wave, voice.sample_rate)
        hop = voice.convention.hop_length
        tracks.append(track_pitch(wave, voice.sample_rate, hop, highest=800.0))
    return tracks


def errors(own: Pitch, heard: Pitch, prosody: Prosody) -> np.ndarray:
    """How far ``heard`` is from what ``prosody`` wishes of ``own``, as a share, voiced frames."""
    both = own.voiced & heard.voiced
    octaves = np.log2(own.f0[both].astype(np.float64))
    got = np.log2(heard.f0[both].astype(np.float64))
    wished = prosody.pitch_range * octaves + prosody.pitch / 12
    if prosody.pitch_range != 1.0:  # around a mean that the voice finds by itself
        wished += np.median(got - wished)
    return np.exp2(got - wished) - 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice", help="name or file (default: the default voice)")
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--count", type=int, default=None, help="sentences (default: all)")
    parser.add_argument("--pitches", type=float, nargs="*", default=[-8.0, -4.0, 4.0, 8.0])
    parser.add_argument("--ranges", type=float, nargs="*", default=[0.0, 0.5, 1.5])
    parser.add_argument("--judge", type=Path, help="folder with judge.py: see judge_voice.py")
    args = parser.parse_args()
    rows = read_sentences(args.sentences)[: args.count]
    voice = Voice.load(args.voice)
    wishes = [Prosody(pitch=pitch) for pitch in args.pitches]
    wishes += [Prosody(pitch_range=span) for span in args.ranges]
    own: list[Pitch] = []
    for prosody in [Prosody(), *wishes]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            heard = speak(voice, prosody, [text for _, text, _ in rows], out)
            own = own or heard
            off = np.concatenate([errors(a, b, prosody) for a, b in zip(own, heard, strict=True)])
            line = (
                f"{prosody.pitch:+g} semitones, range {prosody.pitch_range:g}: "
                f"F0 off by {np.median(np.abs(off)):.2%} (median), "
                f"{np.mean(np.abs(off) < 0.03):.1%} of {len(off)} frames within 3 %"
            )
            if args.judge:
                lines = [f"{out / f'{n}.wav'}\t{words}\n" for n, (_, _, words) in enumerate(rows)]
                scores = judge_files(lines, args.judge, out, quiet=True)
                shown = ("wer_moonshine", "nisqa_tts", "distillmos")
                line += "; " + ", ".join(f"{name} {scores[name]}" for name in shown)
            print(line, flush=True)


if __name__ == "__main__":
    main()
