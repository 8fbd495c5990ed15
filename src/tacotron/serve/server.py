"""The process: its sockets, its voice warmed up, and its end, which cuts nobody off."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import ExitStack
from ipaddress import ip_address
from types import FrameType

import uvicorn

from tacotron.errors import TacotronError
from tacotron.serve.app import create_app
from tacotron.serve.service import Service
from tacotron.serve.settings import Settings
from tacotron.serve.wyoming import WyomingServer

log = logging.getLogger("tacotron.serve")

_LOOK_SECONDS = 0.1  # between two looks whether a second signal came
_HIGHEST_PORT = 65_535
_BACKLOG = 128  # connections that the system holds before they are taken


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is being spoken; a second one ends at once.

    Prints the address once it is listened on. Raises `VoiceError` where a voice can't be loaded and
    `TacotronError` where an address can't be listened on.
    """
    service = Service(settings)
    with ExitStack() as stack:
        http = stack.enter_context(listen(settings.host, settings.port))
        wyoming = None
        if settings.wyoming_port is not None:
            listening = stack.enter_context(listen(settings.host, settings.wyoming_port))
            wyoming = WyomingServer(service, listening)
        if settings.api_key is None and not _is_loopback(http):
            log.warning("whoever reaches this address can use it: see --api-key-file")
        server = Server(service, wyoming)
        server.run(sockets=[http])
    if server.failure is not None:
        raise server.failure


class Server(uvicorn.Server):
    """uvicorn's, with Wyoming beside HTTP and a word with the service when it ends."""

    def __init__(self, service: Service, wyoming: WyomingServer | None) -> None:
        settings = service.settings
        config = uvicorn.Config(
            create_app(service=service),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,  # whose lines hold the query, and so the text
            server_header=False,
            timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
            backlog=_BACKLOG,
        )
        super().__init__(config)
        self._service = service
        self._wyoming = wyoming
        self.failure: TacotronError | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        print(f"Tacotron speaks at {_address('http', sockets[0])} (Ctrl+C ends it)", flush=True)
        if self._wyoming is not None:
            await self._wyoming.start()
            print(f"Wyoming: {_address('tcp', self._wyoming.listening)}", flush=True)
        warming = self._service.warming
        assert warming is not None  # the lifespan began it
        warming.add_done_callback(self._warmed)

    def _warmed(self, warming: asyncio.Future[None]) -> None:
        if warming.cancelled():
            return
        error = warming.exception()
        if error is None:
            log.info("warmed up: %s", self._service.shelf.default.name)
        elif isinstance(error, TacotronError):
            self.failure = error
            self.should_exit = True
        else:
            raise error

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.pool.stop()
        log.info("shutting down: %d requests to finish", self._service.pool.open)
        for server in self.servers:
            server.close()
        if self._wyoming is not None:  # before the application, whose end takes the workers away
            stopping = asyncio.ensure_future(self._wyoming.stop())
            while not stopping.done() and not self.force_exit:
                await asyncio.wait({stopping}, timeout=_LOOK_SECONDS)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Unlike uvicorn's, doesn't raise the signal again when all is done: that end is a good
        one, with status 0."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port`` (0: a free one).

    Raises `TacotronError` where that can't be.
    """
    if not 0 <= port <= _HIGHEST_PORT:
        raise TacotronError(f"There is no port {port}: choose one from 0 to {_HIGHEST_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TacotronError(
            f"Could not listen on {host}, port {port} ({reason}): choose another --port or --host."
        ) from error


def _is_loopback(listening: socket.socket) -> bool:
    return ip_address(listening.getsockname()[0]).is_loopback


def _address(scheme: str, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
