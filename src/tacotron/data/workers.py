"""Work on all cores: making parts, and anything else that recordings need one by one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from tacotron.data.parts import Part, make_part, read_part
from tacotron.data.recording import SoundSettings
from tacotron.errors import CorpusError

#: Each worker has a core of its own, so the libraries under numpy must not start more threads.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_parts(
    parts: Sequence[Part],
    out: Path,
    settings: SoundSettings,
    *,
    workers: int | None = None,
    progress: bool = False,
) -> None:
    """Make those ``parts`` that aren't finished, in ``workers`` processes (default: one a core).

    Raises `CorpusError` where a worker is killed; what is finished is kept.
    """
    from tqdm import tqdm

    missing = [part for part in parts if read_part(part, out) is None]
    total = sum(len(part.recordings) for part in parts)
    done = total - sum(len(part.recordings) for part in missing)
    with tqdm(
        total=total,
        initial=done,
        desc="preparing",
        unit=" recordings",
        file=sys.stderr,
        disable=not progress,
    ) as bar:
        if len(missing) < 2:  # seconds of work: not worth a process's start
            for part in missing:
                make_part(part, out, settings)
                bar.update(len(part.recordings))
            return
        with worker_pool(min(workers or cores(), len(missing))) as pool:
            jobs = {pool.submit(make_part, part, out, settings): part for part in missing}
            for job in as_completed(jobs):
                job.result()
                bar.update(len(jobs[job].recordings))


def cores() -> int:
    """Return how many cores this process may use; not every system lets it be asked."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Start ``workers`` processes; spawned, for forking a process with threads may hang.

    Raises `CorpusError` where one of them is killed.
    """
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start_worker)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise CorpusError(
            "A worker process was killed, perhaps for want of memory: free some and run the same "
            "command again (prepare with fewer --workers); what is done is kept."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process when its parent is gone: a killed parent can't say goodbye."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
