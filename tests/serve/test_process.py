"""`tacotron serve` as a process: what it prints, what it loads, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tacotron.cli.main import main

HEAVY = ["torch", "scipy", "matplotlib", "lightning", "librosa", "onnx", "safetensors"]


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address; killed where a test fails."""
    command = [sys.executable, "-m", "tacotron.cli.main", "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline()
            yield server, re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        finally:
            if server.poll() is None:
                server.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_end(hum_voice: Path, number: int) -> None:
    """What is being spoken is finished, what is new is refused, and the status is 0."""
    options = ["--workers", "1", "--shutdown-limit", "600", "--time-limit", "600"]
    long = "Hello there, my friend. " * 60
    with (
        process(*options, "--voice", str(hum_voice), "--wyoming", "0") as (server, url),
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(1) as others,
        client.stream("POST", "/v1/audio/speech", json={"input": long}) as answer,
    ):
        parts = answer.iter_bytes()
        received = len(next(parts))
        server.send_signal(number)

        def refused() -> bool:
            while True:
                try:
                    httpx.get(f"{url}/health", trust_env=False)
                except httpx.ConnectError:
                    return True
                except httpx.TransportError:
                    pass  # it had connected as the server stopped listening

        assert others.submit(refused).result(60)
        received += sum(map(len, parts))  # raises where the body has no end
        # 64 kbit/s, and at least half a second a sentence.
        assert received > 60 * 0.5 * 8000
        assert server.wait(60) == 0
        assert "Traceback" not in server.stderr.read()


def test_serving_is_light(hum_voice: Path) -> None:
    """No torch, and nothing else that speaking does without; the package itself loads nothing."""
    code = (
        "import sys, tacotron.serve\n"
        "assert not {'fastapi', 'numpy', 'uvicorn'} & set(sys.modules)\n"
        "from tacotron.serve import Settings, create_app, serve\n"
        "from fastapi.testclient import TestClient\n"
        f"app = create_app(Settings(voices=({str(hum_voice)!r},)))\n"
        "with TestClient(app) as client:\n"
        "    answer = client.post('/v1/audio/speech', json={'input': 'Hello there.'})\n"
        "    assert answer.status_code == 200, answer.text\n"
        f"assert not set({HEAVY!r}) & set(sys.modules), set({HEAVY!r}) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_port_that_is_taken(hum_voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--voice", str(hum_voice), "--port", str(port)]) == 2
    assert f"Could not listen on 127.0.0.1, port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--voice", "nobody"], "no voice 'nobody'"),
        (["--port", "70000"], "no port 70000"),
        (["--host", "256.0.0.1"], "Could not listen on 256.0.0.1"),
        (["--workers", "0"], "--workers 0 is too little"),
        (["--queue", "-1"], "--queue -1 is too little"),
        (["--api-key-file", "/nowhere/key"], "Could not read /nowhere/key"),
    ],
)
def test_mistakes(
    hum_voice: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: str,
) -> None:
    # One voice of ours, so that the shipped ones need not be read.
    voice = [] if "--voice" in arguments else ["--voice", str(hum_voice)]
    assert main(["serve", *voice, *arguments]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


def test_a_voice_that_cannot_speak_ends_the_server(
    make_hum_voice: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than a server that is never ready."""
    silent = make_hum_voice({"encoder.onnx": b"no graph"})
    assert main(["serve", "--voice", str(silent), "--port", "0"]) == 2
    assert "no graph that can run" in capsys.readouterr().err


def test_an_empty_key_is_none(
    hum_voice: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACOTRON_API_KEY", " ")
    assert main(["serve", "--voice", str(hum_voice)]) == 2
    assert "The API key is empty" in capsys.readouterr().err


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("tacotron.serve.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)  # as where it was never installed
    assert main(["serve"]) == 2
    assert "pip install 'tacotron-tts[serve]'" in capsys.readouterr().err


def test_openblas_gets_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert main(["serve", "--workers", "0"]) == 2
    assert os.environ.pop("OPENBLAS_NUM_THREADS") == "1"
