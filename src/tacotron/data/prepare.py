"""From recordings and texts to a prepared corpus, on all cores, and again after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import scale
from tacotron.data.checks import flags_of_rates, flags_of_sample_rates
from tacotron.data.corpus import (
    CORPUS_FILE,
    EXCLUDED_FILE,
    FORMAT,
    MELS_FILE,
    UTTERANCES_FILE,
    PreparedCorpus,
)
from tacotron.data.parts import PARTS_FOLDER, Part, make_part, plan_parts, read_part
from tacotron.data.readers import Listing, read_listing
from tacotron.data.split import Heldout, heldout_prompts, prompt_key
from tacotron.data.statistics import MelTally, level_statistics, spread
from tacotron.data.utterance import Settings
from tacotron.errors import CorpusError
from tacotron.files import atomic_write
from tacotron.text.frontend import Frontend, get_frontend

#: Each worker has a core of its own, so the libraries under numpy must not start more threads.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare(
    corpus: str | Path,
    out: str | Path,
    *,
    settings: Settings | None = None,
    heldout: Heldout | None = None,
    speaker: str | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> PreparedCorpus:
    """Prepare the recordings listed in ``corpus`` for learning, into the folder ``out``.

    ``corpus`` is a folder or a list, see `tacotron.data.readers`. ``speaker`` names the speaker of
    the utterances whose list doesn't (default: the folder's name). ``workers`` is the number of
    processes (default: one for each core). ``progress`` draws a bar on standard error.

    Killed at any moment, it goes on from there when called again; where settings, texts or
    recordings have changed since, what they touch is done again. Raises `CorpusError` where
    ``corpus`` can't be read, where ``out`` holds something else, or where nothing is usable.
    """
    settings = settings or Settings()
    out = Path(out)
    frontend = get_frontend(settings.frontend, settings.lexicon)
    listing = read_listing(corpus)
    _claim(out, listing)
    parts = plan_parts(listing.entries, settings)
    speaker = speaker or _folder_name(listing)
    heldout = heldout or Heldout()
    fingerprint = _fingerprint(parts, speaker, heldout)
    folder = out / PARTS_FOLDER
    if _is_finished(out, fingerprint):
        shutil.rmtree(folder, ignore_errors=True)
        return PreparedCorpus.open(out)
    # From here on the folder is no corpus, until the last line: recordings are being replaced.
    (out / CORPUS_FILE).unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    (out / "audio").mkdir(exist_ok=True)
    _make_parts(parts, out, settings, frontend, workers=workers, progress=progress)
    header = _merge(parts, out, listing, settings, frontend, speaker=speaker, heldout=heldout)
    with atomic_write(out / CORPUS_FILE) as file:
        file.write(_json(header | {"fingerprint": fingerprint}, indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    return PreparedCorpus.open(out)


def _claim(out: Path, listing: Listing) -> None:
    """Make the output folder, unless it holds something that isn't ours to write into."""
    if out.is_dir() and out.resolve() == listing.source.parent.resolve():
        raise CorpusError(f"{out} holds the recordings: name another folder for what is prepared.")
    ours = (out / CORPUS_FILE).is_file() or (out / PARTS_FOLDER).is_dir()
    if out.exists() and not ours and (not out.is_dir() or any(out.iterdir())):
        raise CorpusError(f"{out} exists and is no prepared corpus: name a new or empty folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CorpusError(f"{out} can't be made ({reason}): name another folder.") from error


def _folder_name(listing: Listing) -> str:
    return listing.source.resolve().parent.name or "speaker"


def _fingerprint(parts: Sequence[Part], speaker: str, heldout: Heldout) -> str:
    content = json.dumps([[part.fingerprint for part in parts], speaker, repr(heldout)])
    return hashlib.sha256(content.encode()).hexdigest()


def _is_finished(out: Path, fingerprint: str) -> bool:
    try:
        header = json.loads((out / CORPUS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.get("fingerprint") == fingerprint


def _make_parts(
    parts: Sequence[Part],
    out: Path,
    settings: Settings,
    frontend: Frontend,
    *,
    workers: int | None,
    progress: bool,
) -> None:
    from tqdm import tqdm

    missing = [part for part in parts if read_part(part, out / PARTS_FOLDER) is None]
    total = sum(len(part.entries) for part in parts)
    done = total - sum(len(part.entries) for part in missing)
    workers = min(workers or _cores(), len(missing))
    with tqdm(
        total=total,
        initial=done,
        desc="preparing",
        unit=" utterances",
        file=sys.stderr,
        disable=not progress,
    ) as bar:
        if workers <= 1:
            for part in missing:
                make_part(part, out, settings=settings, frontend=frontend)
                bar.update(len(part.entries))
            return
        with _pool(workers, out, settings) as pool:
            jobs = {pool.submit(_work, part): part for part in missing}
            for job in as_completed(jobs):
                job.result()
                bar.update(len(jobs[job].entries))


def _cores() -> int:
    """Return how many cores this process may use; not every system lets it be asked."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _pool(workers: int, out: Path, settings: Settings) -> Iterator[ProcessPoolExecutor]:
    """Start processes that prepare parts; spawned, for forking a process with threads may hang."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_worker, initargs=(out, settings)
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        raise CorpusError(
            "A worker process was killed, perhaps for want of memory: run the same command again "
            "with fewer --workers; what is done is kept."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# What a worker process works on: set once by `_start_worker`, so no job has to carry it.
_worker: tuple[Path, Settings, Frontend]


def _start_worker(out: Path, settings: Settings) -> None:
    global _worker
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _worker = out, settings, get_frontend(settings.frontend, settings.lexicon)


def _die_with_parent() -> None:
    """End this process when its parent is gone: a killed parent can't say goodbye."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(part: Part) -> None:
    out, settings, frontend = _worker
    make_part(part, out, settings=settings, frontend=frontend)


def _merge(
    parts: Sequence[Part],
    out: Path,
    listing: Listing,
    settings: Settings,
    frontend: Frontend,
    *,
    speaker: str,
    heldout: Heldout,
) -> dict[str, Any]:
    """Join the parts into the corpus's files, decide what takes all of it, return the header."""
    records: list[dict[str, Any]] = []
    excluded: list[dict[str, Any]] = []
    for part in parts:
        record = read_part(part, out / PARTS_FOLDER)
        if record is None:
            raise CorpusError(f"{out} was changed by someone else: run the same command again.")
        records += record["utterances"]
        excluded += record["excluded"]
    _write_lines(out / EXCLUDED_FILE, excluded)
    if not records:
        raise CorpusError(
            f"None of the {len(excluded)} utterances is usable ({excluded[0]['reason']}, the "
            f"first); {out / EXCLUDED_FILE} has the reason for each."
        )
    speakers = sorted({record["speaker"] or speaker for record in records})
    index = {name: number for number, name in enumerate(speakers)}
    keys = heldout_prompts((record["normalized"] for record in records), heldout)
    offset = 0
    for record in records:
        record["speaker"] = index[record["speaker"] or speaker]
        record["split"] = "heldout" if prompt_key(record["normalized"]) in keys else "train"
        record["offset"] = offset
        offset += record["frames"]
    _flag_together(records)
    _write_lines(out / UTTERANCES_FILE, records)
    tally = _join_mels(parts, out)
    return {
        "format": FORMAT,
        "convention": settings.convention.to_dict(),
        "frontend": settings.frontend,
        "symbols": list(frontend.symbols),
        "speakers": speakers,
        "level_dbfs": settings.level_dbfs,
        "mel": tally.summary(_floor(settings.convention)),
        "utterances": len(records),
        "excluded": len(excluded),
        "listed": len(listing.entries),
        "heldout": {
            "prompts": len(keys),
            "utterances": sum(record["split"] == "heldout" for record in records),
        },
        "frames": offset,
        "seconds": sum(record["seconds"] for record in records),
        "lengths": spread(record["seconds"] for record in records),
        "levels": level_statistics([record["levels"] for record in records]),
        "source": {
            "list": str(listing.source),
            "layout": listing.layout,
            "notes": list(listing.notes),
        },
    }


def _flag_together(records: Sequence[dict[str, Any]]) -> None:
    """Add the flags that only a look at all utterances can give."""
    by_rate = flags_of_rates(
        [len(record["symbols"]) for record in records],
        [record["seconds"] for record in records],
        [record["speaker"] for record in records],
    )
    by_sample_rate = flags_of_sample_rates(
        [int(record["levels"]["source_rate"]) for record in records]
    )
    for record, *flags in zip(records, by_rate, by_sample_rate, strict=True):
        record["flags"] += [flag for flag in flags if flag]


def _join_mels(parts: Sequence[Part], out: Path) -> MelTally:
    tally = MelTally()
    with atomic_write(out / MELS_FILE) as file:
        for part in parts:
            data = part.mels(out / PARTS_FOLDER).read_bytes()
            tally.add(np.frombuffer(data, "<f2"))
            file.write(data)
    return tally


def _floor(convention: MelConvention) -> float:
    """Return the scaled value of a mel without any energy."""
    return float(np.min(scale(np.zeros((1, convention.n_mels), np.float32), convention)))


def _write_lines(path: Path, records: Sequence[dict[str, Any]]) -> None:
    with atomic_write(path) as file:
        file.writelines(_json(record) + b"\n" for record in records)


def _json(value: Any, indent: int | None = None) -> bytes:
    """Return legible JSON; where a path or text isn't Unicode, with JSON's own escapes."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")
