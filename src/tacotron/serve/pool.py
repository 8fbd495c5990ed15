"""Who computes, and when: accepted requests take turns at a few threads, a sentence at a time.

A request's work is an iterator. Each of its steps (a sentence or part of one, computed and encoded)
waits for a free worker, holds it for that step alone, and gives it back before the result is sent.
So a slow reader holds nothing but what its last step gave, and work whose reader has gone is never
begun again.

Next comes whoever would first have nothing to hear (earliest deadline first; Liu and Layland, "Hard
real-time environment", JACM 1973): a new request before one whose listener still has seconds to
play, and, when there is more to do than time, one that was begun before newer ones.

All of it runs on the event loop but for the steps themselves, so nothing needs a lock.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from tacotron.serve.errors import Busy, Stopping, TimeUp

T = TypeVar("T")

_END = object()
_SMOOTHING = 0.2  # of the mean time that a step takes: about its last five
_LONGEST_RETRY = 60  # seconds


class Pool:
    """Threads that compute, and the line before them. Used from one event loop."""

    def __init__(self, *, workers: int, queue: int, open_requests: int, seconds: float) -> None:
        """See `tacotron.serve.settings.Settings` for what the numbers mean."""
        self._workers = workers
        self._queue = queue
        self._most_open = open_requests
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="speaking")
        # Those that wait: when their audio is due, their number, and what wakes them.
        self._line: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._step_seconds = 0.2  # a running mean, from a guess
        self.open = 0  # requests accepted and not finished
        self.waiting = 0  # of them, those that wait for a worker
        self.computing = 0  # of them, those that have one
        self.stopping = False

    @asynccontextmanager
    async def accept(
        self, work: Iterator[T], due: Callable[[], float] = time.monotonic
    ) -> AsyncIterator[Turns[T]]:
        """Let a request in for as long as the block lasts: its ``work``, step by step.

        ``due`` tells when its next step is due, in seconds of `time.monotonic`. The work is closed
        with the block. Raises `Busy` and `Stopping`.
        """
        if self.stopping:
            raise Stopping()
        line_full = self.computing >= self._workers and self.waiting >= self._queue
        if line_full or self.open >= self._most_open:
            raise Busy("The server is busy: try again later.", retry_after=self._retry_after())
        self.open += 1
        turns = Turns(self, work, due, self._seconds)
        try:
            yield turns
        finally:
            self.open -= 1
            turns.abandon()

    def stop(self) -> None:
        """Refuse whatever is new; what was accepted goes on."""
        self.stopping = True

    def close(self) -> None:
        """Let the threads end."""
        self.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def start(
        self, step: Callable[[], T], due: float = 0.0
    ) -> asyncio.Future[tuple[T, float]]:
        """Wait for a worker and set it to ``step``: the result, and the seconds it took.

        Of those that wait, the one that is ``due`` first (`time.monotonic`) comes first. Await the
        future through `asyncio.shield`. The worker is held until the step ends, whoever still waits
        for it: a thread can't be interrupted.
        """
        loop = asyncio.get_running_loop()
        await self._stand_in_line(loop.create_future(), due)
        future = loop.run_in_executor(self._executor, _timed, step)
        future.add_done_callback(self._give_back)
        return future

    async def _stand_in_line(self, turn: asyncio.Future[None], due: float) -> None:
        """Wait until a worker is free, and take it."""
        heapq.heappush(self._line, (due, next(self._numbers), turn))
        self.waiting += 1
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came too late: the worker is another's
                self.computing -= 1
                self._wake()
            raise
        finally:
            self.waiting -= 1

    def _wake(self) -> None:
        """Give free workers to those who wait for them."""
        while self._line and self.computing < self._workers:
            turn = heapq.heappop(self._line)[2]
            if not turn.done():  # whoever left stands in line until here
                self.computing += 1
                turn.set_result(None)

    def _give_back(self, future: asyncio.Future[tuple[object, float]]) -> None:
        self.computing -= 1
        self._wake()
        # Asking for the exception also tells asyncio that an abandoned step's is known.
        if not future.cancelled() and future.exception() is None:
            seconds = future.result()[1]
            self._step_seconds += _SMOOTHING * (seconds - self._step_seconds)

    def _retry_after(self) -> int:
        """Seconds until the line that stands now has had a turn each."""
        line = (self.waiting + 1) * self._step_seconds / self._workers
        return min(max(1, math.ceil(line)), _LONGEST_RETRY)


class Turns(AsyncIterator[T]):
    """The steps of one accepted request, each computed on a worker; `Pool.accept` makes it.

    Raises `TimeUp` where its listener had to wait longer in all than a request may: time until a
    step is due costs nothing, and neither does the reader's own.
    """

    def __init__(
        self, pool: Pool, work: Iterator[T], due: Callable[[], float], seconds: float
    ) -> None:
        self._pool = pool
        self._work = work
        self._due = due
        self._left = seconds
        self._step: asyncio.Future[tuple[T, float]] | None = None
        self.computed = 0.0  # seconds of a worker

    async def __anext__(self) -> T:
        began, due = time.monotonic(), self._due()
        ahead = max(0.0, due - began)
        try:
            async with asyncio.timeout(ahead + self._left):
                self._step = await self._pool.start(lambda: next(self._work, _END), due)
                item, seconds = await asyncio.shield(self._step)
        except TimeoutError:
            raise TimeUp("The request took longer than it may: ask for less at once.") from None
        self._left -= max(0.0, time.monotonic() - began - ahead)
        self.computed += seconds
        if item is _END:
            raise StopAsyncIteration
        return item

    def abandon(self) -> None:
        """Begin no further step, and let the work clean up behind itself."""
        close = getattr(self._work, "close", None)
        if close is None:
            return
        if self._step is not None and not self._step.done():
            self._step.add_done_callback(lambda _: close())
        else:
            close()


def _timed(step: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return step(), time.perf_counter() - began
