"""A server under fifty clients at once for a minute, slow and vanishing ones among them.

    pip install '.[serve,test]'
    python benchmarks/serve.py [--clients 50] [--seconds 60] [--voice heart] [-- SERVER OPTIONS]

Starts `tacotron serve` in a process of its own. Each client asks for one to three sentences as MP3,
reads the answer, and asks again. Of ten clients, seven read as fast as it comes; one asks for a
minute of wav and reads it in sips, as a player does; one hangs up after the first bytes, and one
before them. Prints requests, failures, the time to first audio, and the server's memory. A failure
is an answer that had begun and then lacks its end, or any status but 200 and 503; 503 (busy, try
again) is counted by itself. All of it, clients included, runs on one machine: read the time to
first audio together with the machine's load.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import httpx

SENTENCES = [
    "The kettle had been singing for some time before anybody noticed it.",
    "She left the keys on the windowsill, next to the geraniums.",
    "Nobody could say when the bridge had last been painted.",
    "A cold wind came down from the hills and rattled every shutter in the street.",
    "Tomorrow the library opens at nine, and the reading room an hour later.",
    "Good morning, and welcome.",
]
KINDS = ["reads"] * 7 + ["sips", "leaves amid the answer", "leaves before it"]
SIP_SECONDS = 0.5  # between two sips
PATIENCE = 300.0  # seconds until a client calls it a failure


class Tally:
    """What the clients saw."""

    def __init__(self) -> None:
        self.asked = 0
        self.outcomes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.first_audio: list[float] = []  # seconds


async def client(number: int, url: str, until: float, tally: Tally) -> None:
    """One client, which asks until the time is over; the last answer is read to its end."""
    chance = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    limits = httpx.Limits(max_keepalive_connections=1)
    async with httpx.AsyncClient(
        base_url=url, timeout=PATIENCE, limits=limits, trust_env=False
    ) as http:
        while time.monotonic() < until:
            tally.asked += 1
            many = 3 * len(SENTENCES) if kind == "sips" else chance.randint(1, 3)
            text = " ".join(chance.choices(SENTENCES, k=many))
            try:
                await ask(http, kind, chance, text, tally)
            except httpx.HTTPError as error:
                tally.failures[type(error).__name__] += 1


async def ask(
    http: httpx.AsyncClient, kind: str, chance: random.Random, text: str, tally: Tally
) -> None:
    """One request of a client of that ``kind``."""
    began = time.monotonic()
    form = "wav" if kind == "sips" else "mp3"
    request = http.stream("POST", "/v1/audio/speech", json={"input": text, "response_format": form})
    if kind == "leaves before it":
        try:
            async with asyncio.timeout(chance.uniform(0.05, 1.0)), request:
                tally.outcomes["answered before it left"] += 1
        except TimeoutError:
            tally.outcomes["left before the answer"] += 1
        return
    async with request as answer:
        if answer.status_code == 503:
            tally.outcomes["refused: busy"] += 1
            await asyncio.sleep(float(answer.headers["retry-after"]))
            return
        if answer.status_code != 200:
            tally.failures[str(answer.status_code)] += 1
            return
        received = 0
        async for data in answer.aiter_raw():
            if not received:
                tally.first_audio.append(time.monotonic() - began)
            received += len(data)
            if kind == "leaves amid the answer":
                tally.outcomes["left amid the answer"] += 1
                return
            if kind == "sips":
                await asyncio.sleep(SIP_SECONDS)
        tally.outcomes["spoken to the end"] += 1


@contextmanager
def server(voice: str | None, options: list[str]) -> Iterator[tuple[int, str]]:
    """A server that is ready: its process id and address."""
    command = [sys.executable, "-m", "tacotron.cli.main", "serve", "--port", "0", *options]
    command += ["--voice", voice] if voice else []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            url = re.search(r"http://\S+:\d+", process.stdout.readline())[0]
            while httpx.get(f"{url}/ready", timeout=PATIENCE, trust_env=False).status_code != 200:
                time.sleep(0.1)
            yield process.pid, url
        finally:
            process.terminate()


def memory(pid: int, name: str = "VmRSS") -> float:
    """Memory of a process in MB (Linux); NaN where that can't be told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return float("nan")
    return int(re.search(rf"{name}:\s*(\d+) kB", status)[1]) / 1000


async def settle(url: str) -> None:
    """Wait until nobody is spoken to any more."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as http:
        while "\ntacotron_open_requests 0.0" not in (await http.get("/metrics")).text:
            await asyncio.sleep(0.2)


async def load(url: str, clients: int, seconds: float) -> Tally:
    """Let ``clients`` ask for ``seconds``, and wait for what was accepted."""
    tally = Tally()
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(number, url, until, tally) for number in range(clients)))
    await settle(url)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--voice")
    parser.add_argument("options", nargs="*", help="of `tacotron serve`, behind --")
    args = parser.parse_args()
    with server(args.voice, args.options) as (pid, url):
        asyncio.run(load(url, 2, 3.0))  # caches, codecs
        before = memory(pid)
        load_before = os.getloadavg()[0]
        tally = asyncio.run(load(url, args.clients, args.seconds))
        after, peak = memory(pid), memory(pid, "VmHWM")
        speech = httpx.get(f"{url}/metrics", trust_env=False).text
    spoken = sum(
        float(n) for n in re.findall(r"^tacotron_audio_seconds_total\S* (\S+)", speech, re.M)
    )
    cuts = quantiles(tally.first_audio, n=20) if len(tally.first_audio) > 1 else [float("nan")] * 19
    print("| what | measured |")
    print("|---|---|")
    print(f"| clients, seconds | {args.clients}, {args.seconds:g} |")
    print(f"| load of the machine before, its cores | {load_before:.1f}, {os.cpu_count()} |")
    print(f"| requests | {tally.asked} |")
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"| of them {outcome} | {count} |")
    failures = ", ".join(f"{name} {count}" for name, count in tally.failures.items())
    print(f"| failures of what was accepted | {tally.failures.total()} {failures} |")
    print(f"| speech made | {spoken:.0f} s |")
    print(f"| first audio, p50 and p95 | {cuts[9]:.2f} s, {cuts[18]:.2f} s |")
    print(f"| memory before, after, at most | {before:.0f}, {after:.0f}, {peak:.0f} MB |")


if __name__ == "__main__":
    main()
