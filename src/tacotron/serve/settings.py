"""What a server is told at its start."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

DEFAULT_PORT = 9000  # of the demo server of keithito/tacotron


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """What a server is told at its start; the defaults suit one household on one machine."""

    voices: tuple[str, ...] = ()  # names or files, the first the default; none: all there are
    host: str = "127.0.0.1"  # address to listen on; 0.0.0.0 is every one of the machine
    port: int = DEFAULT_PORT  # of HTTP; 0 takes a free one
    wyoming_port: int | None = None  # of the Wyoming protocol; None: not spoken
    workers: int = field(default_factory=_cores)  # sentences that are computed at once
    queue: int = 64  # requests that may wait for a worker; beyond it 503
    open_requests: int = 256  # accepted and not yet read to their end; beyond it 503
    characters: int = 5000  # of a request's text; beyond it 413
    seconds: float = 120.0  # that a request's listener may wait in all, with nothing to hear
    stall_seconds: float = 120.0  # that a reader may leave what is ready for it unread
    shutdown_seconds: float = 60.0  # that a shutdown waits for what is being spoken
    api_key: str | None = None  # asked of every request but for health and readiness
    cors: tuple[str, ...] = ()  # origins whose pages may use the API; "*" is all
    log_text: bool = False  # put what is spoken into the log
