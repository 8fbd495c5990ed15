"""Real servers on free ports, in threads of this process, that speak with the hum voice."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tacotron.serve.server import Server, listen
from tacotron.serve.service import Service
from tacotron.serve.settings import Settings
from tacotron.serve.wyoming import WyomingServer

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
