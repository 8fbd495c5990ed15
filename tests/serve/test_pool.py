"""Whose turn it is: real pools, with work that tests begin and end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from tacotron.serve.errors import Busy, Stopping, TimeUp
from tacotron.serve.pool import Pool


def run(test: Callable[[Pool], Awaitable[None]], **settings: float) -> None:
    """Run ``test`` with a pool of one worker, and see that it gave everything back."""

    async def main() -> None:
        pool = Pool(**{"workers": 1, "queue": 10, "open_requests": 20, "seconds": 60} | settings)
        try:
            await test(pool)
            while pool.computing:
                await asyncio.sleep(0.001)
            assert (pool.open, pool.waiting, pool.computing) == (0, 0, 0)
        finally:
            pool.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_who_is_due_first_comes_first() -> None:
    async def test(pool: Pool) -> None:
        let_go, order = threading.Event(), []
        held = await pool.start(let_go.wait)

        async def ask(due: float) -> None:
            await asyncio.shield(await pool.start(lambda: order.append(due), due))

        asking = [asyncio.ensure_future(ask(due)) for due in (5.0, 1.0, 4.0, 1.5)]
        while pool.waiting < 4:
            await asyncio.sleep(0)
        let_go.set()
        await asyncio.gather(held, *asking)
        assert order == [1.0, 1.5, 4.0, 5.0]

    run(test)


@pytest.mark.parametrize("late", [False, True])
def test_who_leaves_the_line_holds_up_nobody(late: bool) -> None:
    """Also in the moment between being called and coming."""

    async def test(pool: Pool) -> None:
        let_go, done = threading.Event(), []
        held = await pool.start(let_go.wait)
        leaving = asyncio.ensure_future(pool.start(lambda: done.append("left"), 1.0))
        staying = asyncio.ensure_future(pool.start(lambda: done.append("stayed"), 2.0))
        while pool.waiting < 2:
            await asyncio.sleep(0)
        if late:
            held.add_done_callback(lambda _: leaving.cancel())
        else:
            leaving.cancel()
        let_go.set()
        await asyncio.shield(await staying)
        assert done == ["stayed"]
        assert leaving.cancelled()

    run(test)


def test_no_more_at_once_than_workers() -> None:
    async def test(pool: Pool) -> None:
        lock, now, most = threading.Lock(), 0, 0

        def step() -> None:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.002)
            with lock:
                now -= 1

        async def ask() -> None:
            async with pool.accept(iter(step, 0)) as turns:
                for _ in range(3):
                    await anext(turns)

        await asyncio.gather(*(ask() for _ in range(10)))
        assert most == 3

    run(test, workers=3)


def test_work_is_closed_when_its_step_has_ended() -> None:
    async def test(pool: Pool) -> None:
        let_go, closed = threading.Event(), threading.Event()

        def work() -> object:
            try:
                let_go.wait()
                yield 1
            finally:
                closed.set()

        async def ask() -> None:
            async with pool.accept(work()) as turns:
                await anext(turns)

        asking = asyncio.ensure_future(ask())
        while not pool.computing:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not closed.is_set()  # a thread can't be interrupted
        let_go.set()
        while not closed.is_set():
            await asyncio.sleep(0.001)

    run(test)


def test_what_goes_wrong_in_a_step_is_raised() -> None:
    async def test(pool: Pool) -> None:
        def work() -> object:
            yield 1
            raise ValueError("told")

        async with pool.accept(work()) as turns:
            assert await anext(turns) == 1
            with pytest.raises(ValueError, match="told"):
                await anext(turns)

    run(test)


def test_refusals() -> None:
    async def test(pool: Pool) -> None:
        let_go = threading.Event()
        held = await pool.start(let_go.wait)
        with pytest.raises(Busy):
            async with pool.accept(iter([1])):
                pass
        let_go.set()
        await held
        async with pool.accept(iter([1])) as turns:
            assert [item async for item in turns] == [1]
        pool.stop()
        with pytest.raises(Stopping):
            async with pool.accept(iter([1])):
                pass

    run(test, queue=0)


def test_time_until_a_step_is_due_does_not_count() -> None:
    async def test(pool: Pool) -> None:
        let_go, began = threading.Event(), time.monotonic()
        held = await pool.start(let_go.wait)
        asyncio.get_running_loop().call_later(0.8, let_go.set)
        async with pool.accept(iter([1]), lambda: began + 0.6) as turns:
            assert await anext(turns) == 1
        await held
        let_go.clear()
        held = await pool.start(let_go.wait)
        began = time.monotonic()
        async with pool.accept(iter([1]), lambda: began + 0.6) as turns:
            with pytest.raises(TimeUp):
                await anext(turns)
        assert time.monotonic() - began > 1
        let_go.set()
        await held

    run(test, seconds=0.5)


def test_the_readers_own_time_does_not_count() -> None:
    async def test(pool: Pool) -> None:
        async with pool.accept(iter([1, 2])) as turns:
            await anext(turns)
            await asyncio.sleep(0.6)
            assert await anext(turns) == 2
        let_go = threading.Event()
        held = await pool.start(let_go.wait)
        async with pool.accept(iter([1])) as turns:
            with pytest.raises(TimeUp):
                await anext(turns)
        let_go.set()
        await held

    run(test, seconds=0.5)
