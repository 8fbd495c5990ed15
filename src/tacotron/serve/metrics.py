"""What a server counts, for Prometheus to ask for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tacotron.serve.pool import Pool

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # of the text format below

# Seconds; from a short sentence on a fast machine to a long text on a slow one.
_SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 120)
_FACTORS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2)


class Metrics:
    """One server's figures, in a registry of their own."""

    def __init__(self, pool: Pool) -> None:
        """``pool`` is asked for its queue whenever the figures are read."""
        self._registry = CollectorRegistry()
        of = {"registry": self._registry}
        self.requests = Counter(
            "tacotron_requests", "Requests answered.", ("route", "method", "status"), **of
        )
        self.request_seconds = Histogram(
            "tacotron_request_seconds",
            "From a request to the end of its answer, readers' slowness included.",
            ("route",),
            buckets=_SECONDS,
            **of,
        )
        self.first_audio_seconds = Histogram(
            "tacotron_first_audio_seconds",
            "From a request to its first audio, the queue included.",
            buckets=_SECONDS,
            **of,
        )
        self.audio_seconds = Counter("tacotron_audio_seconds", "Speech made.", ("voice",), **of)
        self.computing_seconds = Counter(
            "tacotron_computing_seconds", "Time of a worker spent on it.", ("voice",), **of
        )
        self.real_time_factor = Histogram(
            "tacotron_real_time_factor",
            "Seconds of computing a second of speech, a request.",
            buckets=_FACTORS,
            **of,
        )
        self.refused = Counter(
            "tacotron_refused", "Requests to speak that were refused or ended.", ("reason",), **of
        )
        for name, help, value in (
            ("tacotron_queue", "Requests that wait for a worker.", lambda: pool.waiting),
            ("tacotron_computing", "Workers at work.", lambda: pool.computing),
            ("tacotron_open_requests", "Requests being answered.", lambda: pool.open),
        ):
            Gauge(name, help, **of).set_function(value)

    def text(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self._registry)
