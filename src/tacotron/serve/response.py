"""Speech as an HTTP response: made as it is read, ended when its reader goes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tacotron.errors import TacotronError, TextError
from tacotron.serve.errors import BadRequest, Failed, Refusal, TimeUp
from tacotron.serve.service import Service, Speaking

log = logging.getLogger("tacotron.serve")

# Bytes sent at once. The server's own buffer before a slow reader is as large, so a response holds
# that, one of these and what the last step made.
_SLICE = 64 * 1024


class SpokenResponse(Response):
    """Streams what ``work`` yields, each step computed on a worker.

    Status and headers wait for the first bytes, so whatever is wrong with the text is told as an
    error with its own status. Later errors end the connection without the end of the body, or are
    told in the body where ``tell`` says how.
    """

    def __init__(
        self,
        service: Service,
        speaking: Speaking,
        work: Iterator[bytes],
        *,
        media_type: str,
        headers: dict[str, str] | None = None,
        tell: Callable[[str], bytes] | None = None,
        param: str = "text",
    ) -> None:
        """``param`` is what the protocol calls the text; ``tell`` renders a sentence."""
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        # Proxies would hold a stream back, and what is spoken is nobody else's.
        self.init_headers(
            {"Cache-Control": "no-store", "X-Accel-Buffering": "no"} | (headers or {})
        )
        self._service = service
        self._speaking = speaking
        self._work = work
        self._tell = tell
        self._param = param

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak and send until done, or until the client has gone."""
        scope.setdefault("state", {})["speaking"] = self._speaking
        speaking = asyncio.ensure_future(self._speak(send))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({speaking, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not speaking.done():
                scope["state"]["outcome"] = "the client left"
        finally:
            for task in (speaking, gone):
                task.cancel()
            await asyncio.gather(speaking, gone, return_exceptions=True)
        if not speaking.cancelled():
            scope["state"]["outcome"] = speaking.result()  # or raises what went wrong

    async def _speak(self, send: Send) -> str | None:
        """Return what went wrong after the response had begun; before that, it is raised."""
        started = False
        try:
            async with self._service.pool.accept(self._work, self._speaking.due) as turns:
                async for data in turns:
                    if data and not started:
                        started = True
                        await self._start(send)
                    await self._send(send, data)
        except (TacotronError, Refusal) as error:
            refusal = as_refusal(error, self._param)
            self._service.metrics.refused.labels(refusal.code or type(refusal).__name__).inc()
            if not started:
                raise refusal from error
            if self._tell is None:
                return type(error).__name__  # the connection is closed: the body has no end
            await self._send(send, self._tell(str(refusal)))
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return None

    async def _start(self, send: Send) -> None:
        self._speaking.heard_from = time.monotonic()
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )

    async def _send(self, send: Send, data: bytes) -> None:
        view = memoryview(data)
        for at in range(0, len(view), _SLICE):
            message = {
                "type": "http.response.body",
                "body": bytes(view[at : at + _SLICE]),
                "more_body": True,
            }
            try:
                async with asyncio.timeout(self._service.settings.stall_seconds):
                    await send(message)
            except TimeoutError:
                raise TimeUp("The reader stopped reading.") from None


def as_refusal(error: TacotronError | Refusal, param: str) -> Refusal:
    """What ``error`` means to a client: texts are its own mistake, voices are ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TextError):
        return BadRequest(str(error), param=param)
    log.error("%s: %s", type(error).__name__, error)
    return Failed(str(error))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
