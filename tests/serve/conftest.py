"""Real servers on free ports, in threads of this process, that speak with the hum voice."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from tacotron.audio.convention import get_convention
from tacotron.serve.server import Server, listen
from tacotron.serve.service import Service
from tacotron.serve.settings import Settings
from tacotron.serve.wyoming import WyomingServer
from tacotron.voice import WaveformSettings

PATIENCE = 60.0  # seconds until a test gives up on what must happen


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@dataclass
class Running:
    """A server that runs."""

    service: Service
    server: Server
    port: int
    wyoming_port: int
    thread: threading.Thread
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    wait_until = staticmethod(wait_until)

    @contextmanager
    def held_workers(self) -> Iterator[None]:
        """All workers busy, with work that lasts as long as the block."""
        pool, let_go = self.service.pool, threading.Event()

        async def hold() -> None:
            await asyncio.shield(await pool.start(let_go.wait))

        held = [
            asyncio.run_coroutine_threadsafe(hold(), self.loop)
            for _ in range(self.service.settings.workers)
        ]
        wait_until(lambda: pool.computing == self.service.settings.workers)
        try:
            yield
        finally:
            let_go.set()
            for future in held:
                with suppress(CancelledError):  # where the server has ended meanwhile
                    future.result(PATIENCE)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.service.metrics.text().decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.partition("{")[0].partition(" ")[0] == name
        )


@contextmanager
def running(**settings: object) -> Iterator[Running]:
    """A server with ``settings`` for as long as the block lasts."""
    service = Service(Settings(**settings))
    sockets = [listen("127.0.0.1", 0), listen("127.0.0.1", 0)]
    ports = [each.getsockname()[1] for each in sockets]
    server = Server(service, WyomingServer(service, sockets[1]))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=sockets[:1])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        wait_until(lambda: service.ready or not thread.is_alive())
        yield Running(service, server, *ports, thread, loops[0])
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def waveform_graph(n_mels: int, hop_length: int) -> bytes:
    """A vocoder that sees a frame at a time: a mel [1, n_mels, T] -> audio [1, 1, samples]."""
    from onnx import TensorProto, checker, helper, numpy_helper

    weights = np.random.default_rng(5).standard_normal((n_mels, hop_length)).astype(np.float32)
    constants = {"weights": weights / 200, "flat": np.array([1, 1, -1])}
    make, real = helper.make_node, TensorProto.FLOAT
    body = helper.make_graph(
        [
            make("Transpose", ["mel"], ["frames"], perm=[0, 2, 1]),
            make("MatMul", ["frames", "weights"], ["mixed"]),
            make("Tanh", ["mixed"], ["samples"]),
            make("Reshape", ["samples", "flat"], ["audio"]),
        ],
        "waveform",
        [helper.make_tensor_value_info("mel", real, [1, n_mels, "T"])],
        [helper.make_tensor_value_info("audio", real, [1, 1, "S"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture
def streaming_voice(make_hum_voice: Callable[..., Path]) -> Path:
    """A hum voice whose sentences are heard while they are made."""
    convention = get_convention("nvidia")
    return make_hum_voice(
        {"vocoder.onnx": waveform_graph(convention.n_mels, convention.hop_length)},
        vocoder=WaveformSettings(convention, "time-last", 0),
        postnet_context=0,
    )


@pytest.fixture(scope="module")
def voices(hum_voice: Path) -> Iterator[Path]:
    """The hum voice is the only one there is, but for those that ship."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACOTRON_VOICES", str(hum_voice.parent))
        patch.setenv("XDG_DATA_HOME", str(hum_voice.parent / "none"))
        yield hum_voice.parent


@pytest.fixture(scope="module")
def hum_server(hum_voice: Path, voices: Path) -> Iterator[Running]:
    """A server of the hum voice alone, for tests that leave nothing behind."""
    with running(voices=(str(hum_voice),), workers=2) as server:
        yield server


@pytest.fixture
def start(hum_voice: Path, voices: Path) -> Iterator[Callable[..., Running]]:
    """Starts servers of the hum voice with other settings."""
    with ExitStack() as servers:
        yield lambda **settings: servers.enter_context(
            running(**{"voices": (str(hum_voice),), "workers": 1} | settings)
        )


@pytest.fixture
def client(hum_server: Running) -> Iterator[httpx.Client]:
    """Asks `hum_server`."""
    with httpx.Client(base_url=hum_server.url, timeout=PATIENCE, trust_env=False) as client:
        yield client
